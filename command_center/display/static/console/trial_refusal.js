// @ts-check
// Why levels are not tried, in words (command_center/api/counterfactual.py, level_trial.py).

import { ApiError } from "../api.js";
import { t } from "../text.js";

/** @typedef {import("./trial_rows.js").Part} Part */
/** @typedef {import("./trial_rows.js").Unread} Unread */

/** @type {Record<string, (values: {level: string}) => string>} */
const OF_A_LEVEL = {
  never_reached: (values) => t("trial.neverReached", values),
  never_left: (values) => t("trial.neverLeft", values),
  contradicts: (values) => t("trial.contradicts", values),
};
/** @type {Record<string, (values: {level: string}) => string>} */
const OF_A_PART = {
  value: (values) => t("trial.badValue", values),
  hysteresis: (values) => t("trial.badMargin", values),
  on_delay_s: (values) => t("trial.badOnDelay", values),
  off_delay_s: (values) => t("trial.badDelay", values),
};
/** @type {Record<string, () => string>} */
const OTHERS = {
  too_long: () => t("trial.tooLong"),
  too_many_raises: () => t("trial.tooMany"),
  no_record: () => t("trial.noRecord"),
  busy: () => t("trial.busy"),
};

/**
 * Which of the levels that were sent is at fault, and in what.
 * @param {string} where "body.levels.1.value", or "body.levels[1].value"
 * @returns {{place: number, part: Part}|null}
 */
export function placeOf(where) {
  const found = /^body\.levels[.[](\d+)\]?\.(value|hysteresis|on_delay_s|off_delay_s)$/.exec(where);
  return found && { place: Number(found[1]), part: /** @type {Part} */ (found[2]) };
}

/**
 * What nobody has words for stays as the server says it.
 * @param {ApiError} error
 * @param {string} level the name of the one at fault; "" = none is
 * @returns {string}
 */
export function refusalOf(error, level) {
  const place = placeOf(error.where);
  if (place && level && error.status === 422) {
    const words = Object.hasOwn(OF_A_LEVEL, error.code) ? OF_A_LEVEL[error.code] : OF_A_PART[place.part];
    return words({ level });
  }
  return Object.hasOwn(OTHERS, error.code) ? OTHERS[error.code]() : t("console.refused", { why: error.message });
}

/** @param {Unread} unread @param {string} level its name */
export function unreadWords({ text, why }, level) {
  return `${level}: ${why === "ambiguous" ? t("observe.ambiguous", { got: text }) : t("trial.noNumber", { got: text })}`;
}
