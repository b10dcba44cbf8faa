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

/**
 * The words that all names of a group begin with: under the heading "Hujan", "Pos hujan" need not be said eight times.
 * @param {string[]} names
 * @returns {string} with the space behind it; "" where they share none, or a name would have nothing left
 */
export function commonStart(names) {
  if (names.length < 2) return "";
  const words = names.map((name) => name.split(" "));
  const shortest = Math.min(...words.map((list) => list.length));
  let shared = 0;
  while (shared < shortest - 1 && words.every((list) => list[shared] === words[0][shared])) shared += 1;
  return shared > 0 ? `${words[0].slice(0, shared).join(" ")} ` : "";
}

/** @param {string} name */
const withoutBrackets = (name) => name.replace(/\s*\([^)]*\)\s*$/, "");

/** Letters beyond which a name takes two lines where there is little room beside it. */
const ONE_LINE = 15;

/**
 * A long name with the line end that makes its two lines about as long.
 * @param {string} name
 * @returns {string}
 */
export function inTwoLines(name) {
  const ends = [...name.matchAll(/ /g)].map(({ index }) => index);
  if (name.length <= ONE_LINE || ends.length === 0) return name;
  const longest = (/** @type {number} */ end) => Math.max(end, name.length - end - 1);
  const best = ends.reduce((a, b) => (longest(b) < longest(a) ? b : a));
  return `${name.slice(0, best)}\n${name.slice(best + 1)}`;
}
