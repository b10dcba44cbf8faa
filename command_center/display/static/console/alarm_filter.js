// @ts-check
// Which alarms the list shows.  Pure: a filter, an alarm, and what is known of its place.

import { isClosed, isUnacknowledged } from "../alarm_order.js";

/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {{name: string, kind: string, basin: string, road: string, area_name: string}} Place */
/** @typedef {""|"unacknowledged"|"active"|"returned"|"closed"} StateWanted */
/** @typedef {""|"any"|"shelved"|"out_of_service"|"suppressed"|"ticket"|"refuted"} AsideWanted */

/**
 * @typedef {object} Filter
 * @property {StateWanted} state @property {string} severity "", "1" to "4": that and worse
 * @property {string} level name of a level, "" = any @property {string} where "basin:x", "road:x", "area:x", "" = anywhere
 * @property {string} kind of the station @property {string} text every word of it is found in name, area or level
 * @property {AsideWanted} aside "" = what nobody has set aside
 */

/** @type {Filter} */
export const NO_FILTER = { state: "", severity: "", level: "", where: "", kind: "", text: "", aside: "" };

/** @param {Filter} filter */
export const isNarrowed = (filter) => Object.values(filter).some((value) => value !== "");

/**
 * @param {FullAlarm} alarm
 * @param {Place} place
 * @param {Filter} filter
 * @param {ReadonlySet<string>} ticketed ids of alarms whose fault somebody has taken in hand
 * @param {string} words what the alarm says on the screen, in the language of the day
 */
export function isWanted(alarm, place, filter, ticketed, words) {
  return (
    isInState(alarm, filter.state) &&
    isAside(alarm, filter.aside, ticketed) &&
    alarm.severity >= Number(filter.severity || 0) &&
    (filter.level === "" || alarm.level === filter.level) &&
    (filter.kind === "" || place.kind === filter.kind) &&
    isThere(place, filter.where) &&
    hasWords(`${place.name} ${place.area_name} ${alarm.datastream} ${words}`, filter.text)
  );
}

/** @param {FullAlarm} alarm @param {StateWanted} state */
function isInState(alarm, state) {
  if (state === "closed") return isClosed(alarm);
  if (isClosed(alarm)) return false;
  if (state === "unacknowledged") return isUnacknowledged(alarm);
  if (state === "active") return alarm.returned_at === null;
  return state !== "returned" || alarm.returned_at !== null;
}

/** @param {FullAlarm} alarm @param {AsideWanted} aside @param {ReadonlySet<string>} ticketed */
function isAside(alarm, aside, ticketed) {
  const set = asideOf(alarm);
  if (aside === "") return set === "";
  if (aside === "any") return set !== "";
  return aside === "ticket" ? ticketed.has(alarm.id) : set === aside;
}

/**
 * By what an alarm calls nobody; "" = it calls.
 * @param {FullAlarm} alarm
 * @returns {""|"shelved"|"out_of_service"|"suppressed"|"refuted"}
 */
export function asideOf(alarm) {
  if (alarm.state === "shelved" || alarm.state === "out_of_service" || alarm.state === "suppressed") return alarm.state;
  return alarm.refutation ? "refuted" : "";
}

/** @param {Place} place @param {string} where */
function isThere(place, where) {
  const [kind, ...name] = where.split(":");
  const wanted = name.join(":");
  if (kind === "basin") return place.basin === wanted;
  if (kind === "road") return place.road === wanted;
  return kind !== "area" || place.area_name === wanted;
}

/** @param {string} text @param {string} wanted */
function hasWords(text, wanted) {
  const found = text.toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every((word) => found.includes(word));
}
