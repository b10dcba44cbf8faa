// @ts-check
// The panel of the sky: rain against its levels, and the air as ISPU with the pollutant that makes it so.

import { PAGE, byId, el, setData, setText, svg } from "./dom.js";
import { number, unitText } from "./format.js";
import { ispuBand } from "./ispu.js";
import { propertyName } from "./properties.js";
import { datastreamsByStation } from "./standing.js";
import { commonStart, shortName } from "./station_name.js";
import { t } from "./text.js";
import { drawTile, isTouched, mainOf, makeTile } from "./tile.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Station} Station */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./tile.js").Tile} Tile */
/** @typedef {{tile: Tile, beside: number[]}} Shown beside: other datastreams of the station */

const BAR_HIGH = 40;
/** So much of a bar lies above its highest level. */
const HEADROOM = 1.2;
const ISPU_TOP = 500;

export class SkyPanel {
  /** @type {(Shown & {bar: SVGElement, top: number})[]} */
  #rain = [];
  /** @type {(Shown & {mark: SVGElement})[]} */
  #air = [];

  /**
   * @param {City} city
   * @param {Store} store
   * @returns {number} how many stations there are
   */
  build(city, store) {
    const ofStation = datastreamsByStation(store);
    /** @param {string} kind @param {(i: number) => boolean} [wanted] */
    const tilesOf = (kind, wanted) => {
      const stations = city.stations.filter((station) => station.kind === kind);
      const start = commonStart(stations.map((station) => shortName(city, station.station)));
      return stations.flatMap((station) => {
        const indices = ofStation.get(station.station) ?? [];
        const i = mainOf(store, indices, wanted);
        const name = shortName(city, station.station).slice(start.length);
        const beside = indices.filter((other) => other !== i && !store.sensors[other].helper);
        return i < 0 ? [] : [{ tile: makeTile(station, name, store, i, indices), beside }];
      });
    };
    this.#rain = tilesOf("rain").map((shown) => ({ ...shown, ...rainBar(store.sensors[shown.tile.i], shown.tile) }));
    this.#air = tilesOf("air", (i) => store.sensors[i].kind === "ispu").map((shown) => ({ ...shown, mark: ispuScale(shown.tile) }));
    const parts = [section("rain", t("group.rain"), this.#rain), section("air", t("panel.air"), this.#air)];
    byId(PAGE.sky).replaceChildren(...parts.filter((part) => part !== null));
    return this.#rain.length + this.#air.length;
  }

  /**
   * @param {City} city
   * @param {Store} store
   * @param {number} now_ms
   * @param {number} drawn how far the store's changes are drawn already; -1 = draw all
   */
  draw(city, store, now_ms, drawn) {
    for (const { tile, beside, bar, top } of this.#rain) {
      if (!isTouched(tile, store, drawn)) continue;
      drawTile(tile, city, store, now_ms);
      const value = store.sound[tile.i];
      const high = Number.isFinite(value) ? Math.min(1, Math.max(0, value / top)) * BAR_HIGH : 0;
      bar.setAttribute("y", String(BAR_HIGH - high));
      bar.setAttribute("height", String(high));
      setText(tile.extra, sums(store, beside));
    }
    for (const { tile, beside, mark } of this.#air) {
      if (!isTouched(tile, store, drawn)) continue;
      const { i } = tile;
      const isIndex = store.sensors[i].kind === "ispu";
      const value = isIndex ? store.sound[i] : Number.NaN;
      const band = Number.isFinite(value) ? ispuBand(value) : null;
      setData(tile.node, "band", band?.name ?? "");
      mark.setAttribute("transform", `translate(${(Math.min(Math.max(value || 0, 0), ISPU_TOP) / ISPU_TOP) * 100} 0)`);
      setData(mark, "unknown", band === null);
      const dominant = store.beside[i].dominant;
      const why = dominant ? t("air.dominant", { what: propertyName(dominant) }) : "";
      drawTile(tile, city, store, now_ms, band ? [band.words(), why].filter(Boolean).join(" · ") : t("air.noIndex"));
      setText(tile.extra, measured(store, beside));
    }
  }
}

/**
 * @param {string} key
 * @param {string} title
 * @param {Shown[]} shown
 */
function section(key, title, shown) {
  if (shown.length === 0) return null;
  const node = el("section", `sky-part sky-${key}`);
  const list = el("ol", "tiles");
  list.append(...shown.map(({ tile }) => tile.node));
  node.append(el("h3", "", title), list);
  return node;
}

/**
 * A bar with its levels as lines.
 * @param {import("./types.js").Sensor} sensor
 * @param {Tile} tile
 * @returns {{bar: SVGElement, top: number}}
 */
function rainBar({ levels }, tile) {
  const limits = levels.map((level) => level.value);
  const top = Math.max(...limits, 1) * HEADROOM;
  const bar = svg("rect", { class: "bar-fill", x: 0, y: BAR_HIGH, width: 14, height: 0 });
  const lines = limits.map((limit) => {
    const y = BAR_HIGH * (1 - limit / top);
    return svg("path", { class: "bar-level", d: `M0,${y} H14` });
  });
  tile.picture.append(
    svg("svg", { class: "bar", viewBox: `-1 -1 16 ${BAR_HIGH + 2}`, preserveAspectRatio: "none", "aria-hidden": "true" }, bar, ...lines, svg("path", { class: "bar-frame", d: `M0,0 V${BAR_HIGH} H14 V0` })),
  );
  return { bar, top };
}

/** The scale from 0 to 500 with the bounds of the categories. @param {Tile} tile */
function ispuScale(tile) {
  const ticks = [50, 100, 200, 300].map((bound) => svg("path", { class: "scale-tick", d: `M${bound / 5},3 V9` }));
  const mark = svg("path", { class: "scale-mark", d: "M0,3 L-3,-2 H3 Z" });
  const line = svg("path", { class: "scale-line", d: "M0,6 H100" });
  tile.picture.append(svg("svg", { class: "scale", viewBox: "-4 -3 108 13", "aria-hidden": "true" }, line, ...ticks, mark));
  return mark;
}

/** Over how long a computed sum goes: a tile has room for no more than a word that it was computed. @type {Record<string, () => string>} */
const WINDOWS = {
  rain_sum_10m: () => t("property.rain10min"),
  rain_sum_1h: () => t("property.rain1h"),
  rain_sum_24h: () => t("property.rain24h"),
};

/** @param {string} property */
const windowName = (property) => {
  const span = WINDOWS[property.replaceAll("-", "_")]?.();
  return span === undefined ? propertyName(property) : t("property.computedShort", { span });
};

/**
 * "1 jam 12 mm", "24 jam (hit.) 40 mm": the sums beside the intensity, what was measured first.
 * @param {Store} store
 * @param {number[]} indices
 */
function sums(store, indices) {
  const told = indices.filter((i) => store.sensors[i].unit === "mm" && Number.isFinite(store.sound[i]));
  told.sort((a, b) => Number(Boolean(store.sensors[a].derived_from)) - Number(Boolean(store.sensors[b].derived_from)));
  const lines = told.slice(0, 2).map((i) => `${windowName(store.sensors[i].property)} ${number(store.sound[i], "mm")} mm`);
  return lines.join("\n");
}

/**
 * What the station measures of the pollutants; the hour says what the day's index cannot yet.
 * @param {Store} store
 * @param {number[]} indices
 */
function measured(store, indices) {
  const told = indices.filter((i) => store.sensors[i].kind === "air" && Number.isFinite(store.sound[i])).slice(0, 2);
  return told
    .map((i) => `${propertyName(store.sensors[i].property)} ${number(store.sound[i], store.sensors[i].unit)} ${unitText(store.sensors[i].unit)}`)
    .join(" · ");
}
