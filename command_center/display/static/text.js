// @ts-check
// All words on the screen, from text/id.json and text/en.json, switched in place.

/** @typedef {import("./types.js").Bilingual} Bilingual */
/** @typedef {"id"|"en"} Language */

const STORED = "siaga.language";
/** @type {readonly Language[]} */
export const LANGUAGES = ["id", "en"];

/** @type {Record<string, Record<string, string>>} */
const texts = {};
/** @type {Language} */
let current = remembered();
/** @type {(() => void)[]} */
const listeners = [];

/** @returns {Language} */
function remembered() {
  try {
    return localStorage.getItem(STORED) === "en" ? "en" : "id";
  } catch (error) {
    // A browser that keeps nothing (private mode, locked kiosk) starts in Indonesian each time.
    if (error instanceof DOMException) return "id";
    throw error;
  }
}

/** Loads both languages; raises when one cannot be had. */
export async function loadTexts() {
  await Promise.all(
    LANGUAGES.map(async (code) => {
      const response = await fetch(new URL(`./text/${code}.json`, import.meta.url));
      if (!response.ok) throw new Error(`text/${code}.json: HTTP ${response.status}`);
      texts[code] = await response.json();
    }),
  );
  document.documentElement.lang = current;
}

/** @returns {Language} */
export function language() {
  return current;
}

/**
 * @param {Language} code
 */
export function setLanguage(code) {
  current = code;
  document.documentElement.lang = code;
  try {
    localStorage.setItem(STORED, code);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  for (const listener of listeners) listener();
}

/**
 * Calls back whenever the language has changed.
 * @param {() => void} listener
 */
export function onLanguage(listener) {
  listeners.push(listener);
}

/**
 * The text under a key, with {name} replaced, and {name|one|several} by the word that goes with it; a key that is missing shows itself in brackets.
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = texts[current]?.[key];
  if (text === undefined) return `[${key}]`;
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g, (_, name, one, several) => {
    const value = String(values[name] ?? "");
    return one === undefined ? value : value === "1" ? one : several;
  });
}

/**
 * The current language's half of a text that the city or an alarm brings along.
 * @param {Bilingual|string|null|undefined} text
 * @returns {string}
 */
export function pick(text) {
  if (!text) return "";
  if (typeof text === "string") return text;
  return text[current] || text.id || text.en || "";
}

/** Fills every element of index.html that names its text. */
export function fillStatic() {
  for (const node of document.querySelectorAll("[data-text]")) {
    if (node instanceof HTMLElement) node.textContent = t(node.dataset.text ?? "");
  }
  for (const node of document.querySelectorAll("[data-label]")) {
    if (node instanceof HTMLElement) node.setAttribute("aria-label", t(node.dataset.label ?? ""));
  }
}
