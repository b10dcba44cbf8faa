// @ts-check
// The server's clock, as far as the wall can know it.  The wall's own clock is never believed: performance.now() only
// measures spans, and every frame says what time it is at the server.

const WINDOW = 32;
const STEP_MS = 2000;

/** @type {number[]} */
let offsets = [];
let offset_ms = Number.NaN;
/** @type {number|null} */
let frozen_ms = null;

/**
 * Takes the server's time from a frame that has just come in.  The frame was under way for a while, so the largest
 * offset of the last frames is nearest to the truth; a jump of the server's clock starts afresh.
 * @param {number} now_ms
 */
export function heard(now_ms) {
  const offset = now_ms - performance.now();
  if (Math.abs(offset - offset_ms) > STEP_MS) offsets = [];
  offsets.push(offset);
  if (offsets.length > WINDOW) offsets.shift();
  offset_ms = Math.max(...offsets);
}

/**
 * Milliseconds since the epoch at the server; NaN before the first frame.
 * @returns {number}
 */
export function now() {
  return frozen_ms ?? performance.now() + offset_ms;
}

/**
 * Freezes the clock, for repeatable pictures; null lets it run again.
 * @param {number|null} ms
 */
export function setNow(ms) {
  frozen_ms = ms;
}
