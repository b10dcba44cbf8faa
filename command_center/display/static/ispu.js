// @ts-check
// The categories of the air pollution index (Permen LHK P.14/2020): 1–50, 51–100, 101–200, 201–300, above.

import { t } from "./text.js";

/** @typedef {{name: string, to: number, words: () => string}} IspuBand */

/** `to` is the last whole index of the category. @type {IspuBand[]} */
const BANDS = [
  { name: "good", to: 50, words: () => t("ispu.good") },
  { name: "moderate", to: 100, words: () => t("ispu.moderate") },
  { name: "unhealthy", to: 200, words: () => t("ispu.unhealthy") },
  { name: "very", to: 300, words: () => t("ispu.veryUnhealthy") },
  { name: "hazardous", to: Infinity, words: () => t("ispu.hazardous") },
];

/**
 * @param {number} value the index; it is published as a whole number
 * @returns {IspuBand}
 */
export function ispuBand(value) {
  const whole = Math.round(value);
  return BANDS.find((band) => whole <= band.to) ?? BANDS[BANDS.length - 1];
}
