// @ts-check
// What the console's list and detail say of an alarm, over the wall's own words.

import { currentAge, currentValue as soundValue, doubts, stateText, tags, whatText as whatOf } from "../alarm_words.js";
import { isActive, isClosed } from "../alarm_order.js";
import { unitText } from "../format.js";
import { levelName } from "../levels.js";
import { shortName, stationName } from "../station_name.js";
import { t } from "../text.js";
import { riverTrend, trendOf } from "../trend.js";
import { isWanted } from "./alarm_filter.js";

/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {import("../types.js").City} City */
/** @typedef {import("../store.js").Store} Store */

export { doubts, stateText, tags };

export const whatText = {
  /** @param {City} city @param {FullAlarm} alarm */
  place: (city, alarm) => shortName(city, alarm.station),
  /** @param {Store} store @param {FullAlarm} alarm */
  what: (store, alarm) => whatOf(store, alarm),
};

/** @param {City} city @param {FullAlarm} alarm */
export function levelText(city, alarm) {
  const times = (alarm.count ?? 1) > 1 ? ` ×${alarm.count}` : "";
  return levelName(city, alarm.level) + times;
}

/**
 * "Rolak Songo, muka air, Siaga 2".
 * @param {City} city @param {Store} store @param {FullAlarm} alarm
 */
export const nameOf = (city, store, alarm) =>
  [whatText.place(city, alarm), whatText.what(store, alarm), levelText(city, alarm)].filter(Boolean).join(", ");

/**
 * What its gauge says now: value with unit, age, trend, and what comes next.
 * @param {City} city @param {Store} store @param {FullAlarm} alarm @param {number} now_ms
 */
export function currentValue(city, store, alarm, now_ms) {
  const i = store.index.get(alarm.datastream);
  const { age, stale } = currentAge(store, alarm, now_ms);
  if (i === undefined || isClosed(alarm)) return { value: "", age: "", stale: false, trend: "", next: "" };
  const trend = trendOf(city, store, i, now_ms);
  const arrow = trend.direction === "up" ? "▲ " : trend.direction === "down" ? "▼ " : "";
  return {
    value: `${soundValue(store, alarm)} ${unitText(alarm.unit)}`.trim(),
    age: stale ? t("value.old", { age }) : age,
    stale,
    trend: store.sensors[i].derived_from ? "" : trend.rate ? arrow + trend.rate : trend.known ? t("detail.steady") : t("detail.trendUnknown"),
    next: isActive(alarm) ? (riverTrend(city, store, i, now_ms) ?? trend).next : "",
  };
}

const NOWHERE = { name: "", kind: "", basin: "", road: "", area_name: "" };

/**
 * The alarms that a filter lets through.
 * @param {City} city @param {Store} store @param {import("./alarm_filter.js").Filter} filter
 * @param {readonly {ticket: string, alarms: string[]}[]} orders in force
 */
export function wantedAlarms(city, store, filter, orders) {
  const places = new Map(city.stations.map((station) => [station.station, station]));
  const ticketed = new Set(orders.filter(({ ticket }) => ticket).flatMap(({ alarms }) => alarms));
  const all = /** @type {FullAlarm[]} */ ([...store.alarms.values()]);
  return all.filter((alarm) => {
    const words = [stationName(city, alarm.station), levelText(city, alarm), stateText(alarm), whatText.what(store, alarm)];
    return isWanted(alarm, places.get(alarm.station) ?? NOWHERE, filter, ticketed, words.join(" "));
  });
}

/** @type {Record<string, (who: string) => string>} */
const RELEASES = {
  person: (who) => t("release.person", { who }),
  neighbour: (who) => t("release.neighbour", { who }),
  reading: () => t("release.reading"),
  time: () => t("release.time"),
};

/**
 * Why sirens and mass messages went out.
 * @param {string} how
 * @param {string} who the person, or the gauge beside it
 * @returns {string} "" for what is none of these
 */
export const releaseWhy = (how, who) => (Object.hasOwn(RELEASES, how) ? RELEASES[how](who) : "");
