// @ts-check
// Groups of stations in two columns of about the same height.  The browser's own columns would be balanced anew, and with
// them the whole panel laid out, for every age that changes.

import { el } from "./dom.js";

/**
 * @typedef {object} Group
 * @property {string} key @property {string} title @property {HTMLElement[]} stations @property {HTMLElement} foot
 */

/** So many lines a title takes. */
const TITLE_LINES = 1.2;

/**
 * @param {Group[]} groups in their order; one that the middle falls into is continued in the second column
 * @returns {HTMLElement}
 */
export function inColumns(groups) {
  const pieces = groups.flatMap(({ stations }) =>
    stations.map((station, k) => linesOf(station) + (k === 0 ? TITLE_LINES : 0)),
  );
  let left = firstOf(pieces);
  const columns = [el("div", "station-column"), el("div", "station-column")];
  for (const { key, title, stations, foot } of groups) {
    const here = Math.max(0, Math.min(left, stations.length));
    left -= stations.length;
    const parts = [stations.slice(0, here), stations.slice(here)];
    parts.forEach((part, column) => {
      if (part.length === 0) return;
      const node = el("section", "group");
      node.dataset.group = key;
      const list = el("ol");
      list.append(...part);
      if (part[0] === stations[0]) node.append(el("h3", "", title));
      node.append(list);
      if (part.at(-1) === stations.at(-1)) node.append(foot);
      columns[column].append(node);
    });
  }
  const host = el("div", "station-columns");
  host.append(...columns);
  return host;
}

/**
 * How many pieces stand in the first column.
 * @param {number[]} heights
 * @returns {number}
 */
export function firstOf(heights) {
  const half = heights.reduce((sum, height) => sum + height, 0) / 2;
  let height = 0;
  let n = 0;
  while (n < heights.length && height + heights[n] / 2 <= half) {
    height += heights[n];
    n += 1;
  }
  return n;
}

/**
 * How many lines a station takes while nothing is wrong: two that have no levels share one.
 * @param {HTMLElement} station
 */
function linesOf(station) {
  const rows = /** @type {HTMLElement[]} */ ([...station.children]).filter((row) => !row.dataset.beside);
  const halves = rows.filter((row) => row.dataset.minor && !row.dataset.lone).length;
  return rows.length - halves / 2;
}
