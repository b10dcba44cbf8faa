// @ts-check
// One station: a chart of any range, the values with their quality, its levels and their history, its device, its alarms.

import { get } from "../api.js";
import { el, setChildren, setData, setText } from "../dom.js";
import { clockTime, date, moment, number } from "../format.js";
import { levelName } from "../levels.js";
import { propertyName } from "../properties.js";
import { t } from "../text.js";
import { fromField, toField } from "./city_time.js";
import { RangeChart } from "./range_chart.js";
import { drawHealth, drawLevels, drawSheet, table } from "./station_sheet.js";

/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("./station_sheet.js").Sheet} Sheet */
/** @typedef {import("./range_chart.js").Observation} Observation */
/** @typedef {{items: Observation[], held_from: string|null, detail: string}} Answer */

const HOUR_MS = 3600e3;
const DAY_MS = 24 * HOUR_MS;
const POINTS = 2000;
const ROWS = 200;
/** @type {[() => string, number][]} */
const RANGES = [
  [() => t("station.hours6"), 6 * HOUR_MS], [() => t("station.day1"), DAY_MS], [() => t("station.days7"), 7 * DAY_MS],
  [() => t("station.days30"), 30 * DAY_MS], [() => t("station.year"), 365 * DAY_MS],
];

/** @type {import("./page.js").Page} */
export const STATION = {
  id: "station",
  title: () => t("station.title"),
  mount: (root, context) => new StationPage(root, context),
};

class StationPage {
  #title = el("h2");
  #choice = /** @type {HTMLSelectElement} */ (el("select"));
  #sensors = el("nav", "station-sensors");
  #ranges = el("p", "station-ranges");
  #from = /** @type {HTMLInputElement} */ (el("input"));
  #to = /** @type {HTMLInputElement} */ (el("input"));
  #chart = new RangeChart((from_ms, to_ms) => this.#show(from_ms, to_ms));
  #note = el("p", "second");
  #parts = { values: el("section"), levels: el("section"), alarms: el("section"), health: el("section"), sheet: el("section") };
  /** @type {Sheet|null} */
  #sheet = null;
  /** @type {import("./station_sheet.js").Newest[]} */
  #newest = [];
  /** @type {Answer|null} */
  #answer = null;
  /** @type {[number, number]|null} null: the last day, once the clock is known */
  #span = null;
  #asked = "";
  #busy = false;
  /** @type {AbortController|null} */
  #loading = null;

  /** @param {HTMLElement} root @param {Context} context */
  constructor(root, context) {
    this.context = context;
    const page = el("div", "station-page");
    const below = el("div", "station-parts");
    below.append(...Object.values(this.#parts));
    this.#from.type = this.#to.type = "datetime-local";
    this.#choice.addEventListener("change", () => this.context.go("station", this.#choice.value));
    page.append(this.#choice, this.#title, this.#sensors, this.#ranges, this.#chart.node, this.#note, below);
    root.append(page);
  }

  unmount() {
    this.#loading?.abort();
    this.#chart.close();
  }

  /** @param {import("./page.js").Changed} changed */
  update(changed) {
    const city = this.context.city();
    const now_ms = this.context.now();
    if (!city || !Number.isFinite(now_ms)) return;
    const [station = city.stations[0]?.station ?? "", sensor = ""] = this.context.rest();
    this.#span ??= [now_ms - DAY_MS, now_ms];
    const place = `${station} ${sensor}`;
    if (place !== this.#asked || changed.me) {
      this.#asked = place;
      void this.#load(station);
    }
    if (changed.place || changed.language || changed.city) this.#drawHead(city, station);
    if (changed.alarms || changed.language) this.#drawAlarms(city, station);
    if (changed.language) this.#draw();
  }

  /** @param {string} station */
  async #load(station) {
    const [sheet, newest] = await Promise.all([
      this.context.load(() => get(`/stations/${encodeURIComponent(station)}`)),
      this.context.load(() => get("/sensors")),
    ]);
    if (sheet === null || newest === null || !this.#asked.startsWith(`${station} `)) return;
    this.#sheet = sheet;
    this.#newest = newest.items;
    await this.#fetch();
  }

  /** @returns {import("./station_sheet.js").SheetSensor|null} the one in the address, else the first that is no device's */
  #sensor() {
    const sensors = this.#sheet?.sensors ?? [];
    const wanted = this.context.rest()[1];
    return sensors.find((one) => one.property === wanted) ?? sensors.find((one) => !one.health) ?? sensors[0] ?? null;
  }

  /** @param {number} from_ms @param {number} to_ms */
  #show(from_ms, to_ms) {
    if (!(from_ms < to_ms)) return;
    this.#span = [from_ms, to_ms];
    void this.#fetch();
  }

  async #fetch() {
    const sensor = this.#sensor();
    if (!sensor || !this.#span) return;
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.#busy = true;
    this.#draw();
    try {
      const answer = await this.context.load(() => get(`${this.#path(sensor.id)}&points=${POINTS}`, loading.signal));
      if (loading.signal.aborted) return;
      this.#answer = answer;
    } catch (error) {
      if (!loading.signal.aborted) throw error;
      return;
    }
    this.#busy = false;
    this.#draw();
  }

  /** @param {string} id */
  #path(id) {
    const [from, to] = (this.#span ?? []).map((ms) => new Date(ms).toISOString());
    return `/sensors/${encodeURIComponent(id)}/observations?from=${from}&to=${to}`;
  }

  /** @param {import("../types.js").City} city @param {string} station */
  #drawHead(city, station) {
    const options = city.stations.map(({ station: id, name }) => {
      const option = /** @type {HTMLOptionElement} */ (el("option", "", name));
      option.value = id;
      option.selected = id === station;
      return option;
    });
    this.#choice.setAttribute("aria-label", t("station.choose"));
    this.#choice.replaceChildren(...options);
  }

  /** @param {import("../types.js").City} city @param {string} station */
  #drawAlarms(city, station) {
    const open = [...this.context.store.alarms.values()].filter((alarm) => alarm.station === station);
    const list = el("ul");
    list.append(...open.map((alarm) => {
      const link = /** @type {HTMLAnchorElement} */ (el("a", "", `${levelName(city, alarm.level)} · ${propertyName(alarm.property)} · ${alarm.raised_at}`));
      link.href = `#/alarms/${encodeURIComponent(alarm.id)}`;
      link.dataset.alarm = alarm.id;
      const item = el("li");
      item.append(link);
      return item;
    }));
    setChildren(this.#parts.alarms, [el("h3", "", t("station.alarms")), open.length > 0 ? list : el("p", "grid-empty", t("station.noAlarm"))]);
  }

  #draw() {
    const city = this.context.city();
    const sensor = this.#sensor();
    if (!city || !sensor || !this.#sheet || !this.#span) return;
    setText(this.#title, t("station.of", { what: propertyName(sensor.property, sensor.kind), station: this.#sheet.name }));
    this.#title.dataset.datastream = sensor.id;
    this.#drawSensors(this.#sheet, sensor.id);
    this.#drawRanges(city.time_zone, sensor.id);
    const answer = this.#answer;
    setText(this.#note, this.#busy ? t("station.loading") : this.#noteOf(answer));
    drawSheet(this.#parts.sheet, this.#sheet);
    drawLevels(this.#parts.levels, city, sensor);
    drawHealth(this.#parts.health, this.#sheet, this.#newest, this.context.now());
    if (this.#busy || !answer) return;
    this.#chart.draw(city, sensor, answer.items, [this.#span[0] / 1000, this.#span[1] / 1000]);
    this.#drawValues(answer, sensor.unit);
  }

  /** @param {Answer|null} answer */
  #noteOf(answer) {
    if (answer === null || answer.items.length === 0) return t("station.empty");
    const words = [answer.detail === "minute" ? t("station.detailMinute") : t("station.detailObservation"), t("station.zoom")];
    if (answer.held_from !== null) words.push(t("station.held", { time: moment(Date.parse(answer.held_from), this.context.now()) }));
    return words.join(" · ");
  }

  /** @param {Sheet} sheet @param {string} shown */
  #drawSensors(sheet, shown) {
    setChildren(this.#sensors, sheet.sensors.map((sensor) => {
      const link = /** @type {HTMLAnchorElement} */ (el("a", "", propertyName(sensor.property, sensor.kind)));
      link.href = `#/station/${encodeURIComponent(sheet.station)}/${encodeURIComponent(sensor.property)}`;
      if (sensor.id === shown) link.setAttribute("aria-current", "page");
      return link;
    }));
  }

  /** @param {string} zone @param {string} id */
  #drawRanges(zone, id) {
    const span = this.#span ?? [0, 0];
    const buttons = RANGES.map(([name, length_ms]) => {
      const button = /** @type {HTMLButtonElement} */ (el("button", "", name()));
      button.type = "button";
      setData(button, "chosen", Math.abs(span[1] - span[0] - length_ms) < 1);
      button.addEventListener("click", () => this.#show(this.context.now() - length_ms, this.context.now()));
      return button;
    });
    this.#from.value = toField(span[0], zone);
    this.#to.value = toField(span[1], zone);
    this.#from.setAttribute("aria-label", t("station.from"));
    this.#to.setAttribute("aria-label", t("station.to"));
    const show = /** @type {HTMLButtonElement} */ (el("button", "", t("station.show")));
    show.type = "button";
    show.addEventListener("click", () => this.#show(fromField(this.#from.value, zone), fromField(this.#to.value, zone)));
    const [from, to] = span.map((ms) => new Date(ms).toISOString());
    const csv = /** @type {HTMLAnchorElement} */ (el("a", "", t("station.csv")));
    csv.href = `/api/v1/export.csv?sensor=${encodeURIComponent(id)}&from=${from}&to=${to}`;
    setChildren(this.#ranges, [...buttons, this.#from, this.#to, show, csv]);
  }

  /** @param {Answer} answer @param {string} unit */
  #drawValues({ items }, unit) {
    const newest = items.slice(-ROWS).reverse();
    const head = [t("station.time"), t("station.value"), t("station.quality"), t("station.origin"), t("station.reasons")];
    const rows = newest.map(({ time, value, quality, origin, reasons = [] }) => {
      const ms = Date.parse(time);
      return [`${date(ms)} ${clockTime(ms, true)}`, value === null ? "–" : `${number(value, unit)} ${unit}`, String(quality), origin, reasons.join(", ")];
    });
    const mark = (/** @type {HTMLElement} */ row, /** @type {number} */ place) => setData(row, "quality", String(newest[place].quality));
    setChildren(this.#parts.values, [el("h3", "", t("station.values")), table(head, rows, mark)]);
  }
}
