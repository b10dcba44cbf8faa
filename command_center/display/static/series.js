// @ts-check
// The chart's data: three columns in order of time, no older than the window, filled from history and then live.

import { FAIL, SUSPECT } from "./quality.js";

const CAPACITY = 16384;
/** So many expected intervals without an observation are a gap in the line. */
const GAP_INTERVALS = 4;

export class Series {
  time_ms = new Float64Array(CAPACITY);
  value = new Float64Array(CAPACITY);
  quality = new Uint8Array(CAPACITY);
  length = 0;

  clear() {
    this.length = 0;
  }

  /**
   * Inserts one observation at its place; a time that is there already stays as it is (the first stored wins).
   * When full, the oldest goes.
   * @param {number} time_ms
   * @param {number} value NaN = missing
   * @param {number} quality
   */
  add(time_ms, value, quality) {
    let at = this.length;
    while (at > 0 && this.time_ms[at - 1] > time_ms) at -= 1;
    if (at > 0 && this.time_ms[at - 1] === time_ms) return;
    if (this.length === CAPACITY) {
      if (at === 0) return;
      this.#shift(1, at, 0);
      at -= 1;
    } else {
      this.#shift(at, this.length, at + 1);
      this.length += 1;
    }
    this.time_ms[at] = time_ms;
    this.value[at] = value;
    this.quality[at] = quality;
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {number} target
   */
  #shift(from, to, target) {
    this.time_ms.copyWithin(target, from, to);
    this.value.copyWithin(target, from, to);
    this.quality.copyWithin(target, from, to);
  }

  /** @param {number} before_ms forgets everything older */
  forget(before_ms) {
    let keep = 0;
    while (keep < this.length && this.time_ms[keep] < before_ms) keep += 1;
    if (keep === 0) return;
    this.#shift(keep, this.length, 0);
    this.length -= keep;
  }

  /**
   * Columns as uPlot wants them: seconds; values that did not fail, null for a gap, undefined where the line passes by;
   * the suspect ones once more for their marks; and those that failed, which the scale does not know.
   * @param {number} interval_s expected interval; NaN = taken from the data
   * @returns {[number[], (number|null|undefined)[], (number|null)[], (number|null)[]]}
   */
  columns(interval_s) {
    /** @type {number[]} */
    const x = [];
    /** @type {(number|null|undefined)[]} */
    const y = [];
    /** @type {(number|null)[]} */
    const suspect = [];
    /** @type {(number|null)[]} */
    const failed = [];
    /** @param {number} at_s @param {number|null|undefined} value @param {number|null} doubtful @param {number|null} bad */
    const put = (at_s, value, doubtful, bad) => {
      x.push(at_s);
      y.push(value);
      suspect.push(doubtful);
      failed.push(bad);
    };
    const gap_ms = this.#gap(interval_s);
    let before = this.time_ms[0]; // of the line's last point
    for (let k = 0; k < this.length; k += 1) {
      const time_ms = this.time_ms[k];
      if (time_ms - before > gap_ms) {
        put(Math.max(before, this.time_ms[k - 1]) / 1000 + 0.001, null, null, null);
        before = Number.POSITIVE_INFINITY; // once a gap
      }
      const value = Number.isNaN(this.value[k]) ? null : this.value[k];
      if (this.quality[k] === FAIL) {
        put(time_ms / 1000, undefined, null, value);
      } else {
        put(time_ms / 1000, value, this.quality[k] === SUSPECT ? value : null, null);
        before = time_ms;
      }
    }
    return [x, y, suspect, failed];
  }

  /**
   * The span that counts as a gap: history may be thinned to fewer points than the sensor sends.
   * @param {number} interval_s
   * @returns {number}
   */
  #gap(interval_s) {
    const steps = [...this.time_ms.subarray(1, this.length)].map((time, k) => time - this.time_ms[k]).sort((a, b) => a - b);
    const usual_ms = steps[Math.floor(steps.length * 0.75)] ?? 0;
    return GAP_INTERVALS * Math.max(usual_ms, Number.isFinite(interval_s) ? interval_s * 1000 : 0);
  }
}
