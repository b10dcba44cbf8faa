// @ts-check
// What is known of a station: its data sheet, its levels with their history, what its device says of itself.

import { el, setChildren } from "../dom.js";
import { age, number } from "../format.js";
import { levelName } from "../levels.js";
import { propertyName } from "../properties.js";
import { t } from "../text.js";

/** @typedef {import("../types.js").City} City */
/**
 * @typedef {object} LevelVersion
 * @property {string} name @property {number} value @property {string} direction @property {number} rank
 * @property {string} effective_from @property {string} author @property {string} source @property {boolean} in_force
 */
/**
 * @typedef {object} SheetSensor
 * @property {string} id @property {string} property @property {string} kind @property {string} unit
 * @property {boolean} health @property {number} interval_s @property {LevelVersion[]} levels
 */
/**
 * @typedef {object} Sheet
 * @property {string} station @property {string} name @property {string} area_name @property {string} jurisdiction
 * @property {string} agency @property {string} programme @property {string} camera @property {string} link
 * @property {string} via @property {string} power @property {SheetSensor[]} sensors
 */
/** @typedef {{id: string, latest: {time: string, value: number|null}|null}} Newest  of GET /sensors */

/**
 * @param {string[]} head
 * @param {string[][]} rows
 * @param {(row: HTMLElement, place: number) => void} [mark]
 * @returns {HTMLElement}
 */
export function table(head, rows, mark = () => {}) {
  const node = el("table", "plain-table");
  const line = (/** @type {string[]} */ cells, /** @type {"th"|"td"} */ tag) => {
    const row = el("tr");
    row.append(...cells.map((cell) => el(tag, "", cell)));
    return row;
  };
  const body = el("tbody");
  body.append(...rows.map((cells, place) => {
    const row = line(cells, "td");
    mark(row, place);
    return row;
  }));
  const top = el("thead");
  top.append(line(head, "th"));
  node.append(top, body);
  return node;
}

/** @param {HTMLElement} host @param {Sheet} sheet */
export function drawSheet(host, sheet) {
  const title = el("h3", "", t("station.sheet"));
  const facts = el("dl", "facts");
  const put = (/** @type {string} */ name, /** @type {string} */ value) => {
    if (value) facts.append(el("dt", "", name), el("dd", "", value));
  };
  put(t("station.area"), [sheet.area_name, sheet.jurisdiction].filter(Boolean).join(", "));
  put(t("station.agency"), sheet.agency);
  put(t("station.programme"), sheet.programme);
  put(t("station.link"), sheet.link);
  put(t("station.via"), sheet.via);
  put(t("station.power"), sheet.power);
  if (/^https?:\/\//.test(sheet.camera)) {
    const link = /** @type {HTMLAnchorElement} */ (el("a", "", sheet.camera));
    link.href = sheet.camera;
    link.rel = "noreferrer";
    const cell = el("dd");
    cell.append(link);
    facts.append(el("dt", "", t("station.camera")), cell);
  }
  setChildren(host, [title, facts]);
}

/** @param {HTMLElement} host @param {City} city @param {SheetSensor} sensor */
export function drawLevels(host, city, sensor) {
  const head = [t("station.level"), t("station.limit"), t("station.since"), t("station.author"), t("station.source"), ""];
  const rows = sensor.levels.map((level) => [
    levelName(city, level.name),
    `${number(level.value, sensor.unit)} ${sensor.unit}`,
    level.effective_from || t("station.always"),
    level.author,
    level.source,
    level.in_force ? t("station.now") : "",
  ]);
  setChildren(host, [
    el("h3", "", t("station.levels")),
    rows.length > 0 ? table(head, rows) : el("p", "grid-empty", t("station.levelsNone")),
  ]);
}

/**
 * @param {HTMLElement} host
 * @param {Sheet} sheet
 * @param {readonly Newest[]} newest
 * @param {number} now_ms
 */
export function drawHealth(host, sheet, newest, now_ms) {
  const latest = new Map(newest.map((sensor) => [sensor.id, sensor.latest]));
  const rows = sheet.sensors.filter((sensor) => sensor.health).map((sensor) => {
    const said = latest.get(sensor.id);
    const value = said?.value ?? null;
    return [
      propertyName(sensor.property, sensor.kind),
      value === null ? "–" : `${number(value, sensor.unit)} ${sensor.unit}`,
      said ? age(now_ms - Date.parse(said.time)) : "–",
    ];
  });
  setChildren(host, [
    el("h3", "", t("station.battery")),
    rows.length > 0 ? table(["", t("station.value"), t("station.time")], rows) : el("p", "grid-empty", t("station.healthNone")),
  ]);
}

