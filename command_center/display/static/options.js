// @ts-check
// What the address of a wall says of it: /?screen=ruang-utama&theme=dark&lang=id&rotate=30.  A kiosk has no hands to set it.

/** @typedef {import("./theme.js").Theme} Theme */

/** So long each panel stands while nothing is wrong. */
export const ROTATE_S = 30;
const LEAST_ROTATE_S = 1;

/**
 * @typedef {object} Options
 * @property {string} screen the screen's name, "" = nobody relies on it
 * @property {Theme|""} theme @property {"id"|"en"|""} language "" = as it was chosen here last
 * @property {number} rotate_s 0 = the panels stay
 */

/**
 * @param {string} query "?screen=…"
 * @returns {Options}
 */
export function readOptions(query) {
  const given = new URLSearchParams(query);
  const theme = given.get("theme");
  const language = given.get("lang");
  return {
    screen: (given.get("screen") ?? "").trim().slice(0, 64),
    theme: theme === "dark" || theme === "light" || theme === "auto" ? theme : "",
    language: language === "id" || language === "en" ? language : "",
    rotate_s: seconds(given.get("rotate")),
  };
}

/** @param {string|null} text */
function seconds(text) {
  const given = text === null || text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(given) || given < 0) return ROTATE_S;
  return given === 0 ? 0 : Math.max(given, LEAST_ROTATE_S);
}
