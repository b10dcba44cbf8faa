// @ts-check
// The station panel: every datastream's value, unit, level and age, in the order of the river.

import { groupStations } from "./basins.js";
import { inColumns } from "./columns.js";
import { PAGE, byId, el, setData, setText } from "./dom.js";
import { unitText } from "./format.js";
import { levelName, paintLevel } from "./levels.js";
import { originLegend, originLetter } from "./origin.js";
import { propertyName, whatOf } from "./properties.js";
import { failedText, noteText, soundAge, soundText } from "./reading.js";
import { nameOnRiver } from "./river_layout.js";
import { datastreamsByStation, hasLevels } from "./standing.js";
import { commonStart, shortName } from "./station_name.js";
import { stationSymbol, trendSymbol } from "./symbols.js";
import { t } from "./text.js";
import { trendOf } from "./trend.js";
import { drawWaves } from "./waves.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Station} Station */
/** @typedef {import("./store.js").Store} Store */

/** So few fit in one column, in larger letters. */
const FEW_SENSORS = 30;
const BESIDE = new Set(["rate", "eta"]);

/**
 * @typedef {object} Row
 * @property {HTMLElement} node @property {HTMLElement} property @property {HTMLElement} chip
 * @property {HTMLElement} value @property {HTMLElement} coming @property {HTMLElement} rate @property {HTMLElement} next
 * @property {HTMLElement} note @property {HTMLElement} origin @property {HTMLElement} age
 */

export class StationPanel {
  /** By index of the snapshot. @type {(Row|undefined)[]} */
  #rows = [];
  /** Where the waves of a river stand, and its stations. @type {{host: HTMLElement, stations: Set<string>}[]} */
  #waves = [];
  #selected = -1;
  #away = false;
  /** How far the store's changes are drawn; all is due: time has passed. */
  #drawn = -1;
  #all = true;
  /** What the lines of the waves say. @type {import("./types.js").Wave[]|null} */
  #told = null;

  /** @param {(datastream: string) => void} onSelect */
  constructor(onSelect) {
    const host = byId(PAGE.stations);
    /** @param {Event} event */
    const rowOf = (event) =>
      event.target instanceof Element ? /** @type {HTMLElement|null} */ (event.target.closest(".row")) : null;
    host.addEventListener("click", (event) => {
      const id = rowOf(event)?.dataset.datastream;
      if (id) onSelect(id);
    });
    host.addEventListener("keydown", (event) => {
      const row = rowOf(event);
      if (!row) return;
      const rows = /** @type {HTMLElement[]} */ ([...host.querySelectorAll(".row")]).filter((node) => node.offsetParent !== null);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
      if (step) rows[rows.indexOf(row) + step]?.focus();
      else if (event.key === "Enter" || event.key === " ") onSelect(row.dataset.datastream ?? "");
      else return;
      event.preventDefault();
    });
  }

  /**
   * Lays the panel out anew: after a snapshot, or in another language.
   * @param {City} city
   * @param {Store} store
   */
  build(city, store) {
    this.#rows = [];
    this.#waves = [];
    this.#told = null;
    const ofStation = datastreamsByStation(store);
    /** @type {Map<string, import("./columns.js").Group[]>} */
    const sections = new Map();
    for (const group of groupStations(city)) {
      const isWater = group.section === "water";
      const whole_names = group.stations.map((station) => shortName(city, station.station));
      const names = isWater ? whole_names.map((name) => nameOnRiver(name, group.title)) : whole_names;
      const start = isWater ? "" : commonStart(names);
      const stations = group.stations.map((station, k) => {
        const name = names[k].slice(start.length);
        return this.#station(station, name, store, ofStation.get(station.station) ?? []);
      });
      const waves = el("ul", "waves");
      if (isWater) {
        this.#waves.push({ host: waves, stations: new Set(group.stations.map((station) => station.station)) });
      }
      const section = sections.get(group.section) ?? [];
      sections.set(group.section, section);
      section.push({ key: group.key, title: group.title, stations, foot: waves });
    }
    byId(PAGE.stations).replaceChildren(...[...sections.values()].map(inColumns));
    const shown = store.sensors.filter((sensor) => !sensor.helper).length;
    setData(byId(PAGE.stations), "roomy", shown <= FEW_SENSORS);
    this.#all = true;
    this.select(this.#selected);
  }

  /**
   * @param {Station} station
   * @param {string} name as short as it may be here
   * @param {Store} store
   * @param {number[]} indices
   */
  #station(station, name, store, indices) {
    const node = el("li", "station");
    node.dataset.station = station.station;
    const shown = indices.filter((i) => !store.sensors[i].helper);
    shown.forEach((i, place) => node.append(this.#row(station, place === 0 ? name : "", store, i)));
    // What has no levels shares a line with its like; one left over has its line to itself.
    const minor = node.querySelectorAll("[data-minor]");
    const last = minor[minor.length - 1];
    if (minor.length % 2 === 1 && last instanceof HTMLElement) setData(last, "lone", true);
    return node;
  }

  /**
   * @param {Station} station
   * @param {string} name as short as it may be here
   * @param {Store} store
   * @param {number} i
   */
  #row(station, name, store, i) {
    const sensor = store.sensors[i];
    const node = el("div", "row");
    node.dataset.datastream = sensor.id;
    node.tabIndex = 0;
    node.setAttribute("role", "button");
    setData(node, "minor", !name && !hasLevels(store, i));
    // Rate and time to come stand beside their gauge already; a row of their own they have while they hold a level.
    setData(node, "beside", BESIDE.has(sensor.method ?? ""));
    node.title = `${station.name} – ${propertyName(sensor.property, sensor.kind)} (${sensor.id})`;
    const what = el("span", "row-what");
    if (name) {
      node.append(stationSymbol(station.kind));
      what.append(el("span", "row-name", name));
    }
    const reading = el("span", "row-reading");
    const row = {
      node,
      property: el("span", "row-property"),
      coming: el("span", "row-coming"),
      rate: el("span"),
      next: el("span"),
      note: el("small", "row-note"),
      chip: el("span", "chip"),
      value: el("b", "row-value"),
      origin: el("span", "row-origin"),
      age: el("span", "row-age"),
    };
    what.append(row.property);
    row.coming.append(trendSymbol(), row.rate, " ", row.next);
    reading.append(row.value, " ", el("span", "row-unit", unitText(sensor.unit)));
    node.append(what, row.note, row.chip, reading, row.coming, row.origin, row.age);
    this.#rows[i] = row;
    return node;
  }

  /** The next drawing is of all rows: time has passed, and what has not changed is older. */
  age() {
    this.#all = true;
  }

  /**
   * Draws what has changed; of what has not, the ages when they are due: not while nobody sees the panel, and at once
   * when it comes back.
   * @param {City} city
   * @param {Store} store
   * @param {number} now_ms
   */
  draw(city, store, now_ms) {
    const away = Boolean(byId(PAGE.stations).hidden);
    const every = !away && (this.#all || this.#away);
    const drawn = this.#drawn;
    this.#away = away;
    this.#all &&= away;
    this.#drawn = store.changes;
    this.#rows.forEach((row, i) => {
      if (!row || (!every && store.touched[i] <= drawn)) return;
      const standing = store.standing(i);
      setData(row.node, "standing", standing);
      setData(row.node, "stale", standing !== "never" && store.isStale(i, now_ms));
      setText(row.chip, store.level[i] ? levelName(city, store.level[i]) : "");
      paintLevel(row.node, city, store.level[i]);
      setText(row.property, whatOf(store, i));
      setText(row.value, soundText(store, i));
      const trend = trendOf(city, store, i, now_ms);
      const could_be = store.could_be[i] && t("row.possible", { level: levelName(city, store.could_be[i]) });
      setData(row.coming, "trend", trend.direction);
      setData(row.coming, "wide", could_be || trend.next ? "true" : "");
      setText(row.rate, trend.rate);
      setText(row.next, could_be || (trend.next && `· ${trend.next}`));
      setText(row.note, noteText(store, i, now_ms));
      row.note.title = failedText(store, i, now_ms);
      setText(row.origin, originLetter(store.origin[i]));
      setText(row.age, standing === "never" ? t("row.never") : soundAge(store, i, now_ms));
    });
    setText(byId(PAGE.stationsOrigins), originLegend(store.origin));
    if (away && store.waves === this.#told) return;
    this.#told = store.waves;
    /** @param {string} datastream */
    const held = (datastream) => store.level[store.index.get(datastream) ?? -1] ?? "";
    for (const { host, stations } of this.#waves) drawWaves(host, city, store.waves, { stations, held }, now_ms);
  }

  /**
   * The datastream that stands first; what can raise an alarm stands before what cannot.
   * @param {Store} store
   * @returns {number} -1 = there is none
   */
  first(store) {
    const row = byId(PAGE.stations).querySelector(".row");
    return row instanceof HTMLElement ? (store.index.get(row.dataset.datastream ?? "") ?? -1) : -1;
  }

  /** @param {number} i index of the snapshot; -1 = none */
  select(i) {
    this.#rows[this.#selected]?.node.removeAttribute("aria-current");
    this.#selected = i;
    this.#rows[i]?.node.setAttribute("aria-current", "true");
  }
}
