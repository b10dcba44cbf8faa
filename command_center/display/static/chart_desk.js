// @ts-check
// Which datastream the chart shows, and its buttons.

import { Chart } from "./chart.js";
import { drawChartButtons, drawChartHead } from "./chart_head.js";
import { PAGE, byId } from "./dom.js";
import { Selection } from "./selection.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./store.js").Store} Store */

export class ChartDesk {
  /** Index in the snapshot; -1 = none. */
  charted = -1;
  #selection = new Selection();
  #chart;

  /**
   * @param {Store} store
   * @param {{redraw: () => void, now: () => number, first: () => number, onShown: (i: number) => void}} wall
   *   first: the datastream to show where none is in trouble
   */
  constructor(store, wall) {
    this.store = store;
    this.wall = wall;
    this.#chart = new Chart(byId(PAGE.chart), wall.redraw);
  }

  /** A snapshot: indices mean other datastreams now. */
  forget() {
    this.charted = -1;
  }

  /**
   * An observation came in.
   * @param {number} i
   * @param {number} time_ms
   * @param {number} value
   * @param {number} quality
   */
  append(i, time_ms, value, quality) {
    if (i === this.charted) this.#chart.append(time_ms, value, quality);
  }

  /** @param {string} datastream "" = follow the alarms */
  choose(datastream) {
    this.#selection.choose(datastream);
    this.pick();
  }

  /** Shows the datastream that is due; fetches its history where it is another one, or after a snapshot. */
  pick() {
    const i = this.#selection.current(this.store, this.wall.first());
    if (i >= 0 && i !== this.charted) {
      this.charted = i;
      this.wall.onShown(i);
      this.load();
    }
    this.wall.redraw();
  }

  /** Fetches the history anew. */
  load() {
    if (this.charted >= 0) void this.#chart.load(this.store.sensors[this.charted], this.wall.now());
  }

  /** In another language or other colours: everything anew. */
  renew() {
    this.#chart.note = "";
    this.#chart.renew();
  }

  /** @param {City} city */
  draw(city) {
    if (this.charted < 0) return;
    const now_ms = this.wall.now();
    drawChartHead(city, this.store, this.charted, this.#chart.note, now_ms);
    drawChartButtons(this.#chart.hours, this.#selection.manual, (hours) => this.#setHours(hours), () => this.choose(""));
    this.#chart.draw(city, now_ms);
  }

  /** @param {number} hours */
  #setHours(hours) {
    this.#chart.hours = hours;
    this.load();
  }
}
