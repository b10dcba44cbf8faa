// @ts-check
// A datastream by its station's name and what it measures; its id is for programs.

import { propertyName, whatOf } from "./properties.js";
import { shortName } from "./station_name.js";

/**
 * "Rolak Songo, tinggi air".
 * @param {import("./types.js").City|null} city null: not loaded yet, then the id's own words stand
 * @param {import("./store.js").Store} store
 * @param {string} id "station:property"; a station's alone gives the station
 * @returns {string}
 */
export function datastreamName(city, store, id) {
  const [station, property] = id.split(":");
  const place = city ? shortName(city, station) : station;
  if (property === undefined) return place;
  const i = store.index.get(id);
  return `${place}, ${i === undefined ? propertyName(property) : whatOf(store, i) || propertyName(property)}`;
}
