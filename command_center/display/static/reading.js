// @ts-check
// The reading that is shown: the last one that did not fail its tests, with its own age; and in words that a newer one did.

import { age, calmAge } from "./format.js";
import { valueText } from "./properties.js";
import { FAIL, SUSPECT } from "./quality.js";
import { t } from "./text.js";

/** @typedef {import("./store.js").Store} Store */

/**
 * Its value without the unit; "–" where nothing sound is known.
 * @param {Store} store
 * @param {number} i
 */
export const soundText = (store, i) => valueText(store.sensors[i], store.sound[i]);

/**
 * How old that is; "" where nothing sound is known.
 * @param {Store} store
 * @param {number} i
 * @param {number} now_ms
 */
export const soundAge = (store, i, now_ms) => calmAge(now_ms - store.sound_ms[i]);

/**
 * "gagal uji (-9.999), 8 dtk lalu"; "" where the newest one is sound.
 * @param {Store} store
 * @param {number} i
 * @param {number} now_ms
 */
export function failedText(store, i, now_ms) {
  if (!store.hasFailed(i)) return "";
  const ago = age(now_ms - store.time_ms[i]);
  if (store.quality[i] !== FAIL) return t("reading.missing", { age: ago });
  return t("reading.failed", { value: valueText(store.sensors[i], store.value[i]), age: ago });
}

/**
 * What must be known about a value besides the value: that it is old or doubtful.
 * @param {Store} store
 * @param {number} i
 * @param {number} now_ms
 * @returns {string}
 */
export function noteText(store, i, now_ms) {
  const words = [];
  if (Number.isNaN(store.time_ms[i])) return "";
  if (store.isSilent(i)) words.push(t("row.silent"));
  else if (store.isStale(i, now_ms)) words.push(t("row.old"));
  if (store.quality[i] === SUSPECT) words.push(t("quality.suspect"));
  if (store.quality[i] === FAIL) words.push(t("quality.fail"));
  else if (store.incomplete[i]) words.push(t("quality.incomplete"));
  else if (store.hasFailed(i)) words.push(t("quality.missing"));
  return words.join(" ");
}
