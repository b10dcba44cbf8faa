// @ts-check
// The rows of the list: alarms, flat or below their incidents.  Pure.

import { isActive, isMuted, isUnacknowledged } from "../alarm_order.js";
import { HIGHEST_SEVERITY, byPriority } from "./alarm.js";

/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {import("../types.js").Incident} Incident */
/**
 * @typedef {object} Row
 * @property {string} key "alarm ID" or "incident ID" @property {FullAlarm} alarm of an incident its worst
 * @property {Incident|null} incident of which this row is the head @property {FullAlarm[]} members of that incident
 * @property {number} depth 1, or 2 below an incident @property {boolean} open whether its members are shown
 */

/** @param {FullAlarm} alarm @returns {Row} */
const single = (alarm, depth = 1) => ({ key: `alarm ${alarm.id}`, alarm, incident: null, members: [], depth, open: false });

/**
 * @param {FullAlarm[]} alarms those that are wanted
 * @param {readonly Incident[]} incidents
 * @param {object} how
 * @param {boolean} how.grouped
 * @param {ReadonlyMap<string, boolean>} how.opened incidents that somebody opened or closed
 * @param {boolean} how.flood incidents are folded unless somebody opened them
 * @returns {Row[]} in the order of work; an incident stands where its worst alarm would
 */
export function rowsOf(alarms, incidents, { grouped, opened, flood }) {
  const sorted = [...alarms].sort(byPriority);
  if (!grouped) return sorted.map((alarm) => single(alarm));
  const known = new Map(incidents.map((incident) => [incident.id, incident]));
  /** @type {Map<string, FullAlarm[]>} */
  const groups = new Map();
  for (const alarm of sorted) {
    const incident = known.get(alarm.incident ?? "");
    const key = incident && incident.alarms.length > 1 && !alarm.historical ? incident.id : `alarm ${alarm.id}`;
    groups.set(key, [...(groups.get(key) ?? []), alarm]);
  }
  return [...groups].flatMap(([key, members]) => {
    const incident = known.get(key);
    if (!incident) return members.map((alarm) => single(alarm));
    const open = opened.get(key) ?? !flood;
    /** @type {Row} */
    const head = { key: `incident ${key}`, alarm: members[0], incident, members, depth: 1, open };
    return [head, ...members.filter((alarm) => open || isNeverFolded(alarm)).map((alarm) => single(alarm, 2))];
  });
}

/** The highest level is never folded away. @param {FullAlarm} alarm */
const isNeverFolded = (alarm) => alarm.severity >= HIGHEST_SEVERITY && isActive(alarm) && !isMuted(alarm);

/**
 * The alarms that an act on these rows is about, each once; an incident's head stands for all of its members.
 * @param {readonly Row[]} rows
 */
export function alarmsOf(rows) {
  return [...new Set(rows.flatMap((row) => (row.incident ? row.members : [row.alarm])))];
}

/** @param {readonly FullAlarm[]} alarms */
export const unacknowledgedOf = (alarms) => alarms.filter(isUnacknowledged);
