// @ts-check
// One station on a panel: its picture, name, value, level, trend and age.  A tile shows one datastream.

import { el, setData, setText } from "./dom.js";
import { unitText } from "./format.js";
import { levelName, paintLevel } from "./levels.js";
import { originLetter } from "./origin.js";
import { propertyName } from "./properties.js";
import { failedText, noteText, soundAge, soundText } from "./reading.js";
import { trendSymbol } from "./symbols.js";
import { t } from "./text.js";
import { trendOf } from "./trend.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Station} Station */
/** @typedef {import("./store.js").Store} Store */

/**
 * @typedef {object} Tile
 * @property {number} i @property {number[]} all the station's datastreams that are shown @property {number[]} drawn_of all of them @property {HTMLElement} node @property {HTMLElement} unit @property {HTMLElement} head @property {HTMLElement} picture
 * @property {HTMLElement} value @property {HTMLElement} rate @property {HTMLElement} trend @property {HTMLElement} next
 * @property {HTMLElement} chip @property {HTMLElement} note @property {HTMLElement} age @property {HTMLElement} extra
 */

/**
 * The datastream that a station stands for: the first that is observed and has levels, else whatever comes first.
 * @param {Store} store
 * @param {number[]} indices of the station's datastreams, those with levels first
 * @param {(i: number) => boolean} [wanted] those that a panel would rather show
 * @returns {number} -1 = it has none
 */
export function mainOf(store, indices, wanted = (i) => !store.sensors[i].derived_from) {
  const shown = indices.filter((i) => !store.sensors[i].helper);
  return shown.find(wanted) ?? shown[0] ?? -1;
}

/**
 * @param {Station} station
 * @param {string} name
 * @param {Store} store
 * @param {number} i
 * @param {number[]} indices of the station's datastreams
 * @returns {Tile}
 */
export function makeTile(station, name, store, i, indices) {
  const node = el("li", `tile tile-${station.kind}`);
  node.dataset.station = station.station;
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  const tile = {
    i: -1,
    all: indices.filter((one) => !store.sensors[one].helper),
    drawn_of: indices,
    node,
    unit: el("span", "tile-unit"),
    head: el("div", "tile-head"),
    picture: el("div", "tile-picture"),
    value: el("b", "tile-value"),
    trend: el("span", "tile-trend"),
    rate: el("span"),
    next: el("span", "tile-next"),
    chip: el("span", "chip"),
    note: el("small", "tile-note"),
    age: el("span", "tile-age"),
    extra: el("span", "tile-extra"),
  };
  const reading = el("span", "tile-reading");
  reading.append(tile.value, " ", tile.unit);
  tile.trend.append(trendSymbol(), tile.rate);
  const foot = el("div", "tile-foot");
  foot.append(tile.trend, tile.age);
  const words = el("div", "tile-words");
  words.append(el("b", "tile-name", name), reading, tile.chip, tile.next, tile.extra, tile.note);
  node.append(tile.head, tile.picture, words, foot);
  showOn(tile, store, i);
  return tile;
}

/**
 * Shows one of the station's datastreams.
 * @param {Tile} tile
 * @param {Store} store
 * @param {number} i
 */
export function showOn(tile, store, i) {
  const { id, name, property, kind, unit } = store.sensors[i];
  tile.i = i;
  tile.node.dataset.datastream = id;
  tile.node.title = `${name} – ${propertyName(property, kind)} (${id})`;
  setText(tile.unit, unitText(unit));
}

/**
 * Of several datastreams the one that holds the gravest level.
 * @param {Store} store
 * @param {number[]} indices
 * @returns {number} -1 = none holds one
 */
export function gravest(store, indices) {
  let [worst, severity, rank] = [-1, 0, 0];
  for (const i of indices) {
    const held = store.level[i] ? store.sensors[i].levels.find((level) => level.name === store.level[i]) : undefined;
    if (!held || held.severity < severity || (held.severity === severity && held.rank <= rank)) continue;
    [worst, severity, rank] = [i, held.severity, held.rank];
  }
  return worst;
}

/**
 * Whether something of a tile's station has changed since it was drawn.
 * @param {Tile} tile
 * @param {Store} store
 * @param {number} drawn how far the store's changes were drawn then
 */
export const isTouched = (tile, store, drawn) => tile.drawn_of.some((i) => store.touched[i] > drawn);

/**
 * @param {Tile} tile
 * @param {City} city
 * @param {Store} store
 * @param {number} now_ms
 * @param {string} [said] in place of what comes next
 */
export function drawTile(tile, city, store, now_ms, said) {
  const { i } = tile;
  // The station's gravest level, whichever of its datastreams holds it: a tile is never calmer than its station.
  const held = gravest(store, tile.all);
  const level = held < 0 ? "" : store.level[held];
  const standing = level ? "level" : store.standing(i);
  setData(tile.node, "standing", standing);
  setData(tile.node, "stale", standing !== "never" && store.isStale(i, now_ms));
  paintLevel(tile.node, city, level);
  setText(tile.value, soundText(store, i));
  setText(tile.chip, level ? levelName(city, level) : "");
  const trend = trendOf(city, store, i, now_ms);
  setData(tile.trend, "trend", trend.direction);
  setText(tile.rate, trend.short);
  tile.trend.title = trend.rate;
  const could_be = store.could_be[i] ? t("row.possible", { level: levelName(city, store.could_be[i]) }) : "";
  const ahead = trend.ahead ? t("tile.next", { time: trend.ahead.time }) : "";
  setText(tile.next, said ?? (could_be || ahead));
  tile.next.title = trend.next;
  setText(tile.note, noteText(store, i, now_ms));
  tile.note.title = failedText(store, i, now_ms);
  const old = [soundAge(store, i, now_ms), originLetter(store.origin[i])].filter(Boolean).join(" ");
  setText(tile.age, standing === "never" ? t("row.never") : old);
}
