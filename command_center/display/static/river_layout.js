// @ts-check
// Rivers as strips: each basin's gauges from the top down, what lies between them, and where the river runs into.

import { groupStations } from "./basins.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Station} Station */
/** @typedef {{station: string, travel_min: number}} Reach */
/**
 * @typedef {object} Gauge
 * @property {Station} station
 * @property {Reach|null} from the gauge of this strip that its water passed before, null = none
 * @property {boolean} next whether that one stands right before it
 */
/** @typedef {{key: string, title: string, gauges: Gauge[], into: Reach|null}} Strip */

const ON_WATER = new Set(["river", "weir"]);

/**
 * @param {City} city
 * @returns {Strip[]} one for each basin with a gauge on its river
 */
export function riverStrips(city) {
  const groups = groupStations(city).filter((group) => group.section === "water");
  return groups.flatMap(({ key, title, stations }) => {
    const gauges = stations.filter((station) => ON_WATER.has(station.kind));
    return gauges.length > 0 ? [strip(city, key, title, gauges)] : [];
  });
}

/**
 * @param {City} city
 * @param {string} key
 * @param {string} title
 * @param {Station[]} stations from the top down
 * @returns {Strip}
 */
function strip(city, key, title, stations) {
  const place = new Map(stations.map((station, k) => [station.station, k]));
  const gauges = stations.map((station, k) => {
    const reaches = city.reaches.filter((reach) => reach.downstream === station.station && (place.get(reach.upstream) ?? k) < k);
    const above = reaches.sort((a, b) => (place.get(b.upstream) ?? 0) - (place.get(a.upstream) ?? 0))[0];
    const from = above ? { station: above.upstream, travel_min: above.travel_min } : null;
    return { station, from, next: above !== undefined && place.get(above.upstream) === k - 1 };
  });
  const out = city.reaches.find((reach) => place.has(reach.upstream) && !place.has(reach.downstream));
  return { key, title, gauges, into: out ? { station: out.downstream, travel_min: out.travel_min } : null };
}

/**
 * A gauge's name under its river's: "Brantas di Betro" is "Betro" there.
 * @param {string} name
 * @param {string} river
 * @returns {string}
 */
export function nameOnRiver(name, river) {
  const start = `${river} `;
  if (!name.startsWith(start)) return name;
  return name.slice(start.length).replace(/^di /, "") || name;
}
