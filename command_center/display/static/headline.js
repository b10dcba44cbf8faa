// @ts-check
// One statement to be read from across the room: the worst level held now, or that there is none.

import { isUnacknowledged, tally, worstActive } from "./alarm_order.js";
import { acknowledgedText, currentAge, currentValue, doubts, rankText, whatText } from "./alarm_words.js";
import { PAGE, byId, el, setChildren, setData } from "./dom.js";
import { age, limit, moment, unitText, whole } from "./format.js";
import { levelName, paintLevel } from "./levels.js";
import { stationName } from "./station_name.js";
import { datastreamOf } from "./store.js";
import { severitySymbol, trendSymbol } from "./symbols.js";
import { t } from "./text.js";
import { trendOf } from "./trend.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./store.js").Store} Store */

/** Letters beyond which a name is set smaller rather than cut. */
const LONG_NAME = 18;
const VERY_LONG_NAME = 25;

let drawn = "";

/**
 * @param {City|null} city
 * @param {Store} store
 * @param {number} now_ms
 */
export function drawHeadline(city, store, now_ms) {
  const host = byId(PAGE.headline);
  const ready = city && store.sensors.length > 0;
  const alarm = ready ? worstActive(store.alarms.values()) : null;
  const lines = !ready ? [t("headline.waiting"), ""] : alarm ? null : calm(store);
  const parts = alarm && city ? alarmParts(city, store, alarm, now_ms) : { calm: lines };
  const picture = JSON.stringify(parts);
  if (picture === drawn) return;
  drawn = picture;
  setData(host, "severity", alarm ? String(alarm.severity) : "");
  setData(host, "acknowledged", alarm !== null && !isUnacknowledged(alarm));
  paintLevel(host, city ?? EMPTY, alarm?.level ?? "");
  if ("level" in parts) setChildren(host, alarmNodes(parts));
  else setChildren(host, calmNodes(lines ?? ["", ""]));
}

const EMPTY = /** @type {City} */ (/** @type {unknown} */ ({ levels: {} }));

/**
 * Without a level held: how much of the city that statement covers, and what still waits for somebody.
 * @param {Store} store
 * @returns {[string, string]}
 */
function calm(store) {
  const observed = store.sensors.flatMap((sensor, i) => (sensor.derived_from ? [] : [i]));
  const n = observed.length;
  const heard = observed.filter((i) => !Number.isNaN(store.time_ms[i]) && !store.isSilent(i)).length;
  const words = [t("headline.heard", { heard: whole(heard), total: whole(n) }), ...counts(store)];
  return [t("headline.calm"), words.join("  ·  ")];
}

/**
 * How many alarms still hold, and how many have returned unseen; what is none is not said.
 * @param {Store} store
 * @returns {string[]}
 */
export function counts(store) {
  const { hold, returned } = tally(store.alarms.values());
  const words = [];
  if (hold > 0) words.push(hold === 1 ? t("headline.holdsOne") : t("headline.holds", { n: whole(hold) }));
  if (returned > 0) words.push(returned === 1 ? t("headline.returnedOne") : t("headline.returned", { n: whole(returned) }));
  return words;
}

/**
 * @param {City} city
 * @param {Store} store
 * @param {Alarm} alarm
 * @param {number} now_ms
 */
function alarmParts(city, store, alarm, now_ms) {
  const since_ms = Date.parse(alarm.since ?? alarm.raised_at);
  const i = store.index.get(datastreamOf(alarm));
  return {
    trend: i === undefined ? null : trendOf(city, store, i, now_ms),
    doubt: doubts(city, store, alarm, now_ms).slice(0, 2).map(({ text }) => text).join(" · "),
    severity: alarm.severity,
    level: levelName(city, alarm.level),
    rank: rankText(store, alarm),
    where: stationName(city, alarm.station),
    what: whatText(store, alarm),
    ...currentAge(store, alarm, now_ms),
    value: currentValue(store, alarm),
    unit: unitText(alarm.unit),
    limit: alarm.limit === null ? "" : t("alarm.limit", { limit: limit(alarm.limit), unit: unitText(alarm.unit) }),
    since: t("alarm.since", { time: moment(since_ms, now_ms), age: age(now_ms - since_ms) }),
    state: [alarm.exercise ? t("tag.exercise") : "", acknowledgedText(alarm, now_ms)].filter(Boolean).join(" · "),
    counts: counts(store),
  };
}

/** @param {ReturnType<typeof alarmParts>} parts */
function alarmNodes(parts) {
  const level = el("div", "headline-level");
  const words = el("div");
  words.append(el("b", "", parts.level), el("small", "", parts.rank));
  level.append(severitySymbol(parts.severity), words);
  const where = el("div", "headline-where");
  where.append(el("b", "", parts.where));
  setData(where, "length", parts.where.length > VERY_LONG_NAME ? "very-long" : parts.where.length > LONG_NAME ? "long" : "");
  const value = el("div", "headline-value");
  const beside = el("small");
  beside.append(el("span", "headline-what", `${parts.what}  ${parts.age}`), el("span", "headline-limit", parts.limit));
  setData(value, "stale", parts.stale);
  value.append(el("b", "", parts.value), el("span", "headline-unit", parts.unit), beside, trendNode(parts));
  const since = el("div", "headline-since");
  since.append(el("b", "", parts.since), el("span", "headline-state", parts.state));
  const others = el("div", "headline-others");
  const [first = "", ...rest] = parts.counts;
  others.append(el("b", "", first), el("span", "", rest.join(" · ")));
  return [level, where, value, since, others];
}

/**
 * What comes: how fast it rises and when it reaches the next level; before that, what is in doubt.
 * @param {ReturnType<typeof alarmParts>} parts
 */
function trendNode({ trend, doubt }) {
  const node = el("small", "headline-trend");
  if (doubt) {
    node.append(el("span", "headline-doubt", doubt));
  } else if (trend?.direction) {
    setData(node, "trend", trend.direction);
    const rate = el("span", "headline-rate");
    rate.append(trendSymbol(), trend.rate);
    node.append(rate, el("span", "headline-next", trend.next));
  }
  return node;
}

/** @param {string[]} lines */
function calmNodes([first, second]) {
  return [el("div", "headline-calm", first), el("div", "headline-calm-more", second)];
}
