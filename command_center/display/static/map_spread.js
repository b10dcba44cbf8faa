// @ts-check
// Symbols on the map that would lie on each other are moved apart, as little as it takes; a line leads back to the place.

import { svg } from "./dom.js";

/** @typedef {import("./map_labels.js").Box} Box */
/**
 * @typedef {object} Spot
 * @property {number} x the place, in pixels @property {number} y
 * @property {number} reach half the size of its symbol
 * @property {number} weight > 0; of two the heavier moves less
 */
/** @typedef {{x: number, y: number}} Point */

/** Symbols lie apart when there is so much of both reaches between their middles: their corners are empty. */
const APART = 0.95;
/** So many times its reach a symbol may lie from its place; beyond that it rather overlaps. */
const FARTHEST = 5;
const ROUNDS = 100;
/** More are not moved: it would take longer than a frame, and no map of a wall has room for them. */
const MOST = 400;
/** A symbol that lies nearer to its place than this part of its reach covers it: no line. */
const COVERS = 0.6;
/** A name whose edge lies so many reaches beside its symbol's middle has a line, too. */
const STANDS_OFF = 1.5;
/** So much aside of straight away they are pushed: a row of symbols would else stay a row, whatever room is beside it. */
const ASIDE = 0.4;
/** Those of one place go different ways: multiples of the golden angle, radians. */
const TURN = 2.399963;

/**
 * @param {Spot[]} spots the most important first
 * @param {Box} frame the map; what lies outside stays there
 * @returns {Point[]} where each symbol stands
 */
export function spread(spots, frame) {
  const stand = spots.map(({ x, y }) => ({ x, y }));
  const inside = spots.flatMap(({ x, y }, k) => (x >= frame.left && x <= frame.right && y >= frame.top && y <= frame.bottom ? [k] : []));
  const movable = inside.slice(0, MOST);
  for (let round = 0; round < ROUNDS; round += 1) {
    if (!push(spots, stand, movable)) break;
    for (const k of movable) hold(spots[k], stand[k], frame);
  }
  return stand;
}

/**
 * Moves every two that overlap apart.
 * @param {Spot[]} spots
 * @param {Point[]} stand is changed
 * @param {number[]} movable
 * @returns {boolean} whether any did
 */
function push(spots, stand, movable) {
  let moved = false;
  for (let one = 0; one < movable.length; one += 1) {
    const a = movable[one];
    for (let two = one + 1; two < movable.length; two += 1) {
      const b = movable[two];
      const wanted = (spots[a].reach + spots[b].reach) * APART;
      let dx = stand[b].x - stand[a].x;
      let dy = stand[b].y - stand[a].y;
      if (Math.abs(dx) >= wanted || Math.abs(dy) >= wanted) continue;
      let apart = Math.hypot(dx, dy);
      if (apart >= wanted - 0.5) continue;
      if (apart < 0.01) [dx, dy, apart] = [Math.cos(two * TURN) / 100, Math.sin(two * TURN) / 100, 0.01];
      const share = spots[b].weight / (spots[a].weight + spots[b].weight);
      const by = (wanted - apart) / apart;
      const out = { x: (dx - dy * ASIDE) * by, y: (dy + dx * ASIDE) * by };
      stand[a].x -= out.x * share;
      stand[a].y -= out.y * share;
      stand[b].x += out.x * (1 - share);
      stand[b].y += out.y * (1 - share);
      moved = true;
    }
  }
  return moved;
}

/**
 * Keeps a symbol near its place and on the map.
 * @param {Spot} spot
 * @param {Point} point is changed
 * @param {Box} frame
 */
function hold({ x, y, reach }, point, frame) {
  const far = Math.hypot(point.x - x, point.y - y);
  const most = FARTHEST * reach;
  if (far > most) {
    point.x = x + ((point.x - x) * most) / far;
    point.y = y + ((point.y - y) * most) / far;
  }
  point.x = Math.min(Math.max(point.x, frame.left + reach), frame.right - reach);
  point.y = Math.min(Math.max(point.y, frame.top + reach), frame.bottom - reach);
}

/** The lines from the symbols that were moved back to their places, each of which has a dot. */
export class Leaders {
  #lines = svg("path", { class: "map-leader" });
  #names = svg("path", { class: "map-leader map-leader-name" });
  #dots = svg("path", { class: "map-leader-dot" });
  node = svg("svg", { class: "map-leaders", "aria-hidden": "true" }, this.#lines, this.#names, this.#dots);

  /**
   * @param {Spot[]} spots
   * @param {Point[]} stand where their symbols stand
   * @param {(Box|null)[]} labels where their names stand, null = left out
   */
  draw(spots, stand, labels) {
    const named = spots.flatMap(({ reach }, k) => toLabel(stand[k], reach, labels[k]));
    const moved = spots.flatMap(({ x, y, reach }, k) => (Math.hypot(stand[k].x - x, stand[k].y - y) > COVERS * reach ? [{ from: stand[k], to: { x, y } }] : []));
    const round = (/** @type {Point} */ { x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`;
    const drawn = (/** @type {{from: Point, to: Point}[]} */ lines) => lines.map(({ from, to }) => `M${round(from)}L${round(to)}`).join("");
    this.#lines.setAttribute("d", drawn(moved));
    this.#names.setAttribute("d", drawn(named));
    this.#dots.setAttribute("d", moved.map(({ to }) => `M${round(to)}h0`).join(""));
  }
}

/**
 * From a symbol to its name, where that stands off.
 * @param {Point} symbol
 * @param {number} reach
 * @param {Box|null} label
 * @returns {{from: Point, to: Point}[]} none or one
 */
function toLabel(symbol, reach, label) {
  if (!label) return [];
  const to = {
    x: Math.min(Math.max(symbol.x, label.left), label.right),
    y: (label.top + label.bottom) / 2,
  };
  return Math.abs(to.x - symbol.x) > STANDS_OFF * reach ? [{ from: symbol, to }] : [];
}
