// @ts-check
// The wall's few symbols, drawn as SVG: a shape for each kind of station, another for each severity.  Shape and text
// say what colour says, for those who see no colour.

import { el, svg } from "./dom.js";

/** Outlines in a box from -10 to 10. @type {Record<string, string>} */
const KIND = {
  river: "M-9,-7 L9,-7 L0,9 Z",
  weir: "M-8,-8 H8 V8 H-8 Z",
  rain: "M0,-10 C3,-4 7,-1 7,3 A7,7 0 0 1 -7,3 C-7,-1 -3,-4 0,-10 Z",
  air: "M-8.5,0 A8.5,8.5 0 1 1 8.5,0 A8.5,8.5 0 1 1 -8.5,0 Z",
  road: "M0,-10 L10,0 L0,10 L-10,0 Z",
};

/** @type {Record<number, string>} */
const SEVERITY = {
  4: "M-4,-10 H4 L10,-4 V4 L4,10 H-4 L-10,4 V-4 Z",
  3: "M0,-9 L10,8 H-10 Z",
  2: "M0,-10 L10,0 L0,10 L-10,0 Z",
  1: "M-8,0 A8,8 0 1 1 8,0 A8,8 0 1 1 -8,0 Z",
};

/**
 * The symbol of a station; style.css fills it after data-standing of an element around it.
 * @param {string} kind
 * @returns {SVGElement}
 */
export function stationSymbol(kind) {
  return svg(
    "svg",
    { class: "symbol", viewBox: "-12 -12 24 24", "aria-hidden": "true" },
    svg("path", { class: "symbol-shape", d: KIND[kind] ?? KIND.air }),
    svg("path", { class: "symbol-slash", d: "M-10,10 L10,-10" }),
  );
}

/** An arrow upwards; the style sheet turns it round where data-trend of an element around it says "down". */
export function trendSymbol() {
  return svg("svg", { class: "trend", viewBox: "-10 -10 20 20", "aria-hidden": "true" }, svg("path", { d: "M0,-8 L9,7 H-9 Z" }));
}

/**
 * The symbol of what is not certain: "!" = go and look, "?" = it could be.
 * @param {"!"|"?"} mark
 * @returns {SVGElement}
 */
export function doubtSymbol(mark) {
  const outline = mark === "!" ? "M0,-10 L11,9 H-11 Z" : "M-10,0 A10,10 0 1 1 10,0 A10,10 0 1 1 -10,0 Z";
  const sign = svg("text", { y: mark === "!" ? 6.5 : 5, "text-anchor": "middle" });
  sign.textContent = mark;
  return svg("svg", { class: "doubt", viewBox: "-12 -12 24 24", "aria-hidden": "true" }, svg("path", { d: outline }), sign);
}

/**
 * The symbol of a severity, 1 to 4.
 * @param {number} severity
 * @returns {SVGElement}
 */
export function severitySymbol(severity) {
  return svg(
    "svg",
    { class: "severity", viewBox: "-12 -12 24 24", "aria-hidden": "true" },
    svg("path", { d: SEVERITY[severity] ?? SEVERITY[1] }),
  );
}

/**
 * A kind of station as a legend shows it.
 * @param {string} kind
 * @param {string} standing
 * @param {string} name
 * @returns {HTMLElement}
 */
export function legendEntry(kind, standing, name) {
  const node = el("span", "legend-entry");
  node.dataset.standing = standing;
  node.append(stationSymbol(kind), ` ${name}`);
  return node;
}
