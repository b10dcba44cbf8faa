// @ts-check
// Stations in the order in which water meets them: by basin, upstream to downstream; then air, then roads.

import { pick, t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Station} Station */

const ON_WATER = new Set(["river", "weir"]);

/**
 * Minutes from each station down to the end of its river, by the longest way.  A loop in the reaches is cut where it
 * closes.
 * @param {City["reaches"]} reaches
 * @returns {(station: string) => number}
 */
export function minutesToMouth(reaches) {
  /** @type {Map<string, {downstream: string, travel_min: number}[]>} */
  const below = new Map();
  for (const reach of reaches) {
    const list = below.get(reach.upstream) ?? [];
    list.push(reach);
    below.set(reach.upstream, list);
  }
  /** @type {Map<string, number>} */
  const known = new Map();
  /** @param {string} station @returns {number} */
  const minutes = (station) => {
    const found = known.get(station);
    if (found !== undefined) return found;
    known.set(station, 0);
    const ways = (below.get(station) ?? []).map((reach) => reach.travel_min + minutes(reach.downstream));
    const longest = Math.max(0, ...ways);
    known.set(station, longest);
    return longest;
  };
  return minutes;
}

/**
 * @typedef {object} Group
 * @property {string} key
 * @property {"water"|"rain"|"air"|"road"|"other"} section what the eye should reach first stands first
 * @property {string} title
 * @property {Station[]} stations
 */

/**
 * The groups of the station panel: one for each basin that has stations, then the other kinds.
 * @param {City} city
 * @returns {Group[]}
 */
export function groupStations(city) {
  const minutes = minutesToMouth(city.reaches);
  const inReach = new Set(city.reaches.flatMap((reach) => [reach.upstream, reach.downstream]));
  /** Gauges of the river itself from the top down, then gauges beside it, then rain. @param {Station} s */
  const place = (s) => (ON_WATER.has(s.kind) ? (inReach.has(s.station) ? 0 : 1) : 2);
  /** @param {Station} a @param {Station} b */
  const downstream = (a, b) =>
    place(a) - place(b) || minutes(b.station) - minutes(a.station) || a.name.localeCompare(b.name);
  /** @param {Station} s */
  const ofBasin = (s) => ON_WATER.has(s.kind) || (s.kind === "rain" && s.basin !== "");
  const codes = new Set([...Object.keys(city.basins), ...city.stations.filter(ofBasin).map((s) => s.basin)]);
  /** @type {Group[]} */
  const groups = [...codes].map((basin) => ({
    key: `basin ${basin}`,
    section: "water",
    title: pick(city.basins[basin]) || basin || t("group.noBasin"),
    stations: city.stations.filter((s) => ofBasin(s) && s.basin === basin).sort(downstream),
  }));
  /** @param {Station} s */
  const kindOf = (s) => (s.kind === "rain" || s.kind === "air" || s.kind === "road" ? s.kind : "other");
  const titles = { rain: t("group.rain"), air: t("group.air"), road: t("group.road"), other: t("group.other") };
  for (const section of /** @type {const} */ (["rain", "air", "road", "other"])) {
    const stations = city.stations.filter((s) => !ofBasin(s) && kindOf(s) === section);
    groups.push({ key: section, section, title: titles[section], stations });
  }
  // The river with the most gauges is the one the city lives by.
  const water = groups.filter((group) => group.section === "water");
  water.sort((a, b) => b.stations.length - a.stations.length || a.title.localeCompare(b.title));
  const dry = groups.filter((group) => group.section !== "water");
  return [...water, ...dry].filter((group) => group.stations.length > 0);
}
