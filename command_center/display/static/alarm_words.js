// @ts-check
// What headline and alarm list both say of an alarm.

import { isClosed } from "./alarm_order.js";
import { age, clockTime, limit, moment, number, unitText } from "./format.js";
import { levelName } from "./levels.js";
import { propertyName, valueText, whatOf } from "./properties.js";
import { failedText, soundAge, soundText } from "./reading.js";
import { datastreamOf } from "./store.js";
import { t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./store.js").Store} Store */

/**
 * The last sound value, not the one at which the alarm was raised; that one only where nothing sound is known.
 * @param {Store} store
 * @param {Alarm} alarm
 * @returns {string}
 */
export function currentValue(store, alarm) {
  const i = store.index.get(datastreamOf(alarm));
  if (i === undefined) return number(alarm.value ?? Number.NaN, alarm.unit);
  return Number.isNaN(store.sound[i]) ? valueText(store.sensors[i], alarm.value ?? Number.NaN) : soundText(store, i);
}

/**
 * What the alarm is about.
 * @param {Store} store
 * @param {Alarm} alarm
 * @returns {string}
 */
export function whatText(store, alarm) {
  const i = store.index.get(datastreamOf(alarm));
  return i === undefined ? propertyName(alarm.property) : whatOf(store, i);
}

/**
 * What is not certain about it: what somebody must go and see ("!"), and what it could be by now ("?").
 * @param {City} city
 * @param {Store} store
 * @param {Alarm} alarm
 * @param {number} now_ms
 * @returns {{mark: "!"|"?", text: string}[]}
 */
export function doubts(city, store, alarm, now_ms) {
  const unit = unitText(alarm.unit);
  /** @type {{mark: "!"|"?", text: string}[]} */
  const found = [];
  const i = store.index.get(datastreamOf(alarm));
  const failed = i === undefined || isClosed(alarm) ? "" : failedText(store, i, now_ms);
  if (failed) found.push({ mark: "!", text: failed });
  if (alarm.verify) found.push({ mark: "!", text: alarm.returned_at === null ? t("alarm.verify") : t("alarm.suspect") });
  if (alarm.doubt) {
    const value = `${number(alarm.doubt.value ?? Number.NaN, alarm.unit)} ${unit}`;
    const text = alarm.doubt.cause === "too_fast" ? t("alarm.doubtFast", { value }) : t("alarm.doubtGap", { value });
    found.push({ mark: "!", text });
  }
  const could_be = alarm.possible?.[0];
  if (could_be) {
    const seen_ms = i === undefined ? Number.NaN : store.sound_ms[i];
    const unseen = age(now_ms - (Number.isNaN(seen_ms) ? Date.parse(could_be.since) : seen_ms));
    found.push({ mark: "?", text: t("alarm.possible", { level: levelName(city, could_be.level), age: unseen }) });
  }
  if (alarm.lost_rising && alarm.rate_per_h) {
    const rate = `${number(alarm.rate_per_h, `${alarm.unit}/h`)} ${unitText(`${alarm.unit}/h`)}`;
    found.push({ mark: "?", text: t("alarm.lostRisingBy", { rate }) });
  } else if (alarm.lost_rising) {
    found.push({ mark: "?", text: t("alarm.lostRising") });
  }
  return found;
}

/**
 * How old that value is, and whether that is too old.
 * @param {Store} store
 * @param {Alarm} alarm
 * @param {number} now_ms
 * @returns {{age: string, stale: boolean}}
 */
export function currentAge(store, alarm, now_ms) {
  const i = store.index.get(datastreamOf(alarm));
  if (i === undefined || Number.isNaN(store.sound_ms[i])) return { age: "", stale: true };
  return { age: soundAge(store, i, now_ms), stale: store.isStale(i, now_ms) };
}

/**
 * Where the level stands among the gauge's levels: "tingkat 3 dari 3, tertinggi".  Some scales count upwards, some
 * downwards; words leave no doubt.
 * @param {Store} store
 * @param {Alarm} alarm
 * @returns {string}
 */
export function rankText(store, alarm) {
  const i = store.index.get(datastreamOf(alarm));
  const ranks = i === undefined ? [] : [...new Set(store.sensors[i].levels.map((level) => level.rank))].sort((a, b) => a - b);
  const place = ranks.indexOf(alarm.rank) + 1;
  if (place === 0 || ranks.length < 2) return "";
  const values = { n: place, of: ranks.length };
  return place === ranks.length ? t("level.highest", values) : t("level.rank", values);
}

/** @type {Record<string, () => string>} */
const STATES = {
  unacknowledged: () => t("state.unacknowledged"),
  acknowledged: () => t("state.acknowledged"),
  returned_unacknowledged: () => t("state.returnedUnacknowledged"),
  normal: () => t("state.normal"),
  shelved: () => t("state.shelved"),
  suppressed: () => t("state.suppressed"),
  out_of_service: () => t("state.outOfService"),
};

/**
 * @param {Alarm} alarm
 * @returns {string}
 */
export function stateText(alarm) {
  return STATES[alarm.state]?.() ?? alarm.state;
}

/**
 * Who has seen it, and when; or that nobody has.
 * @param {Alarm} alarm
 * @param {number} now_ms
 * @returns {string}
 */
export function acknowledgedText(alarm, now_ms) {
  const until = alarm.refutation ?? alarm.shelf;
  if (until) {
    const values = { who: until.by, time: dayTime(until.until, now_ms), why: alarm.refutation?.comment ?? alarm.shelf?.reason ?? "" };
    return alarm.refutation ? t("alarm.refutedBy", values) : t("alarm.shelvedBy", values);
  }
  if (alarm.acknowledged_at === null || alarm.acknowledged_by === null) return stateText(alarm);
  return t("alarm.acknowledgedBy", { who: alarm.acknowledged_by, time: dayTime(alarm.acknowledged_at, now_ms) });
}

/**
 * @param {string} time RFC 3339
 * @param {number} now_ms
 * @returns {string}
 */
export function dayTime(time, now_ms) {
  const ms = Date.parse(time);
  return now_ms - ms < 12 * 3600e3 ? clockTime(ms) : moment(ms, now_ms);
}

/**
 * What the value is to be held against; of a silent sensor, the last that was heard of it.
 * @param {Store} store
 * @param {Alarm} alarm
 * @returns {string}
 */
export function limitText(store, alarm) {
  const unit = unitText(alarm.unit);
  if (alarm.limit !== null) return t("alarm.limit", { limit: limit(alarm.limit), unit });
  return alarm.level === "silent" ? t("alarm.lastValue", { value: currentValue(store, alarm), unit }) : "";
}

/**
 * @param {Alarm} alarm
 * @returns {string[]}
 */
export function tags(alarm) {
  const words = [];
  if (alarm.historical) words.push(t("tag.historical"));
  if (alarm.silent && alarm.level !== "silent") words.push(t("tag.silent"));
  if (alarm.projected) words.push(t("tag.projected"));
  if (alarm.exercise) words.push(t("tag.exercise"));
  return words;
}

/**
 * @param {Alarm} alarm
 * @param {number} now_ms
 * @returns {string}
 */
export function times(alarm, now_ms) {
  const since_ms = Date.parse(alarm.since ?? alarm.raised_at);
  if (alarm.returned_at !== null) {
    return t("alarm.fromTo", { from: moment(since_ms, now_ms), to: dayTime(alarm.returned_at, now_ms) });
  }
  return t("alarm.since", { time: moment(since_ms, now_ms), age: age(now_ms - since_ms) });
}

/**
 * @param {Alarm} alarm
 * @param {number} now_ms
 * @returns {string}
 */
export function states(alarm, now_ms) {
  const seen = acknowledgedText(alarm, now_ms);
  const plain = alarm.state === "unacknowledged" || alarm.state === "acknowledged" || seen === stateText(alarm);
  return plain ? seen : `${stateText(alarm)} · ${seen}`;
}
