// @ts-check
// What the pages of the office share: an answer of the server with its age, drawn anew only where it is another one.

import { ApiError } from "../api.js";
import { now } from "../clock.js";
import { el, setData, setText } from "../dom.js";
import { clockTime, zoneLabel } from "../format.js";
import { t } from "../text.js";
import { roleWord } from "./session.js";

/** @typedef {import("./page.js").Context} Context */

/**
 * Part of a page that is asked for again and again.
 * @template T
 */
export class Loaded {
  /** @type {T|null} */
  data = null;
  #said = "";
  #error = "";
  /** When it was answered, by the page's own clock; the server's is not known before its first frame. */
  #answered_ms = Number.NaN;
  #seconds = 0;
  #asking = false;
  #again = false;
  /** Which place the data are of. */
  #place = "";
  #hadClock = false;
  #gone = false;

  /**
   * @param {HTMLElement} root
   * @param {Context} context
   * @param {object} how
   * @param {() => Promise<T>} how.load
   * @param {(data: T, body: HTMLElement) => (Node|string)[]} how.draw the whole of it
   * @param {number} how.every_s
   * @param {import("./page.js").Role} [how.least] the role that it takes; without it nothing is asked
   */
  constructor(root, context, how) {
    this.context = context;
    this.how = how;
    this.body = el("div", "loaded");
    this.state = el("p", "loaded-state");
    this.state.setAttribute("role", "status");
    root.append(this.state, this.body);
  }

  /** @param {import("./page.js").Changed} changed */
  update(changed) {
    if (changed.second) this.#seconds += 1;
    // What stands there yet is another's: no button of it may be pressed.
    if (changed.place) this.body.inert = this.data !== null && this.#place !== location.hash;
    if (changed.me || changed.place || (this.#seconds >= this.how.every_s && !this.#asking)) void this.load();
    const hasClock = Number.isFinite(now());
    if (changed.language || changed.city || hasClock !== this.#hadClock) this.draw();
    this.#drawState();
  }

  /**
   * Asks now; an answer that comes after the page has gone is dropped.  So is one that was asked for before an act, or
   * for another place: it is asked for again as soon as it is there.
   * @returns {Promise<void>}
   */
  async load() {
    if (!this.#may()) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    this.#again = false;
    this.#seconds = 0;
    try {
      const place = location.hash;
      const data = await this.#ask();
      if (data !== null && !this.#gone && !this.#again) this.#take(data, place);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error.message;
    } finally {
      this.#asking = false;
      this.#drawState();
    }
    if (this.#again && !this.#gone) await this.load();
  }

  /** @param {T} data @param {string} place */
  #take(data, place) {
    this.#place = place;
    this.body.inert = place !== location.hash;
    const said = JSON.stringify(data);
    this.data = data;
    this.#answered_ms = performance.now();
    this.#error = "";
    if (said === this.#said) return;
    this.#said = said;
    this.draw();
  }

  /** Who may read without a login is not asked for one. */
  async #ask() {
    try {
      return await this.how.load();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return this.context.as(this.how.load);
    }
  }

  /** Draws all of it; who has the focus on something with the same `data-focus` keeps it. */
  draw() {
    if (this.data === null || this.#gone || !this.#may()) return;
    this.#hadClock = Number.isFinite(now());
    const held = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.focus : undefined;
    this.body.replaceChildren(...this.how.draw(this.data, this.body));
    if (held === undefined) return;
    const again = [...this.body.querySelectorAll("[data-focus]")].find((one) => one instanceof HTMLElement && one.dataset.focus === held);
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  }

  unmount() {
    this.#gone = true;
  }

  #may() {
    return this.how.least === undefined || this.context.may(this.how.least);
  }

  #drawState() {
    if (!this.#may()) {
      this.body.replaceChildren();
      this.#said = "";
      setText(this.state, t("loaded.needsRole", { role: roleWord(this.how.least ?? "") }));
      return;
    }
    const at = `${clockTime(now() - (performance.now() - this.#answered_ms), true)} ${zoneLabel()}`;
    const known = this.data !== null;
    setData(this.state, "look", this.#error ? "fault" : "");
    if (!this.#error) setText(this.state, known ? t("loaded.at", { time: at }) : t("loaded.waiting"));
    else setText(this.state, known ? t("loaded.old", { time: at, why: this.#error }) : t("loaded.none", { why: this.#error }));
  }
}

/**
 * A table with a heading in each column.
 * @param {string} caption read by a screen reader, and shown above
 * @param {string[]} head
 * @param {(Node|string)[][]} rows
 * @param {string} empty said where there is no row
 * @returns {HTMLElement}
 */
export function table(caption, head, rows, empty) {
  const part = el("section", "office-part");
  const title = el("h3", "", caption);
  if (rows.length === 0) {
    part.append(title, el("p", "office-none", empty));
    return part;
  }
  const node = el("table", "office-table");
  const name = el("caption");
  name.append(title);
  const top = el("tr");
  for (const words of head) {
    const cell = el("th", "", words);
    cell.scope = "col";
    top.append(cell);
  }
  const thead = el("thead");
  thead.append(top);
  const body = el("tbody");
  for (const row of rows) {
    const line = el("tr");
    for (const value of row) {
      const cell = el("td");
      cell.append(value);
      line.append(cell);
    }
    body.append(line);
  }
  node.append(name, thead, body);
  const scroll = el("div", "office-scroll");
  scroll.append(node);
  part.append(scroll);
  return part;
}

/**
 * A button that keeps the focus over a redraw.
 * @param {string} words
 * @param {string} focus a name that is the same after the redraw
 * @param {() => unknown} act
 * @param {string} [look]
 */
export function button(words, focus, act, look = "") {
  const node = el("button", look, words);
  node.type = "button";
  node.dataset.focus = focus;
  node.addEventListener("click", () => void act());
  return node;
}

/** Who it is, and under it the id or the address.  @param {string} name @param {string} id */
export function named(name, id) {
  const node = el("span", "", `${name} `);
  node.append(el("small", "office-quiet", id));
  return node;
}

/** A word with a look: good, bad, warn or none.  @param {string} words @param {string} look */
export function mark(words, look) {
  const node = el("span", "office-mark", words);
  setData(node, "look", look);
  return node;
}

/** @param {string} words @param {string} href @param {boolean} [isFile] */
export function link(words, href, isFile = false) {
  const node = el("a", "", words);
  node.href = href;
  if (isFile) node.download = "";
  else node.target = "_blank";
  return node;
}
