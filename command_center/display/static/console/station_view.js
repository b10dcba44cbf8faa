// @ts-check
// One station: a chart of any range, the values with their quality, its levels and their history, its device, its alarms.

import { get } from "../api.js";
import { el, setChildren, setData, setText } from "../dom.js";
import { moment, unitText } from "../format.js";
import { levelName, paintLevel } from "../levels.js";
import { propertyName } from "../properties.js";
import { failedText, noteText, soundAge, soundText } from "../reading.js";
import { t } from "../text.js";
import { Download } from "./download.js";
import { DAY_MS, RangeBar } from "./range_bar.js";
import { RangeChart } from "./range_chart.js";
import { hashOf } from "./router.js";
import { drawAlarms, drawHealth, drawLevels, drawSheet, drawValues } from "./station_sheet.js";
import { LevelTrial } from "./trial.js";

/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("../types.js").City} City */
/** @typedef {import("./station_sheet.js").Sheet} Sheet */
/** @typedef {import("./station_sheet.js").Answer} Answer */

const POINTS = 2000;
/** A range that ends now is asked for again so often. */
const EVERY_S = 30;

export class StationView {
  node = el("div", "station-page");
  #back = el("a");
  #title = el("h2");
  #now = { level: el("b", "chip"), value: el("b", "station-now-value"), age: el("span"), note: el("span", "row-note") };
  #line = el("p", "station-now");
  #sensors = el("nav", "station-sensors");
  #bar = new RangeBar((length_ms) => this.#follow(length_ms), (from_ms, to_ms) => this.#show(from_ms, to_ms));
  #chart = new RangeChart((from_ms, to_ms) => this.#show(from_ms, to_ms));
  #note = el("p", "office-quiet");
  #trial;
  #download;
  #parts = { values: el("section"), alarms: el("section"), levels: el("section"), health: el("section"), sheet: el("section") };
  /** @type {Sheet|null} */
  #sheet = null;
  /** @type {import("./station_sheet.js").Newest[]} of the device itself */
  #health = [];
  /** @type {Answer|null} of the range shown; null = not here yet, or not to be had */
  #answer = null;
  /** @type {import("./range_bar.js").Range|null} null: the clock is not known yet */
  #range = null;
  #asked = "";
  #failed = false;
  #seconds = 0;
  /** @type {AbortController|null} */
  #loading = null;

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.#trial = new LevelTrial(context, () => this.#draw());
    this.#download = new Download(context);
    this.#bar.node.append(this.#download.node);
    this.#back.href = hashOf("station");
    this.#note.setAttribute("role", "status");
    this.#line.append(...Object.values(this.#now));
    const below = el("div", "station-parts");
    const beside = el("div", "station-beside");
    const { values, ...others } = this.#parts;
    beside.append(...Object.values(others));
    below.append(values, beside);
    this.node.append(this.#back, this.#title, this.#line, this.#sensors, this.#bar.node, this.#chart.node, this.#note, this.#trial.node, below);
  }

  unmount() {
    this.#loading?.abort();
    this.#download.close();
    this.#chart.close();
  }

  /** @param {import("./page.js").Changed} changed */
  update(changed) {
    const city = this.context.city();
    const now_ms = this.context.now();
    if (!city || !Number.isFinite(now_ms)) return;
    this.#range ??= { from_ms: now_ms - DAY_MS, to_ms: now_ms, length_ms: DAY_MS };
    const [station, property = ""] = this.context.rest();
    const place = `${station} ${property}`;
    if (place !== this.#asked || changed.me || changed.sensors) {
      this.#asked = place;
      void this.#load(station);
    } else if (changed.second) this.#tick();
    if (changed.alarms || changed.language || changed.place) drawAlarms(this.#parts.alarms, city, this.context.store, station, now_ms);
    if (changed.language) this.#draw();
    this.#drawNow(city, now_ms);
  }

  #tick() {
    this.#seconds += 1;
    if (this.#seconds < EVERY_S || !this.#range?.length_ms || this.#chart.isDragged) return;
    this.#follow(this.#range.length_ms);
  }

  /** @param {string} station */
  async #load(station) {
    const asked = this.#asked;
    if (this.#sheet?.station !== station) this.#sheet = null;
    this.#answer = null;
    this.#draw();
    const sheet = await this.context.load(() => get(`/stations/${encodeURIComponent(station)}`));
    if (asked !== this.#asked) return;
    this.#sheet = sheet;
    this.#failed = sheet === null;
    if (sheet === null) this.#draw();
    else await this.#fetch();
  }

  /** @returns {import("./station_sheet.js").SheetSensor|null} the one in the address, else the first that is no device's */
  #sensor() {
    const sensors = this.#sheet?.sensors ?? [];
    const wanted = this.context.rest()[1];
    return sensors.find((one) => one.property === wanted) ?? sensors.find((one) => !one.health) ?? sensors[0] ?? null;
  }

  /** @param {number} length_ms up to now, and on with the clock */
  #follow(length_ms) {
    const now_ms = this.context.now();
    this.#range = { from_ms: now_ms - length_ms, to_ms: now_ms, length_ms };
    void this.#fetch();
  }

  /** @param {number} from_ms @param {number} to_ms */
  #show(from_ms, to_ms) {
    if (!(from_ms < to_ms)) {
      this.context.warn(t("station.badRange"));
      return;
    }
    this.#range = { from_ms, to_ms, length_ms: 0 };
    this.#answer = null;
    void this.#fetch();
  }

  async #fetch() {
    const [sensor, range] = [this.#sensor(), this.#range];
    this.#seconds = 0;
    if (!sensor || !range) return this.#draw();
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.#draw();
    try {
      const [from, to] = [range.from_ms, range.to_ms].map((ms) => new Date(ms).toISOString());
      const path = `/sensors/${encodeURIComponent(sensor.id)}/observations?from=${from}&to=${to}&points=${POINTS}`;
      const devices = (this.#sheet?.sensors ?? []).filter((one) => one.health);
      const [answer, health] = await this.context.load(() => Promise.all([
        get(path, loading.signal),
        Promise.all(devices.map(({ id }) => get(`/sensors/${encodeURIComponent(id)}`, loading.signal))),
      ])) ?? [null, []];
      if (loading.signal.aborted) return;
      this.#answer = answer;
      this.#health = health;
      this.#failed = answer === null;
    } catch (error) {
      if (!loading.signal.aborted) throw error;
      return;
    }
    this.#draw();
  }

  /** What the gauge says just now, from the live stream.  @param {City} city @param {number} now_ms */
  #drawNow(city, now_ms) {
    const { store } = this.context;
    const i = store.index.get(this.#sensor()?.id ?? "");
    this.#line.hidden = i === undefined;
    if (i === undefined) return;
    paintLevel(this.#line, city, store.level[i]);
    setText(this.#now.level, store.level[i] ? levelName(city, store.level[i]) : "");
    setText(this.#now.value, `${soundText(store, i)} ${unitText(store.sensors[i].unit)}`.trim());
    setText(this.#now.age, Number.isNaN(store.time_ms[i]) ? t("station.never") : soundAge(store, i, now_ms));
    setText(this.#now.note, failedText(store, i, now_ms) || noteText(store, i, now_ms));
  }

  #draw() {
    const [city, sensor, range] = [this.context.city(), this.#sensor(), this.#range];
    setText(this.#back, t("station.back"));
    setText(this.#note, this.#noteOf());
    for (const part of [this.#bar.node, this.#chart.node, this.#sensors, this.#trial.node]) part.hidden = sensor === null;
    for (const part of [this.#parts.values, this.#parts.levels, this.#parts.health, this.#parts.sheet]) part.hidden = sensor === null;
    if (!city || !sensor || !this.#sheet || !range) {
      setText(this.#title, this.#sheet?.name ?? this.context.rest()[0] ?? "");
      return;
    }
    setText(this.#title, t("station.of", { what: propertyName(sensor.property, sensor.kind), station: this.#sheet.name }));
    this.#title.dataset.datastream = sensor.id;
    this.#drawSensors(this.#sheet, sensor.id);
    this.#bar.draw(city.time_zone, range);
    this.#download.offer(sensor.id, range);
    drawSheet(this.#parts.sheet, this.#sheet);
    drawLevels(this.#parts.levels, city, sensor);
    drawHealth(this.#parts.health, this.#sheet, this.#health, this.context.now());
    this.#trial.draw(city, sensor, range);
    this.#chart.draw(city, sensor, this.#answer?.items ?? [], [range.from_ms / 1000, range.to_ms / 1000], this.#trial.levels);
    drawValues(this.#parts.values, this.#answer, sensor.unit);
  }

  #noteOf() {
    const answer = this.#answer;
    if (this.#failed) return t("station.failed");
    if (answer === null) return this.#sheet && !this.#sensor() ? t("station.noSensor") : t("station.loading");
    const held = answer.held_from === null ? [] : [t("station.held", { time: moment(Date.parse(answer.held_from), this.context.now()) })];
    if (answer.items.length === 0) return [t("station.empty"), ...held].join(" · ");
    return [answer.detail === "minute" ? t("station.detailMinute") : t("station.detailObservation"), t("station.zoom"), ...held].join(" · ");
  }

  /** @param {Sheet} sheet @param {string} shown */
  #drawSensors(sheet, shown) {
    this.#sensors.setAttribute("aria-label", t("station.sensors"));
    while (this.#sensors.children.length > sheet.sensors.length) this.#sensors.lastElementChild?.remove();
    while (this.#sensors.children.length < sheet.sensors.length) this.#sensors.append(el("a"));
    sheet.sensors.forEach((sensor, k) => {
      const link = /** @type {HTMLAnchorElement} */ (this.#sensors.children[k]);
      const name = propertyName(sensor.property, sensor.kind);
      const same = sheet.sensors.filter((other) => other !== sensor && propertyName(other.property, other.kind) === name);
      const apart = same.some((other) => other.unit === sensor.unit) ? sensor.property : unitText(sensor.unit);
      setText(link, same.length > 0 ? `${name} (${apart})` : name);
      link.href = hashOf("station", [sheet.station, sensor.property]);
      setData(link, "shown", sensor.id === shown);
      if (sensor.id === shown) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
  }
}
