// @ts-check
// Waves on their way down a river, as lines of its group: expected, arrived, late, not come or not to be seen.

import { el, setChildren, setData, setText } from "./dom.js";
import { clockTime } from "./format.js";
import { levelName } from "./levels.js";
import { shortName } from "./station_name.js";
import { t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Wave} Wave */

/** What has come, or should have, is told for so long; shorter where an exercise's rivers are faster than life. */
const TOLD_MS = 3 * 3600e3;

/**
 * Puts the lines of the waves that end at one of the stations into their host: one for each target and outcome.
 * @param {HTMLElement} host
 * @param {City} city
 * @param {Wave[]} waves
 * @param {{stations: Set<string>, held: (datastream: string) => string}} river its stations, and the level that a
 *   datastream holds, "" = none
 * @param {number} now_ms
 */
export function drawWaves(host, city, waves, { stations, held }, now_ms) {
  const told = merged(waves.filter((wave) => stations.has(wave.downstream_station) && isTold(city, wave, now_ms)));
  while (host.children.length < told.length) host.append(el("li", "wave"));
  const nodes = /** @type {HTMLElement[]} */ ([...host.children]).slice(0, told.length);
  nodes.forEach((node, k) => {
    setData(node, "state", told[k][0].state);
    setText(node, sentence(city, told[k], held(told[k][0].downstream)));
  });
  setChildren(host, nodes);
}

/**
 * Those of one target and outcome together, the earliest first.
 * @param {Wave[]} waves
 * @returns {Wave[][]}
 */
function merged(waves) {
  /** @type {Map<string, Wave[]>} */
  const groups = new Map();
  for (const wave of waves) {
    const key = `${wave.downstream_station} ${wave.state}`;
    groups.set(key, [...(groups.get(key) ?? []), wave]);
  }
  return [...groups.values()].map((group) => group.sort((a, b) => (a.from ?? "").localeCompare(b.from ?? "")));
}

/**
 * @param {City} city
 * @param {Wave} wave
 * @param {number} now_ms
 */
function isTold({ pace }, { state, found }, now_ms) {
  return state === "expected" || now_ms - Date.parse(found) < TOLD_MS / pace;
}

/**
 * @param {City} city
 * @param {Wave[]} group of one target and outcome
 * @param {string} level that the target holds already; "" = none
 * @returns {string}
 */
function sentence(city, group, level) {
  const [{ state, upstream_station, downstream_station }, ...others] = group;
  const first = shortName(city, upstream_station);
  const upstream = others.length > 0 ? `${first} +${others.length}` : first;
  const downstream = shortName(city, downstream_station);
  const has_risen = state === "expected" && level !== "";
  const told = has_risen ? risen(group, upstream, downstream, levelName(city, level)) : outcome(group, upstream, downstream);
  const doubtful = group.find((wave) => wave.verify);
  if (!doubtful) return told;
  return `${told} · ${t("wave.verify", { upstream: shortName(city, doubtful.upstream_station) })}`;
}

/**
 * The earliest or latest of times that may be missing.
 * @param {(string|null)[]} times RFC 3339 UTC
 * @param {boolean} latest
 */
function bound(times, latest) {
  const known = times.flatMap((time) => (time === null ? [] : [Date.parse(time)]));
  return clockTime(known.length === 0 ? Number.NaN : latest ? Math.max(...known) : Math.min(...known));
}

/** "19:36–19:53"; one time where the minute is the same.  @param {Wave[]} group */
function windowOf(group) {
  const from = bound(group.map((wave) => wave.from), false);
  const until = bound(group.map((wave) => wave.until), true);
  return from === until ? from : `${from}–${until}`;
}

/**
 * @param {Wave[]} group
 * @param {string} upstream
 * @param {string} downstream
 * @param {string} level
 */
function risen(group, upstream, downstream, level) {
  return t("wave.risen", { upstream, downstream, level, window: windowOf(group) });
}

/**
 * @param {Wave[]} group
 * @param {string} upstream
 * @param {string} downstream
 * @returns {string}
 */
function outcome(group, upstream, downstream) {
  const { state } = group[0];
  const last = bound(group.map((wave) => wave.until), true);
  const time = bound(group.map((wave) => wave.arrived), true);
  if (state === "expected") return t("wave.expected", { upstream, downstream, window: windowOf(group) });
  if (state === "absent") return t("wave.absent", { upstream, downstream, until: last });
  if (state === "unseen") return t("wave.unseen", { upstream, downstream, until: last });
  if (state === "early") return t("wave.early", { upstream, downstream, time, window: windowOf(group) });
  if (state === "on_time") return t("wave.onTime", { upstream, downstream, time });
  return t("wave.cameLate", { upstream, downstream, time });
}

/** What must be seen first stands last here. @type {Wave["state"][]} */
const WEIGHT = ["on_time", "early", "came_late", "expected", "unseen", "absent"];
/** A wave that came is told beside its gauge for so long. */
const ARRIVED_MS = 30 * 60e3;

/**
 * The waves to one station in a few words, of several outcomes the gravest: its window, or what became of it.
 * @param {City} city
 * @param {Wave[]} waves
 * @param {string} station
 * @param {number} now_ms
 * @returns {{state: Wave["state"], text: string}|null}
 */
export function waveAt(city, waves, station, now_ms) {
  const here = waves.filter((wave) => wave.downstream_station === station && isTold(city, wave, now_ms));
  const grave = here.filter(({ state, found }) => WEIGHT.indexOf(state) > 2 || now_ms - Date.parse(found) < ARRIVED_MS / city.pace);
  const [group] = merged(grave).sort((a, b) => WEIGHT.indexOf(b[0].state) - WEIGHT.indexOf(a[0].state));
  if (!group) return null;
  const until = bound(group.map((wave) => wave.until), true);
  const time = bound(group.map((wave) => wave.arrived), true);
  /** @type {Record<Wave["state"], () => string>} */
  const words = {
    expected: () => t("wave.shortExpected", { window: windowOf(group) }),
    absent: () => t("wave.shortAbsent", { until }),
    unseen: () => t("wave.shortUnseen", { until }),
    early: () => t("wave.shortEarly", { time }),
    on_time: () => t("wave.shortOnTime", { time }),
    came_late: () => t("wave.shortLate", { time }),
  };
  return { state: group[0].state, text: words[group[0].state]() };
}
