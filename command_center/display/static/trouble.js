// @ts-check
// Is anything wrong, so that the wall must stand still, and on which panel is it seen?

import { compareAlarms, isActive, isMuted, isPast, isUnacknowledged } from "./alarm_order.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").City} City */
/** @typedef {"rivers"|"sky"|"roads"|"stations"} Panel */
/** @typedef {{panel: Panel|"", station: string, key: string}} Trouble panel "" = wherever the wall stands now */

/** @type {Record<string, Panel>} */
const PANEL_OF_KIND = { river: "rivers", weir: "rivers", rain: "sky", air: "sky", road: "roads" };

/**
 * The worst thing: a level that holds, acknowledged or not; else what nobody has acknowledged.  What was set aside or is
 * past is no trouble.
 * @param {City} city
 * @param {Iterable<Alarm>} alarms
 * @param {boolean} lost the picture is not true any more
 * @returns {Trouble|null}
 */
export function troubleNow(city, alarms, lost) {
  if (lost) return { panel: "", station: "", key: "lost" };
  const open = [...alarms].filter((alarm) => !isPast(alarm) && !isMuted(alarm));
  const wrong = open.filter((alarm) => isUnacknowledged(alarm) || (isActive(alarm) && alarm.level !== "silent"));
  /** @param {Alarm} alarm */
  const holds = (alarm) => Number(isActive(alarm) && alarm.level !== "silent");
  const [worst] = wrong.sort((a, b) => holds(b) - holds(a) || compareAlarms(a, b));
  if (!worst) return null;
  const kind = city.stations.find((station) => station.station === worst.station)?.kind ?? "";
  return { panel: PANEL_OF_KIND[kind] ?? "stations", station: worst.station, key: `${worst.id}/${worst.level}` };
}
