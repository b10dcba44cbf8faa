// @ts-check
// The panel of the roads: level of service, speed, load and flow of each.

import { PAGE, byId, el, setText } from "./dom.js";
import { number, unitText } from "./format.js";
import { propertyName, valueText } from "./properties.js";
import { datastreamsByStation } from "./standing.js";
import { shortName } from "./station_name.js";
import { t } from "./text.js";
import { drawTile, isTouched, mainOf, makeTile } from "./tile.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./store.js").Store} Store */

/** Beside the letter, in this order. @type {((sensor: import("./types.js").Sensor) => boolean)[]} */
const FACTS = [
  (sensor) => sensor.unit === "km/h",
  (sensor) => sensor.kind === "traffic_ratio" && sensor.unit === "1",
  (sensor) => sensor.unit === "veh/h",
];
/** @type {(() => string)[]} */
const SERVICE = [() => t("los.a"), () => t("los.b"), () => t("los.c"), () => t("los.d"), () => t("los.e"), () => t("los.f")];

export class RoadPanel {
  /** @type {{tile: import("./tile.js").Tile, letter: HTMLElement, facts: {i: number, node: HTMLElement}[]}[]} */
  #roads = [];

  /**
   * @param {City} city
   * @param {Store} store
   * @returns {number} how many roads there are
   */
  build(city, store) {
    const ofStation = datastreamsByStation(store);
    this.#roads = city.stations.flatMap((station) => {
      const indices = ofStation.get(station.station) ?? [];
      const i = station.kind === "road" ? mainOf(store, indices, isService(store)) : -1;
      if (i < 0) return [];
      const tile = makeTile(station, shortName(city, station.station), store, i, indices);
      const letter = el("b", "service");
      tile.picture.append(letter);
      const facts = FACTS.flatMap((is) => {
        const found = indices.find((one) => one !== i && is(store.sensors[one]));
        if (found === undefined) return [];
        const node = el("span", "fact-value");
        tile.head.append(node);
        return [{ i: found, node }];
      });
      return [{ tile, letter, facts }];
    });
    byId(PAGE.roads).replaceChildren(...this.#roads.map(({ tile }) => tile.node));
    return this.#roads.length;
  }

  /**
   * @param {City} city
   * @param {Store} store
   * @param {number} now_ms
   * @param {number} drawn how far the store's changes are drawn already; -1 = draw all
   */
  draw(city, store, now_ms, drawn) {
    for (const { tile, letter, facts } of this.#roads) {
      if (!isTouched(tile, store, drawn)) continue;
      const { i } = tile;
      const isLetter = isService(store)(i);
      setText(letter, isLetter ? valueText(store.sensors[i], store.sound[i]) : "–");
      drawTile(tile, city, store, now_ms, isLetter ? (SERVICE[store.sound[i] - 1]?.() ?? t("los.unknown")) : undefined);
      for (const fact of facts) setText(fact.node, factText(store, fact.i));
    }
  }
}

/** @param {Store} store @returns {(i: number) => boolean} */
const isService = (store) => (i) => store.sensors[i].method === "los";

/**
 * @param {Store} store
 * @param {number} i
 */
function factText(store, i) {
  const { unit, property, kind } = store.sensors[i];
  const value = `${number(store.sound[i], unit)} ${unitText(unit)}`.trim();
  return unit === "1" ? `${propertyName(property, kind)} ${value}` : value;
}
