// @ts-check
// What the console knows of an alarm beyond the wall, and what can be said of it at once.  Pure.

import { isActive, isMuted, isPast, isUnacknowledged } from "../alarm_order.js";

/** @typedef {import("../types.js").Bilingual} Bilingual */

/**
 * @typedef {import("../types.js").Alarm & {
 *   datastream: string, priority_reasons: Bilingual[], margin_min: number|null, left_min: number|null,
 *   needed_min: number|null, releases_at: string|null, release: {how: string, who: string, at: string}|null,
 *   closed_at: string|null, detected_at: string, quality: number, held_back: boolean, levels: LevelChange[]
 * }} FullAlarm
 */

/**
 * @typedef {object} LevelChange
 * @property {string} event @property {string} kind @property {string} cause @property {string} level @property {number|null} limit @property {number|null} value
 * @property {string} time @property {string} at @property {boolean} verify @property {number} count
 */

export const HIGHEST_SEVERITY = 4;
const PRIORITIES = ["low", "medium", "high", "highest"];
/** So long after it went out unrefuted an alarm still stands beside the list. */
const TOLD_AFTER_MS = 60e3;

/** @param {{priority: string}} alarm 0 (low) to 3 (highest) */
export const priorityRank = (alarm) => Math.max(0, PRIORITIES.indexOf(alarm.priority));

/**
 * The order of work: what calls before what is set aside and what is past; the worst priority; what nobody has seen; the
 * newest.
 * @param {FullAlarm} a
 * @param {FullAlarm} b
 */
export function byPriority(a, b) {
  return (
    Number(isPast(a)) - Number(isPast(b)) ||
    Number(isMuted(a)) - Number(isMuted(b)) ||
    Number(isActive(b)) - Number(isActive(a)) ||
    priorityRank(b) - priorityRank(a) ||
    b.severity - a.severity ||
    Number(isUnacknowledged(b)) - Number(isUnacknowledged(a)) ||
    (b.since ?? b.raised_at).localeCompare(a.since ?? a.raised_at) ||
    a.id.localeCompare(b.id)
  );
}

/**
 * Whether somebody must go and look now: the highest level that sirens wait for, or a reading in doubt that nobody has
 * seen; and for a minute what has just gone out because nobody refuted it.
 * @param {FullAlarm} alarm
 * @param {number} now_ms
 */
export function isToVerify(alarm, now_ms) {
  if (!isActive(alarm) || alarm.historical || isMuted(alarm)) return false;
  if (alarm.releases_at !== null) return true;
  if (alarm.release?.how === "time" && now_ms - Date.parse(alarm.release.at) < TOLD_AFTER_MS) return true;
  return (Boolean(alarm.verify) || Boolean(alarm.doubt)) && isUnacknowledged(alarm);
}

/**
 * Those to verify: what goes out soonest first, then the worst.
 * @param {Iterable<FullAlarm>} alarms
 * @param {number} now_ms
 */
export function toVerify(alarms, now_ms) {
  const due = (/** @type {FullAlarm} */ alarm) => alarm.releases_at ?? "9";
  return [...alarms].filter((a) => isToVerify(a, now_ms)).sort((a, b) => due(a).localeCompare(due(b)) || byPriority(a, b));
}

/**
 * Which acts make sense on an alarm; the server has the last word.
 * @param {FullAlarm} alarm
 */
export function possibleActs(alarm) {
  const active = isActive(alarm);
  const open = alarm.state !== "normal";
  const inDoubt = Boolean(alarm.verify) || Boolean(alarm.doubt);
  return {
    acknowledge: isUnacknowledged(alarm),
    note: true,
    shelve: open && alarm.shelf == null && !alarm.historical,
    unshelve: alarm.shelf != null,
    refute: active && alarm.refutation == null && (alarm.severity >= HIGHEST_SEVERITY || inDoubt),
    confirm: alarm.releases_at !== null,
    close: open,
  };
}
