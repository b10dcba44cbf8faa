// @ts-check
// How this city names and colours its levels.

import { pick, t } from "./text.js";

/** @typedef {import("./types.js").City} City */

/**
 * A level's name; "silent" is ours, the others are the city's.
 * @param {City} city
 * @param {string} level
 * @returns {string}
 */
export function levelName(city, level) {
  if (level === "silent") return t("level.silent");
  return pick(city.levels[level]?.name) || level;
}

/**
 * A level's colour, "" for one without.
 * @param {City} city
 * @param {string} level
 * @returns {string}
 */
export function levelColour(city, level) {
  const colour = city.levels[level]?.colour ?? "";
  return /^#[0-9a-f]{6}$/i.test(colour) ? colour : "";
}

/**
 * Black or white, whichever stands out from the colour (WCAG relative luminance).
 * @param {string} colour "#rrggbb"
 * @returns {string}
 */
export function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

/**
 * Gives an element the level's colour, as custom properties for the style sheet; takes them away for no level.
 * @param {HTMLElement} node
 * @param {City} city
 * @param {string} level
 */
export function paintLevel(node, city, level) {
  const colour = level ? levelColour(city, level) : "";
  if (node.style.getPropertyValue("--level") === colour) return;
  node.style.setProperty("--level", colour);
  node.style.setProperty("--level-ink", colour && inkOn(colour));
}
