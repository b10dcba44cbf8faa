// @ts-check
// A station's name: whole where there is room for it, else without what stands in brackets behind it.

/** @typedef {import("./types.js").City} City */

/**
 * "Rolak Songo (Bendung Lengkong)".
 * @param {City} city
 * @param {string} station
 * @returns {string}
 */
export function stationName(city, station) {
  return city.stations.find((s) => s.station === station)?.name ?? station;
}

/**
 * "Rolak Songo", unless another station would then have the same name.
 * @param {City} city
 * @param {string} station
 * @returns {string}
 */
export function shortName(city, station) {
  const name = stationName(city, station);
  const short = withoutBrackets(name);
  const same = city.stations.filter((s) => withoutBrackets(s.name) === short);
  return short && same.length === 1 ? short : name;
}

/** @param {string} name */
const withoutBrackets = (name) => name.replace(/\s*\([^)]*\)\s*$/, "");
