// @ts-check
// "Verify now": opens by itself beside the list, with the camera, the gauges up- and downstream, and the time that is left
// until the alarm goes out unrefuted.

import { ApiError, get } from "../api.js";
import { el, setChildren, setData, setText } from "../dom.js";
import { clockTime, inMinutes, unitText, whole } from "../format.js";
import { levelName, paintLevel } from "../levels.js";
import { soundAge, soundText } from "../reading.js";
import { shortName, stationName } from "../station_name.js";
import { t } from "../text.js";
import { trendOf } from "../trend.js";
import { toVerify } from "./alarm.js";
import { releaseText } from "./alarm_detail.js";
import { currentValue, doubts, levelText, whatText } from "./alarm_text.js";
import { CameraView } from "./camera.js";
import { placed } from "./neighbours.js";

/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {import("../types.js").City} City */
/** @typedef {import("./page.js").Context} Context */

/** What could not be asked for is asked for again so late. */
const AGAIN_MS = 5000;

export class VerifyPanel {
  node = el("section", "verify");
  #title = el("h2");
  #what = el("p", "verify-what");
  #left = el("p", "verify-left");
  #buttons = el("p", "verify-buttons");
  #camera;
  #beside = el("table", "verify-beside");
  #body = el("tbody");
  #caption = el("caption");
  #note = el("p", "story-note");
  #chosen = "";
  /** @type {Map<string, string[]>} ids of the gauges beside, by alarm */
  #known = new Map();

  /**
   * @param {Context} context
   * @param {import("./alarm_acts.js").AlarmActs} acts
   * @param {(alarm: FullAlarm) => void} open shows it in the list
   */
  constructor(context, acts, open) {
    this.context = context;
    this.#camera = new CameraView(context.now);
    this.node.setAttribute("aria-labelledby", "verify-title");
    this.#title.id = "verify-title";
    this.node.hidden = true;
    const buttons = /** @type {const} */ (["refute", "confirm", "open", "next"]).map((act) => {
      const button = el("button");
      button.type = "button";
      button.dataset.act = act;
      button.addEventListener("click", () => {
        const alarm = this.alarm;
        if (act === "next") this.#next();
        else if (alarm && act === "refute") void acts.refute(alarm);
        else if (alarm && act === "confirm") void acts.confirm(alarm);
        else if (alarm) open(alarm);
      });
      return button;
    });
    this.#buttons.append(...buttons);
    this.#beside.append(this.#caption, this.#body);
    this.node.append(this.#title, this.#what, this.#left, this.#buttons, this.#camera.node, this.#beside, this.#note);
  }

  /** The alarm that is looked at. @returns {FullAlarm|null} */
  get alarm() {
    const all = this.#all();
    return all.find((alarm) => alarm.id === this.#chosen) ?? all[0] ?? null;
  }

  #all() {
    return toVerify(/** @type {Iterable<FullAlarm>} */ (this.context.store.alarms.values()), this.context.now());
  }

  #next() {
    const all = this.#all();
    const k = all.findIndex((alarm) => alarm.id === this.alarm?.id);
    this.#chosen = all[(k + 1) % all.length]?.id ?? "";
    this.context.update();
  }

  /** @param {City} city @param {number} now_ms */
  draw(city, now_ms) {
    const all = this.#all();
    const alarm = this.alarm;
    this.node.hidden = alarm === null;
    if (alarm === null) return;
    const { store } = this.context;
    setData(this.node, "alarm", alarm.id);
    paintLevel(this.node, city, alarm.level === "silent" ? "" : alarm.level);
    setText(this.#title, all.length > 1 ? t("verify.titleOf", { k: whole(all.indexOf(alarm) + 1), n: whole(all.length) }) : t("verify.title"));
    const value = currentValue(city, store, alarm, now_ms);
    const words = [stationName(city, alarm.station), whatText.what(store, alarm), levelText(city, alarm), value.value, value.trend, value.age];
    const doubt = doubts(city, store, alarm, now_ms).map(({ text }) => text);
    setText(this.#what, [...words, ...doubt].filter(Boolean).join(" · "));
    this.#drawLeft(alarm, now_ms);
    this.#drawButtons(alarm, all.length);
    this.#camera.draw(city.stations.find((one) => one.station === alarm.station)?.camera ?? "");
    this.#drawBeside(city, alarm, now_ms);
  }

  /** @param {FullAlarm} alarm @param {number} now_ms */
  #drawLeft(alarm, now_ms) {
    const left_ms = alarm.releases_at === null ? Number.NaN : Date.parse(alarm.releases_at) - now_ms;
    setData(this.#left, "look", Number.isFinite(left_ms) ? "counting" : "");
    if (Number.isFinite(left_ms)) {
      const left = clock(left_ms);
      setText(this.#left, t("verify.left", { left, time: clockTime(Date.parse(alarm.releases_at ?? ""), true) }));
    } else {
      setText(this.#left, alarm.release === null ? t("verify.noCountdown") : releaseText(alarm, now_ms));
    }
  }

  /** @param {FullAlarm} alarm @param {number} n */
  #drawButtons(alarm, n) {
    const words = { refute: t("act.refute"), confirm: t("act.confirm"), open: t("verify.open"), next: t("verify.next") };
    for (const button of this.#buttons.children) {
      if (!(button instanceof HTMLButtonElement)) continue;
      const act = /** @type {keyof typeof words} */ (button.dataset.act);
      setText(button, words[act]);
      button.hidden = (act === "next" && n < 2) || (act === "confirm" && alarm.releases_at === null);
    }
  }

  /** @param {City} city @param {FullAlarm} alarm @param {number} now_ms */
  #drawBeside(city, alarm, now_ms) {
    const { store } = this.context;
    const ids = this.#known.get(alarm.id);
    setText(this.#caption, t("verify.beside"));
    if (ids === undefined) {
      this.#known.set(alarm.id, []);
      void this.#load(alarm.id);
      return;
    }
    const gauges = ids.flatMap((id) => {
      const sensor = store.sensors[store.index.get(id) ?? -1];
      return sensor && !sensor.derived_from ? [{ id, station: sensor.station }] : []; // what is computed of a gauge says no more than it
    });
    if (gauges.length > 0 || ids.length > 0) setText(this.#note, "");
    const rows = placed(city.reaches, alarm.station, gauges).map(({ id, where, travel_min }, k) => {
      const i = store.index.get(id) ?? -1;
      const trend = trendOf(city, store, i, now_ms);
      const arrow = trend.direction === "up" ? "▲ " : trend.direction === "down" ? "▼ " : "";
      const place = { upstream: t("verify.upstream"), downstream: t("verify.downstream"), beside: t("verify.at") }[where];
      const unit = unitText(store.sensors[i].unit);
      const told = [
        travel_min === null ? place : `${place}, ${inMinutes(travel_min)}`,
        shortName(city, store.sensors[i].station),
        Number.isNaN(store.sound_ms[i]) ? t("row.never") : `${soundText(store, i)} ${unit}`,
        trend.rate ? arrow + trend.rate : "",
        store.isSilent(i) ? t("row.silent") : soundAge(store, i, now_ms),
        store.standing(i) === "normal" ? t("kind.normal") : store.level[i] && levelName(city, store.level[i]),
      ];
      const row = /** @type {HTMLTableRowElement} */ (this.#body.children[k]) ?? el("tr");
      row.dataset.datastream = id;
      while (row.children.length < told.length) row.append(el(row.children.length === 1 ? "th" : "td"));
      told.forEach((text, n) => setText(row.children[n], text));
      row.children[1].setAttribute("scope", "row");
      setData(row, "stale", store.isStale(i, now_ms));
      return row;
    });
    setChildren(this.#body, rows);
    this.#beside.hidden = rows.length === 0;
  }

  /** @param {string} id */
  async #load(id) {
    try {
      const { beside } = await get(`/alarms/${encodeURIComponent(id)}`);
      this.#known.set(id, beside);
      setText(this.#note, beside.length === 0 ? t("verify.none") : "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(this.#note, t("console.refused", { why: error.message }));
      setTimeout(() => this.#known.delete(id), AGAIN_MS);
    }
    this.context.update();
  }
}

/** "1:05", and never below nothing. @param {number} ms */
export function clock(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

