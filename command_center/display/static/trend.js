// @ts-check
// How fast a value rises or falls, and when it reaches its next level, in words: "▲ 34 cm/jam", "Siaga 2 dalam 25–40 mnt".

import { age, inMinutes, number, unitText, whole } from "./format.js";
import { levelName } from "./levels.js";
import { t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Rate} Rate */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {{direction: "up"|"down"|"", rate: string, bare: string, old: string, short: string, next: string, ahead: Ahead|null, known: boolean}} Trend
 *   bare: the rate without its age; old: that age, "" = not worth telling; short: the rate without its unit; known: false where nothing says whether it rises or falls */
/**
 * @typedef {object} Ahead  The next level.
 * @property {"within"|"earliest"|"about"} how @property {string} level its name @property {string} time "25–40 mnt"
 * @property {number|null} margin_min least minutes left less the minutes that its actions take; null = it asks for none
 * @property {number|null} needed_min
 */

/** @type {Trend} */
const UNKNOWN = { direction: "", rate: "", bare: "", old: "", short: "", next: "", ahead: null, known: false };
/** @type {Trend} */
const STEADY = { ...UNKNOWN, known: true };
/** @type {Record<Ahead["how"], (ahead: {level: string, time: string}) => string>} */
const SENTENCES = {
  within: ({ level, time }) => t("trend.within", { level, time }),
  earliest: ({ level, time }) => t("trend.earliest", { level, time }),
  about: ({ level, time }) => t("trend.about", { level, time }),
};
const MINUTE_MS = 60e3;
/** A rate that is so much (and one interval) older than the value beside it is told with its own age. */
const RATE_BEHIND_MS = 3 * MINUTE_MS;
/** From here on a rate of few letters needs no decimals. */
const SHORT_WHOLE_FROM = 10;
/** From here on a time to come is told in hours; where its latest lies further ahead, its earliest as well. */
const HOURS_FROM_MIN = 120;
const MINUTES_TO_MIN = 300;

/**
 * @param {City} city
 * @param {Store} store
 * @param {number} i
 * @param {number} now_ms
 * @returns {Trend} all empty where it is steady, or, with known = false, where nothing is known of now
 */
export function trendOf(city, store, i, now_ms) {
  const { rate, eta } = store.beside[i];
  if (!rate || store.isStale(i, now_ms)) return UNKNOWN;
  const interval_ms = 1000 * (store.sensors[i].interval_s ?? 0);
  const lasts_ms = 1000 * rate.lasts_s;
  const rate_ms = Date.parse(rate.time);
  if (now_ms - rate_ms > lasts_ms) return UNKNOWN;
  const direction = directionOf(rate);
  if (!direction) return STEADY;
  const size = Math.abs(rate.value);
  const now = `${number(size, rate.unit)} ${unitText(rate.unit)}`;
  const n = size < SHORT_WHOLE_FROM ? number(size, rate.unit) : whole(Math.round(size));
  const isOld = store.sound_ms[i] - rate_ms > Math.max(RATE_BEHIND_MS, interval_ms);
  const old = isOld ? age(now_ms - rate_ms) : "";
  const words = isOld ? t("trend.old", { rate: now, age: old }) : now;
  const isAhead = direction === "up" && eta && now_ms - Date.parse(eta.time) <= lasts_ms;
  const ahead = isAhead ? aheadOf(city, eta, now_ms) : null;
  return { direction, rate: words, bare: now, old, short: isOld ? t("tile.perHourOld", { n }) : t("tile.perHour", { n }), next: ahead ? SENTENCES[ahead.how](ahead) : "", ahead, known: true };
}

/**
 * Up or down only where both bounds of the rate agree and the newest readings do not say the opposite: what may as well
 * be nothing is not shown (beside.py has the same rule).
 * @param {Rate} rate
 * @returns {"up"|"down"|""}
 */
function directionOf({ value, low, high, turned }) {
  if (turned) return "";
  if ((low ?? value) > 0) return "up";
  return (high ?? value) < 0 ? "down" : "";
}

/**
 * @param {City} city
 * @param {import("./types.js").Eta} eta
 * @param {number} now_ms
 * @returns {Ahead}
 */
function aheadOf(city, eta, now_ms) {
  const since_min = (now_ms - Date.parse(eta.time)) / MINUTE_MS;
  const level = levelName(city, eta.level);
  /** @param {number} minutes from when it was found */
  const left = (minutes) => Math.max(0, minutes - since_min);
  const least_min = left(eta.earliest_min ?? eta.middle_min ?? 0);
  const needed_min = eta.needed_min ?? null;
  const fixed = { level, needed_min, margin_min: needed_min === null ? null : least_min - needed_min };
  if (eta.earliest_min === null) return { ...fixed, how: "about", time: span(least_min) };
  if (eta.latest_min === null) return { ...fixed, how: "earliest", time: span(least_min) };
  return { ...fixed, how: "within", time: range(least_min, left(eta.latest_min)) };
}

/**
 * "25–40 mnt", "3–7 jam", "25 mnt – 10 jam".
 * @param {number} earliest minutes
 * @param {number} latest minutes
 */
function range(earliest, latest) {
  const inHours = latest >= MINUTES_TO_MIN;
  const from = span(earliest, inHours);
  const to = span(latest, inHours);
  if (from === to) return to;
  const same = !inHours || earliest >= HOURS_FROM_MIN;
  return same ? `${Math.round(inHours ? earliest / 60 : earliest)}–${to}` : `${from} – ${to}`;
}

/** @param {number} minutes @param {boolean} [inHours] where that is long enough */
const span = (minutes, inHours = true) =>
  inHours && minutes >= HOURS_FROM_MIN ? t("age.h", { n: Math.round(minutes / 60) }) : inMinutes(minutes);

/**
 * Of a rate the trend of what it is a rate of: that has a next level, the rate has none.  null where it is no rate.
 * @param {City} city
 * @param {Store} store
 * @param {number} i
 * @param {number} now_ms
 */
export function riverTrend(city, store, i, now_ms) {
  const { method, derived_from } = store.sensors[i];
  const river = method === "rate" ? store.index.get(derived_from?.[0] ?? "") : undefined;
  return river === undefined ? null : trendOf(city, store, river, now_ms);
}
