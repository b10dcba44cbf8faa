// @ts-check
// What the list shows when there are more alarms than a person can work through: incidents, and every alarm of the highest
// level by itself.

import { isActive, isMuted } from "./alarm_order.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Incident} Incident */

export const HIGHEST_SEVERITY = 4;
/** A longer list is folded as in a flood: nobody reads it. */
export const LONGEST_LIST = 12;

/**
 * Which alarms stand alone and which incidents stand for the others.
 * @param {Alarm[]} alarms open ones, in their order
 * @param {Incident[]} incidents in their order
 * @param {boolean} flood
 * @returns {{alone: Alarm[], folded: {incident: Incident, alarms: Alarm[]}[]}}
 */
export function fold(alarms, incidents, flood) {
  if (!flood && alarms.length <= LONGEST_LIST) return { alone: alarms, folded: [] };
  const isAlone = (/** @type {Alarm} */ a) => (a.severity >= HIGHEST_SEVERITY && isActive(a) && !isMuted(a)) || isMuted(a);
  const known = new Map(incidents.map((incident) => [incident.id, incident]));
  const alone = alarms.filter((a) => isAlone(a) || !known.has(a.incident ?? ""));
  const apart = new Set(alone);
  /** @type {Map<string, Alarm[]>} */
  const members = new Map(incidents.map((incident) => [incident.id, []]));
  for (const alarm of alarms) if (!apart.has(alarm)) members.get(alarm.incident ?? "")?.push(alarm);
  const folded = incidents.map((incident) => ({ incident, alarms: members.get(incident.id) ?? [] }));
  return { alone, folded: folded.filter((one) => one.alarms.length > 0) };
}
