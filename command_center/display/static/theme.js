// @ts-check
// Dark room, light room, or as the system says.  The style sheets know both; here is only which one.

/** @typedef {"auto"|"dark"|"light"} Theme */

const STORED = "siaga.theme";
/** @type {readonly Theme[]} */
const THEMES = ["auto", "dark", "light"];
/** @type {(() => void)[]} */
const listeners = [];
/** @type {Theme} */
let current = "auto";

/** @returns {Theme} */
function remembered() {
  try {
    const stored = localStorage.getItem(STORED);
    return THEMES.find((theme) => theme === stored) ?? "auto";
  } catch (error) {
    if (error instanceof DOMException) return "auto"; // a browser that keeps nothing
    throw error;
  }
}

/**
 * At the start of the page.
 * @param {Theme|""} asked by the address; "" = as it was chosen here last
 */
export function startTheme(asked) {
  apply(asked || remembered());
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => {
    if (current === "auto") for (const listener of listeners) listener();
  });
}

/** @returns {Theme} */
export const theme = () => current;

/** The next one, remembered in this browser. */
export function nextTheme() {
  apply(THEMES[(THEMES.indexOf(current) + 1) % THEMES.length]);
  try {
    localStorage.setItem(STORED, current);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/**
 * Calls back whenever the colours have changed: what is drawn on a canvas must be drawn anew.
 * @param {() => void} listener
 */
export function onTheme(listener) {
  listeners.push(listener);
}

/** @param {Theme} wanted */
function apply(wanted) {
  current = wanted;
  document.documentElement.dataset.theme = wanted;
  for (const listener of listeners) listener();
}
