// @ts-check
// The chart of one datastream with its levels as lines: history from the API, then live.

import { ApiError, get } from "./api.js";
import { drawFailed, drawLevels } from "./chart_marks.js";
import { clockTime, dayMonth, number } from "./format.js";
import { colour, font } from "./palette.js";
import { Series } from "./series.js";
import { t } from "./text.js";
import Plot from "./vendor/uplot/uPlot.esm.js";

/** uPlot's own types are not vendored. */
const uPlot = /** @type {any} */ (Plot);

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Sensor} Sensor */

const HOUR_MS = 3600e3;
const SHORTEST_MS = 10 * 60e3;
const POINTS = 600;
/** Room above and below the data, as a share of their span. */
const HEADROOM = 0.08;

const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

export class Chart {
  series = new Series();
  /** @type {Sensor|null} */
  sensor = null;
  hours = 6;
  note = "";
  #host;
  /** @type {any} */
  #plot = null;
  /** @type {AbortController|null} */
  #loading = null;
  #now_ms = Number.NaN;
  #look = "";
  /** Noted when it changes: asking for it while the page is being drawn would lay it out once more. */
  #size = { width: 0, height: 0 };

  /**
   * @param {HTMLElement} host
   * @param {() => void} redraw
   */
  constructor(host, redraw) {
    this.#host = host;
    this.redraw = redraw;
    new ResizeObserver(() => {
      this.#size = { width: host.clientWidth, height: host.clientHeight };
      this.#look = "";
      redraw();
    }).observe(host);
  }

  /**
   * Shows a datastream: fetches its history anew; observations that come in meanwhile find their places.
   * @param {Sensor} sensor
   * @param {number} now_ms
   */
  async load(sensor, now_ms) {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    if (sensor.id !== this.sensor?.id) this.series.clear();
    this.sensor = sensor;
    this.note = t("chart.loading");
    this.redraw();
    const from = new Date(now_ms - this.hours * HOUR_MS).toISOString();
    const to = new Date(now_ms + HOUR_MS).toISOString();
    try {
      const path = `/sensors/${encodeURIComponent(sensor.id)}/observations`;
      const page = await get(`${path}?from=${from}&to=${to}&points=${POINTS}`, loading.signal);
      for (const { time, value, quality } of page.items) {
        this.series.add(Date.parse(time), value ?? Number.NaN, quality);
      }
      this.note = page.items.length === 0 ? t("chart.empty") : "";
    } catch (error) {
      if (loading.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.note = t("chart.failed", { why: error.message });
    }
    this.redraw();
  }

  /**
   * @param {number} time_ms
   * @param {number} value
   * @param {number} quality
   */
  append(time_ms, value, quality) {
    this.series.add(time_ms, value, quality);
    if (this.series.length > 0 && this.note === t("chart.empty")) this.note = "";
    this.redraw();
  }

  /** What it looks like has changed: the next drawing begins anew. */
  renew() {
    this.#look = "";
  }

  /**
   * The hours asked for, up to now; less where the data do not go back that far.
   * @returns {[number, number]} seconds
   */
  #span() {
    const asked_ms = this.#now_ms - this.hours * HOUR_MS;
    const first_ms = this.series.length > 0 ? this.series.time_ms[0] : asked_ms;
    return [Math.max(asked_ms, Math.min(first_ms, this.#now_ms - SHORTEST_MS)) / 1000, this.#now_ms / 1000];
  }

  /**
   * @param {City} city
   * @param {number} now_ms
   */
  draw(city, now_ms) {
    const { width, height } = this.#size;
    if (!this.sensor || !Number.isFinite(now_ms) || width === 0) return;
    this.#now_ms = now_ms;
    this.series.forget(now_ms - this.hours * HOUR_MS);
    const look = `${document.documentElement.lang} ${this.sensor.id} ${width} ${height} ${devicePixelRatio}`;
    const columns = this.series.columns(this.sensor.interval_s ?? Number.NaN);
    if (look !== this.#look) {
      this.#look = look;
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(city, this.sensor, width, height), columns, this.#host);
    } else {
      this.#plot.setData(columns);
    }
  }

  /**
   * @param {City} city
   * @param {Sensor} sensor
   * @param {number} width
   * @param {number} height
   */
  #options(city, sensor, width, height) {
    const unit = rem();
    const axis = {
      stroke: colour("--muted"),
      font: `${0.85 * unit}px ${font()}`,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: [0.5 * unit, 0.75 * unit, 0, 0],
      scales: {
        x: { time: true, range: () => this.#span() },
        y: { range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => yRange(sensor, low, high) },
      },
      axes: [
        { ...axis, space: 5 * unit, size: 1.8 * unit, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(timeLabel) },
        {
          ...axis,
          size: 3.6 * unit,
          space: 2.4 * unit,
          values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((value) => number(value, sensor.unit)),
        },
      ],
      series: [
        {},
        { stroke: colour("--text"), width: 0.13 * unit, points: { show: false }, spanGaps: false },
        { stroke: colour("--attention"), paths: () => null, points: { show: true, size: 0.5 * unit, width: 0.1 * unit, fill: colour("--panel") } },
        { auto: false, paths: () => null, points: { show: false } }, // what failed: drawn apart, and no part of the scale
      ],
      hooks: {
        drawAxes: [(/** @type {any} */ plot) => drawLevels(plot, city, sensor, unit)],
        draw: [(/** @type {any} */ plot) => drawFailed(plot, unit)],
      },
    };
  }
}

/**
 * The data and every level: how far it is to the next one is the question.
 * @param {Sensor} sensor
 * @param {number|null} low
 * @param {number|null} high
 * @returns {[number, number]}
 */
function yRange(sensor, low, high) {
  const all = [low, high, ...sensor.levels.map((level) => level.value)].filter((v) => v !== null && Number.isFinite(v));
  const values = /** @type {number[]} */ (all);
  if (values.length === 0) return [0, 1];
  const bottom = Math.min(...values);
  const top = Math.max(...values);
  const room = (top - bottom || Math.abs(top) || 1) * HEADROOM;
  return [bottom >= 0 ? Math.max(0, bottom - room) : bottom - room, top + room];
}

/** @param {number} at_s */
function timeLabel(at_s) {
  const time = clockTime(at_s * 1000);
  return time === "00:00" ? dayMonth(at_s * 1000) : time;
}
