// @ts-check
// The chart of one sensor over any range: the line of what did not fail, its levels by the time they held, zoom by drag.

import { drawFailed } from "../chart_marks.js";
import { clockTime, dayMonth, limit, number } from "../format.js";
import { levelColour, levelName } from "../levels.js";
import { colour, font } from "../palette.js";
import { Series } from "../series.js";
import { t } from "../text.js";
import Plot from "../vendor/uplot/uPlot.esm.js";

/** uPlot's own types are not vendored. */
const uPlot = /** @type {any} */ (Plot);

/** @typedef {import("../types.js").City} City */
/** @typedef {import("./station_sheet.js").SheetSensor} SheetSensor */
/** @typedef {import("./station_sheet.js").Observation} Observation */
/** Levels that somebody tries: their lines run over the whole range. @typedef {readonly {name: string, value: number}[]} Tried */

const DAY_S = 86_400;
const HEADROOM = 0.08;
const LEAST_ZOOM_PX = 8;

const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

export class RangeChart {
  node = document.createElement("div");
  #series = new Series();
  /** @type {any} */
  #plot = null;
  /** @type {(() => void)|null} */
  #again = null;
  #observer = new ResizeObserver(() => this.#again?.());

  /** @param {(from_ms: number, to_ms: number) => void} onZoom */
  constructor(onZoom) {
    this.onZoom = onZoom;
    this.node.className = "range-chart";
    this.#observer.observe(this.node);
  }

  /** Whether somebody is choosing a part of it just now. */
  get isDragged() {
    return (this.#plot?.select.width ?? 0) > 0;
  }

  close() {
    this.#observer.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
    this.#again = null;
  }

  /**
   * @param {City} city
   * @param {SheetSensor} sensor
   * @param {readonly Observation[]} items by time
   * @param {[number, number]} span_s
   * @param {Tried} [tried]
   */
  draw(city, sensor, items, span_s, tried = []) {
    this.#series.clear();
    for (const { time, value, quality } of items) this.#series.add(Date.parse(time), value ?? Number.NaN, quality);
    this.#again = () => this.#build(city, sensor, span_s, tried);
    this.#again();
  }

  /** @param {City} city @param {SheetSensor} sensor @param {[number, number]} span_s @param {Tried} tried */
  #build(city, sensor, span_s, tried) {
    const { clientWidth: width, clientHeight: height } = this.node;
    if (width === 0 || height === 0) return;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(city, sensor, span_s, tried, width, height), this.#series.columns(sensor.interval_s), this.node);
  }

  /** @param {City} city @param {SheetSensor} sensor @param {[number, number]} span_s @param {Tried} tried @param {number} width @param {number} height */
  #options(city, sensor, span_s, tried, width, height) {
    const unit = rem();
    const axis = {
      stroke: colour("--muted"),
      font: `${0.85 * unit}px ${font()}`,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    const label = span_s[1] - span_s[0] > 2 * DAY_S ? dayMonth : clockTime;
    return {
      width,
      height,
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false } },
      padding: [0.5 * unit, 0.75 * unit, 0, 0],
      scales: {
        x: { time: true, range: () => span_s },
        y: { range: (/** @type {any} */ _, /** @type {number|null} */ low, /** @type {number|null} */ high) => yRange([...sensor.levels, ...tried], low, high) },
      },
      axes: [
        { ...axis, space: 6 * unit, size: 1.8 * unit, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((s) => label(s * 1000)) },
        { ...axis, space: 2.4 * unit, size: 3.8 * unit, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((value) => number(value, sensor.unit)) },
      ],
      series: [
        {},
        { stroke: colour("--text"), width: 0.13 * unit, points: { show: false }, spanGaps: false },
        { stroke: colour("--attention"), paths: () => null, points: { show: true, size: 0.5 * unit, width: 0.1 * unit, fill: colour("--panel") } },
        { auto: false, paths: () => null, points: { show: false } },
      ],
      hooks: {
        drawAxes: [(/** @type {any} */ plot) => drawVersions(plot, city, sensor, unit), (/** @type {any} */ plot) => drawTried(plot, city, tried, unit)],
        draw: [(/** @type {any} */ plot) => drawFailed(plot, unit)],
        setSelect: [(/** @type {any} */ plot) => this.#zoom(plot)],
      },
    };
  }

  /** @param {any} plot */
  #zoom(plot) {
    const { left, width } = plot.select;
    if (width < LEAST_ZOOM_PX) return;
    this.onZoom(plot.posToVal(left, "x") * 1000, plot.posToVal(left + width, "x") * 1000);
  }
}

/**
 * The data and every level, so that one sees how far it was to them.
 * @param {Tried} levels
 * @param {number|null} low
 * @param {number|null} high
 * @returns {[number, number]}
 */
function yRange(levels, low, high) {
  const all = [low, high, ...levels.map((level) => level.value)];
  const values = all.filter((value) => value !== null && Number.isFinite(value)).map(Number);
  if (values.length === 0) return [0, 1];
  const [bottom, top] = [Math.min(...values), Math.max(...values)];
  const room = (top - bottom || Math.abs(top) || 1) * HEADROOM;
  return [bottom - room, top + room];
}

/**
 * From when to when each version of a level held, in seconds.
 * @param {readonly import("./station_sheet.js").LevelVersion[]} levels by the time they take effect
 * @returns {{level: import("./station_sheet.js").LevelVersion, from_s: number, to_s: number}[]}
 */
export function spansOf(levels) {
  const since = (/** @type {string} */ text) => (text === "" ? Number.NEGATIVE_INFINITY : Date.parse(text) / 1000);
  return levels.map((level, place) => {
    const next = levels.find((other, behind) => behind > place && other.name === level.name);
    return { level, from_s: since(level.effective_from), to_s: next ? since(next.effective_from) : Number.POSITIVE_INFINITY };
  });
}

/** @param {any} plot @param {City} city @param {SheetSensor} sensor @param {number} unit */
function drawVersions(plot, city, sensor, unit) {
  const [first, last] = [plot.scales.x.min, plot.scales.x.max];
  for (const { level, from_s, to_s } of spansOf(sensor.levels)) {
    if (to_s <= first || from_s >= last) continue;
    drawLevel(plot, city, level, { from_s, to_s, unit, dash: [0.5, 0.3], words: levelName(city, level.name), align: "left" });
  }
}

/** Dots, and named at the right: they are not in force.  @param {any} plot @param {City} city @param {Tried} tried @param {number} unit */
function drawTried(plot, city, tried, unit) {
  for (const level of tried) {
    const words = t("trial.line", { level: levelName(city, level.name), value: limit(level.value) });
    drawLevel(plot, city, level, { from_s: plot.scales.x.min, to_s: plot.scales.x.max, unit, dash: [0.15, 0.2], words, align: "right" });
  }
}

/**
 * @param {any} plot @param {City} city @param {{name: string, value: number}} level
 * @param {{from_s: number, to_s: number, unit: number, dash: [number, number], words: string, align: "left"|"right"}} how
 */
function drawLevel(plot, city, level, { from_s, to_s, unit, dash, words, align }) {
  const px = unit * (plot.pxRatio ?? devicePixelRatio);
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales.x;
  const y = plot.valToPos(level.value, "y", true);
  const [left, right] = [plot.valToPos(Math.max(from_s, min), "x", true), plot.valToPos(Math.min(to_s, max), "x", true)];
  ctx.save();
  ctx.lineWidth = 0.12 * px;
  ctx.setLineDash(dash.map((length) => length * px));
  ctx.strokeStyle = levelColour(city, level.name) || colour("--muted");
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(right, y);
  ctx.stroke();
  ctx.font = `600 ${0.85 * px}px ${font()}`;
  ctx.textBaseline = "bottom";
  ctx.textAlign = align;
  ctx.fillStyle = colour("--text");
  ctx.fillText(words, align === "left" ? Math.max(left, bbox.left) + 0.4 * px : right - 0.4 * px, y - 0.1 * px);
  ctx.restore();
}
