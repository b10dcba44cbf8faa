// @ts-check
// What is known of a station: values of a range, levels with their history, alarms, what its device says, its data sheet.

import { el, setChildren } from "../dom.js";
import { age, clockTime, date, limit, moment, number, unitText } from "../format.js";
import { isClosed } from "../alarm_order.js";
import { stateText } from "../alarm_words.js";
import { levelName } from "../levels.js";
import { propertyName } from "../properties.js";
import { FAIL, MISSING, SUSPECT } from "../quality.js";
import { t } from "../text.js";
import { mark, table } from "./loaded.js";
import { originText, qualityText, reasonsText } from "./observation_words.js";
import { hashOf } from "./router.js";

/** @typedef {import("../types.js").City} City */
/**
 * @typedef {object} LevelVersion
 * @property {string} name @property {number} value @property {string} direction @property {number} rank
 * @property {number} hysteresis @property {number} on_delay_s @property {number} off_delay_s
 * @property {string} effective_from @property {string} author @property {string} source @property {boolean} in_force
 */
/**
 * @typedef {object} SheetSensor
 * @property {string} id @property {string} property @property {string} kind @property {string} unit
 * @property {boolean} health @property {number} interval_s @property {LevelVersion[]} levels
 */
/**
 * @typedef {object} Sheet  GET /api/v1/stations/{station}.
 * @property {string} station @property {string} name @property {string} area_name @property {string} jurisdiction
 * @property {string} agency @property {string} programme @property {string} camera @property {string} link
 * @property {string} via @property {string} power @property {SheetSensor[]} sensors
 */
/** @typedef {{id: string, latest: {time: string, value: number|null, quality: number}|null}} Newest  of GET /sensors/{id} */
/** @typedef {{time: string, value: number|null, quality: number, origin: string, reasons?: string[]}} Observation */
/** @typedef {{items: Observation[], held_from: string|null, detail: "observation"|"minute"}} Answer  of GET …/observations */

const ROWS = 200;
const LOOKS = new Map([[SUSPECT, "warn"], [FAIL, "bad"], [MISSING, "warn"]]);

/** @param {number} ms with its date, whatever the day */
export const dated = (ms) => `${date(ms)} ${clockTime(ms, true)}`;

/** @param {number|null} value @param {string} unit */
const measured = (value, unit) => (value === null ? "–" : `${number(value, unit)} ${unitText(unit)}`.trim());

/** @param {HTMLElement} host @param {Node} content it scrolls by itself, and so can have the focus */
function put(host, content) {
  host.tabIndex = 0;
  host.setAttribute("role", "region");
  const title = content instanceof Element ? content.querySelector("h3") : null;
  host.setAttribute("aria-label", title?.textContent ?? "");
  const top = host.scrollTop;
  host.replaceChildren(content);
  host.scrollTop = top;
}

/** The newest of the range first.  @param {HTMLElement} host @param {Answer|null} answer @param {string} unit */
export function drawValues(host, answer, unit) {
  const newest = (answer?.items ?? []).slice(-ROWS).reverse();
  const head = [t("station.time"), t("station.value"), t("station.quality"), t("station.reasons"), t("station.origin")];
  const rows = newest.map(({ time, value, quality, origin, reasons = [] }) => [
    dated(Date.parse(time)),
    measured(value, unit),
    LOOKS.has(quality) ? mark(qualityText(quality), LOOKS.get(quality) ?? "") : qualityText(quality),
    reasonsText(reasons),
    originText(origin),
  ]);
  put(host, table(t("station.values"), head, rows, answer === null ? t("station.loading") : t("station.empty")));
}

/** @param {HTMLElement} host @param {City} city @param {import("../store.js").Store} store @param {string} station @param {number} now_ms */
export function drawAlarms(host, city, store, station, now_ms) {
  const open = [...store.alarms.values()].filter((alarm) => alarm.station === station && !isClosed(alarm));
  const rows = open.map((alarm) => {
    const link = el("a", "", levelName(city, alarm.level));
    link.href = hashOf("alarms", [alarm.id]);
    link.dataset.alarm = alarm.id;
    return [link, propertyName(alarm.property, kindOf(store, alarm)), stateText(alarm), moment(Date.parse(alarm.since ?? alarm.raised_at), now_ms)];
  });
  put(host, table(t("station.alarms"), [t("station.level"), t("station.quantity"), t("station.status"), t("station.since")], rows, t("station.noAlarm")));
}

/** @param {import("../store.js").Store} store @param {{datastream: string}} alarm */
const kindOf = (store, alarm) => store.sensors[store.index.get(alarm.datastream) ?? -1]?.kind;

/** What a city's table begins with "illustrative" is made up (sensors/row.py); what stands behind that is the city's.  @param {string} source */
const sourceText = (source) => source.replace(/^illustrative\b/, t("station.illustrative")) || "–";

/** @param {HTMLElement} host @param {City} city @param {SheetSensor} sensor */
export function drawLevels(host, city, sensor) {
  const head = [t("station.level"), t("station.limit"), t("station.since"), t("station.author"), t("station.source"), t("station.status")];
  const rows = sensor.levels.map((level) => [
    levelName(city, level.name),
    `${limit(level.value)} ${unitText(sensor.unit)}`.trim(),
    level.effective_from ? dated(Date.parse(level.effective_from)) : t("station.always"),
    level.author || "–",
    sourceText(level.source),
    level.in_force ? mark(t("station.inForce"), "good") : t("station.notInForce"),
  ]);
  put(host, table(t("station.levels"), head, rows, t("station.levelsNone")));
}

/** @param {HTMLElement} host @param {Sheet} sheet @param {readonly Newest[]} newest @param {number} now_ms */
export function drawHealth(host, sheet, newest, now_ms) {
  const latest = new Map(newest.map((sensor) => [sensor.id, sensor.latest]));
  const rows = sheet.sensors.filter((sensor) => sensor.health).map((sensor) => {
    const said = latest.get(sensor.id);
    return [
      propertyName(sensor.property, sensor.kind),
      measured(said?.value ?? null, sensor.unit),
      said ? qualityText(said.quality) : "–",
      said ? age(now_ms - Date.parse(said.time)) : t("station.never"),
    ];
  });
  put(host, table(t("station.battery"), [t("station.quantity"), t("station.value"), t("station.quality"), t("station.age")], rows, t("station.healthNone")));
}

/** @param {HTMLElement} host @param {Sheet} sheet */
export function drawSheet(host, sheet) {
  const part = el("section", "office-part");
  const facts = el("dl", "office-facts");
  const fact = (/** @type {string} */ name, /** @type {string} */ value) => {
    if (value) facts.append(el("dt", "", name), el("dd", "", value));
  };
  fact(t("station.area"), [sheet.area_name, sheet.jurisdiction].filter(Boolean).join(", "));
  fact(t("station.agency"), sheet.agency);
  fact(t("station.programme"), sheet.programme);
  fact(t("station.link"), sheet.link);
  fact(t("station.via"), sheet.via);
  fact(t("station.power"), sheet.power);
  if (/^https?:\/\//.test(sheet.camera)) {
    const link = el("a", "", sheet.camera);
    link.href = sheet.camera;
    link.rel = "noreferrer";
    const cell = el("dd");
    cell.append(link);
    setChildren(facts, [...facts.children, el("dt", "", t("station.camera")), cell]);
  }
  part.append(el("h3", "", t("station.sheet")), facts);
  put(host, part);
}
