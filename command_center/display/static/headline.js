// @ts-check
// One statement to be read from across the room: the worst level held now, or that there is none.

import { isUnacknowledged, tally, worstActive } from "./alarm_order.js";
import { acknowledgedText, currentAge, currentValue, doubts, rankText, whatText } from "./alarm_words.js";
import { PAGE, byId, el, setChildren, setData } from "./dom.js";
import { age, limit, moment, unitText, whole } from "./format.js";
import { levelName, paintLevel } from "./levels.js";
import { stationName } from "./station_name.js";
import { datastreamOf } from "./store.js";
import { doubtSymbol, severitySymbol, trendSymbol } from "./symbols.js";
import { t } from "./text.js";
import { riverTrend, trendOf } from "./trend.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./store.js").Store} Store */

/** Letters beyond which a name is set smaller rather than cut. */
const LONG_NAME = 18;
const VERY_LONG_NAME = 25;

/** What rises and falls so that one can say when it reaches a level. */
const ON_WATER = new Set(["river", "weir"]);

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
    river: i === undefined ? null : riverTrend(city, store, i, now_ms),
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
    actions: openActions(store, datastreamOf(alarm)),
    flows: city.stations.some((station) => station.station === alarm.station && ON_WATER.has(station.kind)),
    // A scale of one level (a rate, several gauges at once) has no top: its river may be far below every level of its own.
    top: i !== undefined && store.sensors[i].levels.length > 1 && store.sensors[i].levels.every((level) => level.rank <= alarm.rank),
  };
}

/**
 * What people have to do about it, and what of that nobody has taken.
 * @param {Store} store
 * @param {string} datastream
 */
function openActions(store, datastream) {
  const open = store.duties.actions.filter((action) => action.datastream === datastream && action.done_at === null);
  if (open.length === 0) return "";
  const waiting = open.filter((action) => action.taken_by === null).length;
  return t("headline.actions", { n: whole(open.length), waiting: whole(waiting) });
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
  value.append(el("b", "", parts.value), el("span", "headline-unit", parts.unit), rateNode(parts), beside);
  const foot = el("div", "headline-foot");
  const [first = "", ...rest] = parts.counts;
  foot.append(el("b", "headline-state", parts.state), el("span", "", parts.since), el("span", "", [first, ...rest].join(" · ")));
  return [level, where, value, comingNode(parts), foot];
}

/** How fast it rises or falls. @param {ReturnType<typeof alarmParts>} parts */
function rateNode({ trend }) {
  const node = el("span", "headline-trend");
  if (!trend?.direction) return node;
  setData(node, "trend", trend.direction);
  const rate = el("b", "headline-rate");
  rate.append(trendSymbol(), trend.bare);
  node.append(rate);
  if (trend.old) node.append(el("small", "headline-old", t("headline.rateOld", { age: trend.old })));
  return node;
}

/**
 * How long they have: minutes to the next level, and whether what has to be done fits in; before that, what is in doubt;
 * at the top of the scale, what has to be done.
 * @param {ReturnType<typeof alarmParts>} parts
 */
function comingNode({ trend, river, doubt, actions, top, flows }) {
  const node = el("div", "headline-coming");
  const told = river ?? trend;
  const ahead = told?.ahead;
  if (doubt) {
    const words = el("b", "headline-doubt");
    words.append(doubtSymbol("!"), doubt);
    node.append(words);
  } else if (ahead) {
    node.append(el("span", "headline-next", HOW[ahead.how](ahead.level)), el("b", "headline-minutes", ahead.time), ...needNodes(ahead));
  } else {
    const words = top ? t("headline.top") : told?.direction === "down" ? t("headline.falls") : flows ? t("headline.noNext") : "";
    node.append(el("span", "headline-next", words));
    if (actions) node.append(el("b", "headline-actions", actions));
  }
  return node;
}

/** @type {Record<import("./trend.js").Ahead["how"], (level: string) => string>} */
const HOW = {
  within: (level) => t("headline.within", { level }),
  earliest: (level) => t("headline.earliest", { level }),
  about: (level) => t("headline.about", { level }),
};

/**
 * The minutes that are needed, and what is left of the others.
 * @param {import("./trend.js").Ahead} ahead
 */
function needNodes({ needed_min, margin_min }) {
  if (needed_min === null || margin_min === null) return [];
  const late = Math.round(margin_min) < 0;
  const margin = whole(Math.abs(Math.round(margin_min)));
  const words = el("b", "headline-need");
  setData(words, "late", late);
  if (late) words.append(doubtSymbol("!"));
  const needed = t("headline.needed", { needed: whole(Math.round(needed_min)) });
  words.append(`${needed} · ${late ? t("headline.late", { margin }) : t("headline.spare", { margin })}`);
  return [words];
}

/** @param {string[]} lines */
function calmNodes([first, second]) {
  return [el("div", "headline-calm", first), el("div", "headline-calm-more", second)];
}
