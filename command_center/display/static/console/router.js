// @ts-check
// Which page is shown, by the address: /console#/PAGE/REST.

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("./page.js").Changed} Changed */

/**
 * What an address's hash names.
 * @param {string} hash "#/alarms/x%2Fy"
 * @returns {{id: string, rest: string[]}} "" where it names none
 */
export function placeOf(hash) {
  const [id = "", ...rest] = hash.replace(/^#?\/?/, "").split("/").map(decoded);
  return { id, rest: rest.filter((part) => part !== "") };
}

/**
 * The hash that names a place.
 * @param {string} id
 * @param {readonly string[]} rest
 */
export const hashOf = (id, rest = []) => `#/${[id, ...rest].map(encodeURIComponent).join("/")}`;

/** @param {string} part what somebody typed need not be well formed */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}

/** Everything has changed. @type {Changed} */
export const ALL = {
  sensors: true, rows: true, alarms: true, waves: true, duties: true, status: true,
  language: true, second: true, city: true, me: true, place: true,
};
/** @type {Changed} */
const NOTHING = {
  sensors: false, rows: false, alarms: false, waves: false, duties: false, status: false,
  language: false, second: false, city: false, me: false, place: false,
};

export class Router {
  /** @type {Page|null} */
  page = null;
  /** @type {string[]} */
  rest = [];
  /** @type {import("./page.js").Mounted|null} */
  #mounted = null;
  #changed = { ...NOTHING };

  /**
   * @param {readonly Page[]} pages
   * @param {HTMLElement} root
   * @param {import("./page.js").Context} context
   * @param {() => void} onPage called where another page is shown
   */
  constructor(pages, root, context, onPage) {
    this.pages = pages;
    this.root = root;
    this.context = context;
    this.onPage = onPage;
  }

  start() {
    addEventListener("hashchange", () => this.#follow());
    this.#follow();
  }

  /** The keys of the page shown. @returns {[string, string][]} */
  keys() {
    return this.#mounted?.keys?.() ?? [];
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    return this.#mounted?.key?.(event) ?? false;
  }

  /**
   * Notes what has changed; the page hears of it when it is drawn.
   * @param {Partial<Changed>} changed
   */
  note(changed) {
    for (const [name, is] of Object.entries(changed)) if (is) this.#changed[/** @type {keyof Changed} */ (name)] = true;
  }

  draw() {
    const changed = this.#changed;
    this.#changed = { ...NOTHING };
    this.#mounted?.update(changed);
  }

  #follow() {
    const { id, rest } = placeOf(location.hash);
    const page = this.pages.find((one) => one.id === id) ?? this.pages[0];
    this.rest = page.id === id ? rest : [];
    if (page === this.page) {
      this.note({ place: true });
      this.context.update();
      return;
    }
    this.#mounted?.unmount();
    this.root.replaceChildren();
    this.page = page;
    this.#mounted = page.mount(this.root, this.context);
    this.note(ALL);
    this.onPage();
    this.context.update();
  }
}
