// @ts-check
// The panel of the rivers: a strip for each basin, upstream to downstream, its gauges as cross-sections.

import { CrossSection } from "./cross_section.js";
import { PAGE, byId, el, setData, setText } from "./dom.js";
import { inMinutes } from "./format.js";
import { nameOnRiver, riverStrips } from "./river_layout.js";
import { datastreamsByStation, hasLevels } from "./standing.js";
import { shortName } from "./station_name.js";
import { t } from "./text.js";
import { drawTile, gravest, isTouched, mainOf, makeTile, showOn } from "./tile.js";
import { waveAt } from "./waves.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./river_layout.js").Gauge} Gauge */

export class RiverPanel {
  /** @type {{tile: import("./tile.js").Tile, section: CrossSection, reach: HTMLElement, from: HTMLElement, gauge: Gauge,
   *   main: number, watched: number[]}[]} watched: what of the station can hold a level and is observed */
  #gauges = [];

  /**
   * After a snapshot, or in another language.
   * @param {City} city
   * @param {Store} store
   * @returns {number} how many gauges there are
   */
  build(city, store) {
    this.#gauges = [];
    const ofStation = datastreamsByStation(store);
    const strips = riverStrips(city).flatMap(({ key, title, gauges, into }) => {
      const list = el("div", "strip-gauges");
      for (const gauge of gauges) {
        const indices = ofStation.get(gauge.station.station) ?? [];
        const i = mainOf(store, indices);
        if (i < 0) continue;
        const name = nameOnRiver(shortName(city, gauge.station.station), title);
        const tile = makeTile(gauge.station, name, store, i, indices);
        const section = new CrossSection(store.sensors[i].levels);
        const [reach, from] = [el("span", "reach"), el("span", "reach-from")];
        setData(tile.node, "beside", gauge.from !== null && !gauge.next);
        setData(tile.node, "source", gauge.from === null);
        tile.head.append(reach);
        tile.head.after(from);
        tile.picture.append(section.node);
        const can_hold = indices.filter((one) => hasLevels(store, one) && !store.sensors[one].derived_from);
        list.append(tile.node);
        this.#gauges.push({ tile, section, reach, from, gauge, main: i, watched: can_hold });
      }
      if (list.children.length === 0) return [];
      const node = el("section", "strip");
      node.dataset.strip = key;
      node.style.setProperty("--gauges", String(list.children.length));
      const mouth = into && t("river.into", { station: shortName(city, into.station), time: inMinutes(into.travel_min) });
      const head = el("h3", "", title);
      head.append(el("small", "", mouth ?? ""));
      node.append(head, list);
      return [node];
    });
    byId(PAGE.rivers).replaceChildren(...strips, el("p", "river-legend", t("river.legend")));
    return this.#gauges.length;
  }

  /**
   * @param {City} city
   * @param {Store} store
   * @param {number} now_ms
   * @param {number} drawn how far the store's changes are drawn already; -1 = draw all
   */
  draw(city, store, now_ms, drawn) {
    for (const shown of this.#gauges) {
      const { tile, reach, from, gauge, watched } = shown;
      if (!isTouched(tile, store, drawn)) continue;
      const worst = gravest(store, watched);
      const i = worst < 0 ? shown.main : worst;
      if (i !== tile.i) {
        showOn(tile, store, i);
        shown.section = new CrossSection(store.sensors[i].levels);
        tile.picture.replaceChildren(shown.section.node);
      }
      drawTile(tile, city, store, now_ms);
      const { section } = shown;
      const held = store.sensors[i].levels.find((level) => level.name === store.level[i]);
      section.draw(store.sound[i], held?.rank ?? 0);
      const wave = waveAt(city, store.waves, gauge.station.station, now_ms);
      setData(reach, "wave", wave?.state ?? "");
      setText(reach, wave?.text ?? reachText(gauge));
      setText(from, wave || !gauge.from || gauge.next ? "" : t("river.from", { station: shortName(city, gauge.from.station) }));
    }
  }
}

/**
 * What lies between this gauge and the one above it.
 * @param {Gauge} gauge
 */
const reachText = ({ from }) => (from ? t("river.travel", { time: inMinutes(from.travel_min) }) : t("river.source"));
