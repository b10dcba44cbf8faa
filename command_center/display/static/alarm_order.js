// @ts-check
// Which alarm comes first, and which one the whole wall speaks of.

/** @typedef {import("./types.js").Alarm} Alarm */

/**
 * The condition still holds.
 * @param {Alarm} alarm
 */
export const isActive = (alarm) => alarm.returned_at === null && alarm.state !== "normal";

/**
 * How many of the alarms that are open still hold, and how many have returned and nobody has seen: together the list's.
 * @param {Iterable<Alarm>} alarms
 * @returns {{hold: number, returned: number}}
 */
export function tally(alarms) {
  const open = [...alarms].filter((alarm) => !isPast(alarm));
  const hold = open.filter(isActive).length;
  return { hold, returned: open.length - hold };
}

/**
 * Nothing left to do or to see.
 * @param {Alarm} alarm
 */
export const isClosed = (alarm) => alarm.state === "normal";

/**
 * Set aside by a person: listed below what is open, and on no headline.
 * @param {Alarm} alarm
 */
export const isMuted = (alarm) =>
  alarm.state === "shelved" || alarm.state === "suppressed" || alarm.state === "out_of_service" || Boolean(alarm.refutation);

/**
 * Someone must still say that he has seen it.
 * @param {Alarm} alarm
 */
export const isUnacknowledged = (alarm) =>
  !alarm.historical && (alarm.state === "unacknowledged" || alarm.state === "returned_unacknowledged");

/**
 * What still holds first, of these the worst severity, then unacknowledged, then newest; then what has returned and nobody
 * has seen; what is past stands below all of them, newest first.
 * @param {Alarm} a
 * @param {Alarm} b
 * @returns {number}
 */
export function compareAlarms(a, b) {
  const newest = since(b).localeCompare(since(a));
  const past = Number(isPast(a)) - Number(isPast(b));
  if (past !== 0) return past;
  if (isPast(a)) return newest;
  const muted = Number(isMuted(a)) - Number(isMuted(b));
  if (muted !== 0) return muted;
  return (
    Number(isActive(b)) - Number(isActive(a)) ||
    b.severity - a.severity ||
    Number(isUnacknowledged(b)) - Number(isUnacknowledged(a)) ||
    newest ||
    a.id.localeCompare(b.id)
  );
}

/** When the level shown was reached: a rise to a worse one is news. @param {Alarm} alarm */
const since = (alarm) => alarm.since ?? alarm.raised_at;

/**
 * Historical (found in late data) or closed: listed, never on top.
 * @param {Alarm} alarm
 */
export const isPast = (alarm) => alarm.historical || isClosed(alarm);

/**
 * The alarm for the headline: the worst level that is held now.  Silence is not a level.
 * @param {Iterable<Alarm>} alarms
 * @returns {Alarm|null}
 */
export function worstActive(alarms) {
  const levels = [...alarms].filter((a) => isActive(a) && !a.historical && a.level !== "silent" && !isMuted(a));
  return levels.sort(compareAlarms)[0] ?? null;
}
