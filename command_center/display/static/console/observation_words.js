// @ts-check
// How good an observation is, why, and where it comes from, in words.

import { t } from "../text.js";

/** QARTOD's flags. @type {Record<number, () => string>} */
const QUALITIES = {
  1: () => t("quality.pass"),
  2: () => t("quality.notEvaluated"),
  3: () => t("quality.suspect"),
  4: () => t("quality.fail"),
  9: () => t("quality.missing"),
};
/** @type {Record<string, () => string>} */
const REASONS = {
  missing_value: () => t("reason.missingValue"),
  gross_range: () => t("reason.grossRange"),
  clock_fault: () => t("reason.clockFault"),
  no_zone: () => t("reason.noZone"),
  retained: () => t("reason.retained"),
  unit_converted: () => t("reason.unitConverted"),
  stale: () => t("reason.stale"),
  historical: () => t("reason.historical"),
  sent_as_bad: () => t("reason.sentAsBad"),
  spike: () => t("reason.spike"),
  spike_before: () => t("reason.spikeBefore"),
  rate_of_change: () => t("reason.rateOfChange"),
  flat_line: () => t("reason.flatLine"),
  after_gap: () => t("reason.afterGap"),
  neighbour: () => t("reason.neighbour"),
  implausible_fall: () => t("reason.implausibleFall"),
  incomplete: () => t("quality.incomplete"),
};
/** @type {Record<string, () => string>} */
const ORIGINS = {
  live: () => t("origin.live"),
  manual: () => t("origin.manualWord"),
  pulled: () => t("origin.pulledWord"),
  simulated: () => t("origin.simulatedWord"),
  replayed: () => t("origin.replayedWord"),
};

/** @param {number} quality */
export const qualityText = (quality) => QUALITIES[quality]?.() ?? String(quality);

/** What is not known here shows as the server says it. @param {readonly string[]} reasons */
export const reasonsText = (reasons) => reasons.map((reason) => REASONS[reason]?.() ?? reason).join(", ");

/** @param {string} origin */
export const originText = (origin) => ORIGINS[origin]?.() ?? origin;
