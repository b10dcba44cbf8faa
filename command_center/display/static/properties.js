// @ts-check
// What a datastream measures, in words.  A city may name its own; one that is not known shows under its id.

import { number, whole } from "./format.js";
import { pick, t } from "./text.js";

/** @type {Record<string, () => string>} */
const NAMES = {
  water_level: () => t("property.waterLevel"),
  river_level: () => t("property.waterLevel"),
  level: () => t("property.waterLevel"),
  tma: () => t("property.waterLevel"),
  discharge: () => t("property.discharge"),
  debit: () => t("property.discharge"),
  gate_opening: () => t("property.gateOpening"),
  rain: () => t("property.rain"),
  rain_rate: () => t("property.rainRate"),
  rain_10min: () => t("property.rain10min"),
  rain_1h: () => t("property.rain1h"),
  rain_24h: () => t("property.rain24h"),
  rainfall: () => t("property.rain"),
  hujan: () => t("property.rain"),
  pm25: () => "PM2.5",
  "pm2_5": () => "PM2.5",
  pm10: () => "PM10",
  so2: () => "SO2",
  co: () => "CO",
  o3: () => "O3",
  no2: () => "NO2",
  hc: () => "HC",
  ispu: () => "ISPU",
  temperature: () => t("property.temperature"),
  humidity: () => t("property.humidity"),
  flow: () => t("property.flow"),
  volume: () => t("property.flow"),
  speed: () => t("property.speed"),
  occupancy: () => t("property.occupancy"),
  vc_ratio: () => t("property.vcRatio"),
  battery: () => t("property.battery"),
  signal: () => t("property.signal"),
  rain_sum_10m: () => t("property.rainSum10min"),
  rain_sum_1h: () => t("property.rainSum1h"),
  rain_sum_24h: () => t("property.rainSum24h"),
  pm25_1h: () => t("property.mean1h", { what: "PM2.5" }),
  pm25_24h: () => t("property.mean24h", { what: "PM2.5" }),
  pm10_24h: () => t("property.mean24h", { what: "PM10" }),
  so2_24h: () => t("property.mean24h", { what: "SO2" }),
  co_24h: () => t("property.mean24h", { what: "CO" }),
  o3_24h: () => t("property.mean24h", { what: "O3" }),
  no2_24h: () => t("property.mean24h", { what: "NO2" }),
  ispu_pm25: () => "ISPU PM2.5",
  ispu_pm10: () => "ISPU PM10",
  ispu_so2: () => "ISPU SO2",
  ispu_co: () => "ISPU CO",
  ispu_o3: () => "ISPU O3",
  ispu_no2: () => "ISPU NO2",
  ispu_dominant: () => t("property.dominant"),
  flow_smp: () => t("property.flowSmp"),
  vc: () => t("property.vcRatio"),
  speed_ratio: () => t("property.speedRatio"),
};
/** What the city itself calls a property. @type {Record<string, import("./types.js").Bilingual>} */
let city_names = {};

/** @param {Record<string, import("./types.js").Bilingual>} names by property */
export function setPropertyNames(names) {
  city_names = names;
}


/** What is derived has whatever property its city gave it: its kind says what it is. @type {Record<string, () => string>} */
const KINDS = {
  river_rate: () => t("property.riverRate"),
  river_eta: () => t("property.riverEta"),
  ispu: () => "ISPU",
  los: () => t("property.los"),
  basin_count: () => t("property.basinCount"),
};
/** A bound of what is derived, at the end of its property. @type {Record<string, (what: string) => string>} */
const BOUNDS = {
  low: (what) => t("property.least", { what }),
  middle: (what) => t("property.middle", { what }),
  high: (what) => t("property.most", { what }),
};
/** Levels of service 1 to 6. */
const SERVICE = "ABCDEF";

/**
 * @param {string} property
 * @param {string} [kind]
 * @returns {string}
 */
export function propertyName(property, kind = "") {
  const own = pick(city_names[property]);
  return own || (NAMES[property.toLowerCase().replaceAll("-", "_")]?.() ?? derivedName(property, kind) ?? property.replaceAll(/[_-]/g, " "));
}

/** @param {string} property @param {string} kind */
function derivedName(property, kind) {
  const what = KINDS[kind]?.();
  const bound = BOUNDS[property.split(/[-_]/).at(-1) ?? ""];
  return what && bound ? bound(what) : what;
}

/**
 * What a sensor measures; of the greatest of several, also which one that is.
 * @param {import("./store.js").Store} store
 * @param {number} i
 */
export function whatOf(store, i) {
  const { property, kind } = store.sensors[i];
  const dominant = store.beside[i].dominant;
  return [propertyName(property, kind), ...(dominant ? [propertyName(dominant)] : [])].join(" · ");
}

/**
 * A value without its unit, as its kind is written.
 * @param {import("./types.js").Sensor} sensor
 * @param {number} value
 */
export function valueText({ kind, method, unit, levels }, value) {
  if (kind === "basin_count") return Number.isFinite(value) ? whole(value) : "–";
  return ((kind === "los" || method === "los") && SERVICE[value - 1]) || number(value, unit, levels);
}
