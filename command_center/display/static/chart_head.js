// @ts-check
// The line above the chart: what is drawn, its value now, and over how many hours.

import { PAGE, byId, el, setChildren, setData, setText } from "./dom.js";
import { EMBEDDED } from "./embedded.js";
import { unitText } from "./format.js";
import { levelName, paintLevel } from "./levels.js";
import { whatOf } from "./properties.js";
import { failedText, soundAge, soundText } from "./reading.js";
import { shortName } from "./station_name.js";
import { language, t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./store.js").Store} Store */

const HOURS = [6, 24, 72];

const name = el("a", "chart-name");
const property = el("span", "chart-property");
const value = el("b", "chart-value");
const unit = el("span", "chart-unit");
const chip = el("span", "chip");
const old = el("span", "chart-age");
let drawn_buttons = "";

/**
 * @param {City} city
 * @param {Store} store
 * @param {number} i
 * @param {string} note
 * @param {number} now_ms
 */
export function drawChartHead(city, store, i, note, now_ms) {
  const host = byId(PAGE.chartTitle);
  setChildren(host, [name, property, value, unit, chip, old]);
  const sensor = store.sensors[i];
  setData(host, "stale", store.isStale(i, now_ms));
  paintLevel(host, city, store.level[i]);
  setText(name, shortName(city, sensor.station));
  name.href = `/console#/station/${encodeURIComponent(sensor.station)}/${encodeURIComponent(sensor.property)}`;
  if (EMBEDDED) name.target = "_blank"; // the console is never framed
  setText(property, whatOf(store, i));
  setText(value, soundText(store, i));
  setText(unit, unitText(sensor.unit));
  setText(chip, store.level[i] ? levelName(city, store.level[i]) : "");
  setText(old, Number.isNaN(store.time_ms[i]) ? t("row.never") : soundAge(store, i, now_ms));
  const failed = failedText(store, i, now_ms);
  setData(byId(PAGE.chartNote), "look", failed !== "");
  setText(byId(PAGE.chartNote), [failed, note].filter(Boolean).join(" · "));
}

/**
 * The spans to choose from, and the way back to the worst alarm where somebody chose another datastream.
 * @param {number} hours
 * @param {boolean} manual
 * @param {(hours: number) => void} onHours
 * @param {() => void} onFollow
 */
export function drawChartButtons(hours, manual, onHours, onFollow) {
  const picture = [language(), hours, manual].join();
  if (picture === drawn_buttons) return;
  drawn_buttons = picture;
  const buttons = HOURS.map((span) => {
    const button = el("button", "", t("chart.hours", { n: span }));
    button.setAttribute("aria-pressed", String(span === hours));
    button.addEventListener("click", () => onHours(span));
    return button;
  });
  if (manual) {
    const follow = el("button", "", t("chart.follow"));
    follow.addEventListener("click", onFollow);
    buttons.unshift(follow);
  }
  setChildren(byId(PAGE.chartRanges), buttons);
}
