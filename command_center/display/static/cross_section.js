// @ts-check
// A gauge as the cross-section of its river: bed, water, and its levels as lines.  Grey as long as nothing is reached; which
// level that is a chip says, in words.

import { setData, svg } from "./dom.js";

/** @typedef {import("./types.js").Level} Level */

const WIDTH = 72;
const HEIGHT = 36;
const BANK = 15; // the bed is so much narrower on each side
const HEADROOM = 0.14;
/** What lies more than so many spans of the levels below the lowest one is not drawn: gauges count from any zero. */
const SPANS_BELOW = 1.5;

/**
 * The picture's lower and upper edge, in the gauge's unit.
 * @param {Level[]} levels
 * @returns {[number, number]|null} null where there is nothing to hold a value against
 */
export function scaleOf(levels) {
  const values = levels.filter((level) => level.direction === "rising").map((level) => level.value);
  if (values.length === 0) return null;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = high - low || Math.abs(high) || 1;
  const bottom = low - SPANS_BELOW * span <= 0 ? Math.min(0, low) : low - SPANS_BELOW * span;
  return [bottom, high + (high - bottom) * HEADROOM];
}

export class CrossSection {
  #water = svg("path", { class: "section-water" });
  #surface = svg("path", { class: "section-surface" });
  /** @type {{level: Level, line: SVGElement}[]} */
  #lines = [];
  #scale;

  /** @param {Level[]} levels */
  constructor(levels) {
    this.#scale = scaleOf(levels);
    const bed = `M1,1 L${BANK},${HEIGHT - 1} H${WIDTH - BANK} L${WIDTH - 1},1`;
    this.node = svg("svg", { class: "section", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, this.#water, this.#surface);
    for (const level of levels) {
      if (level.direction !== "rising") continue;
      const y = this.#y(level.value);
      const line = svg("g", { class: "section-level" }, svg("path", { d: `M${this.#bank(y)},${y} H${WIDTH - this.#bank(y)}` }));
      this.node.append(line);
      this.#lines.push({ level, line });
    }
    this.node.append(svg("path", { class: "section-bed", d: bed }));
  }

  /** @param {number} value */
  #y(value) {
    const [bottom, top] = this.#scale ?? [0, 1];
    const part = Math.min(1, Math.max(0, (value - bottom) / (top - bottom)));
    return Math.round((HEIGHT - 1 - part * (HEIGHT - 2)) * 10) / 10;
  }

  /** How far from the picture's edge the bank is at a height. @param {number} y */
  #bank(y) {
    return Math.round((1 + ((BANK - 1) * (y - 1)) / (HEIGHT - 2)) * 10) / 10;
  }

  /**
   * @param {number} value NaN = not known: no water is drawn
   * @param {number} rank of the level that it holds, 0 = none
   */
  draw(value, rank) {
    const known = Number.isFinite(value) && this.#scale !== null;
    setData(this.node, "unknown", !known);
    const y = known ? this.#y(value) : HEIGHT - 1;
    const side = this.#bank(y);
    const surface = known ? `M${side},${y} H${WIDTH - side}` : "";
    if (this.#surface.getAttribute("d") !== surface) {
      this.#surface.setAttribute("d", surface);
      this.#water.setAttribute("d", known ? `${surface} L${WIDTH - BANK},${HEIGHT - 1} H${BANK} Z` : "");
    }
    for (const { level, line } of this.#lines) setData(line, "reached", level.rank <= rank);
  }
}
