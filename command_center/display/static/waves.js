// @ts-check
// Waves on their way down a river, as lines of its group: expected, arrived, late, not come or not to be seen.

import { el, setChildren, setData, setText } from "./dom.js";
import { clockTime } from "./format.js";
import { shortName } from "./station_name.js";
import { t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Wave} Wave */

/** What has come, or should have, is told for so long. */
const TOLD_MS = 3 * 3600e3;

/**
 * Puts the lines of the waves that end at one of the stations into their host.
 * @param {HTMLElement} host
 * @param {City} city
 * @param {Wave[]} waves
 * @param {Set<string>} stations of the river
 * @param {number} now_ms
 */
export function drawWaves(host, city, waves, stations, now_ms) {
  const told = waves.filter((wave) => stations.has(wave.downstream_station) && isTold(wave, now_ms));
  while (host.children.length < told.length) host.append(el("li", "wave"));
  const nodes = /** @type {HTMLElement[]} */ ([...host.children]).slice(0, told.length);
  nodes.forEach((node, k) => {
    setData(node, "state", told[k].state);
    setText(node, sentence(city, told[k]));
  });
  setChildren(host, nodes);
}

/**
 * @param {Wave} wave
 * @param {number} now_ms
 */
function isTold({ state, found }, now_ms) {
  return state === "expected" || now_ms - Date.parse(found) < TOLD_MS;
}

/**
 * @param {City} city
 * @param {Wave} wave
 * @returns {string}
 */
function sentence(city, wave) {
  const upstream = shortName(city, wave.upstream_station);
  const told = outcome(wave, upstream, shortName(city, wave.downstream_station));
  return wave.verify ? `${told} · ${t("wave.verify", { upstream })}` : told;
}

/**
 * @param {Wave} wave
 * @param {string} upstream
 * @param {string} downstream
 * @returns {string}
 */
function outcome({ state, from, until, arrived }, upstream, downstream) {
  const [first, last, time] = [from, until, arrived].map((at) => clockTime(at === null ? Number.NaN : Date.parse(at)));
  if (state === "expected") return t("wave.expected", { upstream, downstream, from: first, until: last });
  if (state === "absent") return t("wave.absent", { upstream, downstream, until: last });
  if (state === "unseen") return t("wave.unseen", { upstream, downstream, until: last });
  if (state === "early") return t("wave.early", { upstream, downstream, time, from: first, until: last });
  if (state === "on_time") return t("wave.onTime", { upstream, downstream, time });
  return t("wave.cameLate", { upstream, downstream, time });
}
