// @ts-check
// What a datastream measures, in words.  A property that is not known here shows under its own id.

import { t } from "./text.js";

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
  rain_1h: () => t("property.rain1h"),
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
};

/**
 * @param {string} property
 * @returns {string}
 */
export function propertyName(property) {
  return NAMES[property.toLowerCase()]?.() ?? property.replaceAll("_", " ");
}
