// @ts-check
// Where a reading comes from: a letter beside each that is not the field's own.

import { t } from "./text.js";

/** One letter for each origin but the field itself, and what it means. @type {Record<string, () => [string, string]>} */
const ORIGINS = {
  manual: () => [t("origin.manual"), t("origin.manualLegend")],
  pulled: () => [t("origin.pulled"), t("origin.pulledLegend")],
  simulated: () => [t("origin.simulated"), t("origin.simulatedLegend")],
  replayed: () => [t("origin.replayed"), t("origin.replayedLegend")],
};

/** @param {string} origin of an observation */
export const originLetter = (origin) => ORIGINS[origin]?.()[0] ?? "";

/** What the letters mean that are on the screen. @param {string[]} origins */
export const originLegend = (origins) =>
  [...new Set(origins)].flatMap((origin) => (ORIGINS[origin] ? [ORIGINS[origin]().join(" ")] : [])).join(" · ");
