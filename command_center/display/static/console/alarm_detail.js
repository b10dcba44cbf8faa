// @ts-check
// One alarm in full: how urgent and why, what its gauge says, what happened, who was told, and what can be done.

import { el, setChildren, setData, setText } from "../dom.js";
import { age, clockTime, limit, moment, unitText, whole } from "../format.js";
import { paintLevel } from "../levels.js";
import { language, pick, t } from "../text.js";
import { possibleActs } from "./alarm.js";
import { priorityText } from "./alarm_grid.js";
import { currentValue, doubts, levelText, releaseWhy, stateText, tags, whatText } from "./alarm_text.js";
import { AlarmStory } from "./alarm_story.js";
import { link } from "./loaded.js";
import { hashOf } from "./router.js";
import { stationName } from "../station_name.js";
import { acknowledgedText } from "../alarm_words.js";

/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {import("./alarm_acts.js").AlarmActs} AlarmActs */
/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("../types.js").City} City */
/** @typedef {{number: number, aside: string, scope: string, by: string, reason: string, ticket: string, since: string, until: string, alarms: string[]}} Order */

export class AlarmDetail {
  node = el("article", "detail");
  #title = el("h2", "detail-title");
  #state = el("p", "detail-state");
  #doubts = el("ul", "detail-doubts");
  #acts = el("div", "detail-acts");
  #facts = el("dl", "detail-facts");
  #orders = el("ul", "detail-orders");
  #empty = el("p", "grid-empty");
  #story;
  #paper = el("p", "office-acts");
  #shown = "";

  /**
   * @param {Context} context
   * @param {AlarmActs} acts
   * @param {(alarm: FullAlarm) => void} observe types in a reading for its gauge
   */
  constructor(context, acts, observe) {
    this.context = context;
    this.acts = acts;
    this.observe = observe;
    this.#story = new AlarmStory(context);
    this.node.tabIndex = -1;
    this.node.append(this.#title, this.#state, this.#doubts, this.#acts, this.#facts, this.#orders, this.#paper, this.#story.node, this.#empty);
  }

  /**
   * @param {City} city
   * @param {FullAlarm|null} alarm
   * @param {readonly Order[]} orders in force
   * @param {number} now_ms
   */
  draw(city, alarm, orders, now_ms) {
    for (const part of [this.#title, this.#state, this.#doubts, this.#acts, this.#facts, this.#orders, this.#paper, this.#story.node]) part.hidden = alarm === null;
    setText(this.#empty, alarm === null ? t("detail.none") : "");
    setData(this.node, "alarm", alarm?.id ?? "");
    if (alarm === null) return;
    const { store } = this.context;
    paintLevel(this.node, city, alarm.level === "silent" ? "" : alarm.level);
    this.#drawTitle(city, alarm);
    setText(this.#state, [stateText(alarm), ...tags(alarm)].join(" · "));
    drawLines(this.#doubts, doubts(city, store, alarm, now_ms).map(({ text }) => text));
    this.#drawActs(alarm);
    drawFacts(this.#facts, this.#factsOf(city, alarm, now_ms));
    this.#drawOrders(alarm, orders, now_ms);
    this.#drawPaper(alarm);
    this.#story.draw(city, alarm, now_ms);
  }

  /** Its gauge over any range; the incident's whole timeline, to be read and printed.  @param {FullAlarm} alarm */
  #drawPaper(alarm) {
    const path = `/api/v1/incidents/${encodeURIComponent(alarm.incident || alarm.id)}/timeline`;
    const picture = `${alarm.datastream} ${path} ${language()}`;
    if (this.#paper.dataset.picture === picture) return;
    this.#paper.dataset.picture = picture;
    const asked = `?language=${language()}`;
    const station = el("a", "", t("station.open"));
    station.href = hashOf("station", [alarm.station, alarm.property]);
    this.#paper.replaceChildren(station, link(t("paper.timeline"), `${path}.html${asked}`), link("PDF", `${path}.pdf${asked}`));
  }

  /** @param {City} city @param {FullAlarm} alarm */
  #drawTitle(city, alarm) {
    const words = `${levelText(city, alarm)} ${stationName(city, alarm.station)}`;
    if (this.#title.dataset.words === words) return;
    this.#title.dataset.words = words;
    this.#title.replaceChildren(el("b", "badge", levelText(city, alarm)), ` ${stationName(city, alarm.station)} `, el("small", "", whatText.what(this.context.store, alarm)));
  }

  /** @param {City} city @param {FullAlarm} alarm @param {number} now_ms @returns {[string, string, boolean?][]} name, words, whether it needs eyes */
  #factsOf(city, alarm, now_ms) {
    const now = currentValue(city, this.context.store, alarm, now_ms);
    const unit = unitText(alarm.unit);
    const since = Date.parse(alarm.since ?? alarm.raised_at);
    /** @type {[string, string, boolean?][]} */
    const facts = [
      [t("detail.priority"), `${priorityText(alarm)}: ${alarm.priority_reasons.map(pick).join("; ")}`],
      [t("column.value"), [now.value, now.age].filter(Boolean).join(" · "), now.stale],
      [t("detail.trend"), now.trend],
      [t("detail.limit"), alarm.limit === null ? "" : `${limit(alarm.limit)} ${unit}`],
      [t("column.next"), now.next],
      [t("detail.needed"), alarm.needed_min === null ? "" : t("age.min", { n: Math.round(alarm.needed_min) })],
      [t("detail.margin"), alarm.margin_min === null ? "" : marginText(alarm.margin_min), alarm.margin_min !== null && alarm.margin_min < 0],
      [t("detail.since"), `${moment(since, now_ms)} · ${age(now_ms - since)}`],
      [t("detail.seen"), seenText(alarm, now_ms)],
      [t("detail.calls"), whole(alarm.calls ?? 0)],
      [t("detail.screen"), ...this.#story.screen(now_ms)],
      [t("detail.release"), releaseText(alarm, now_ms)],
    ];
    return facts.filter(([, words]) => words !== "");
  }

  /** @param {FullAlarm} alarm */
  #drawActs(alarm) {
    const can = possibleActs(alarm);
    const picture = JSON.stringify([alarm.id, can, t("act.note")]);
    if (this.#shown === picture) return;
    this.#shown = picture;
    const acts = this.acts;
    const now = () => /** @type {FullAlarm} */ (this.context.store.alarms.get(alarm.id) ?? alarm);
    /** @type {[boolean, string, string, () => unknown, string?][]} */
    const buttons = [
      [can.acknowledge, "acknowledge", t("act.acknowledge"), () => acts.acknowledge([now()]), "a"],
      [can.acknowledge, "acknowledge-comment", t("act.acknowledgeComment"), () => acts.acknowledgeWithComment([now()])],
      [can.confirm, "confirm", t("act.confirm"), () => acts.confirm(now())],
      [can.refute, "refute", t("act.refute"), () => acts.refute(now()), "r"],
      [can.note, "note", t("act.note"), () => acts.note([now()]), "n"],
      [can.shelve, "shelve", t("act.shelve"), () => acts.shelve([now()]), "s"],
      [can.unshelve, "unshelve", t("act.unshelve"), () => acts.unshelve(now())],
      [true, "observe", t("act.observe"), () => this.observe(now()), "m"],
      [can.close, "out-of-service", t("act.outOfService"), () => acts.setAside(now(), "out_of_service")],
      [can.close, "maintenance", t("act.maintenance"), () => acts.setAside(now(), "suppressed")],
      [can.close, "close", t("act.close"), () => acts.close(now())],
    ];
    const nodes = buttons.filter(([is]) => is).map(([, name, words, act, key]) => {
      const button = el("button", name === "acknowledge" ? "main-act" : "", words);
      button.type = "button";
      button.dataset.act = name;
      if (key) {
        button.append(" ", el("kbd", "", key));
        button.setAttribute("aria-keyshortcuts", key);
      }
      button.addEventListener("click", () => void act());
      return button;
    });
    const had = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset.act;
    const focused = this.#acts.contains(document.activeElement);
    setChildren(this.#acts, nodes);
    if (focused) (nodes.find((node) => node.dataset.act === had) ?? this.node).focus();
  }

  /** @param {FullAlarm} alarm @param {readonly Order[]} orders @param {number} now_ms */
  #drawOrders(alarm, orders, now_ms) {
    const ours = orders.filter(({ scope }) => scope === alarm.datastream || scope === alarm.station);
    const picture = JSON.stringify([ours, t("act.endOrder"), Math.floor(now_ms / 60e3)]);
    if (this.#orders.dataset.picture === picture) return;
    this.#orders.dataset.picture = picture;
    setChildren(this.#orders, ours.map((order) => {
      const what = order.aside === "suppressed" ? t("act.maintenance") : t("act.outOfService");
      const until_ms = Date.parse(order.until);
      const line = el("li", "order");
      const told = t("order.told", { what, who: order.by, since: moment(Date.parse(order.since), now_ms), until: moment(until_ms, now_ms), age: age(until_ms - now_ms), why: order.reason });
      const end = el("button", "", t("act.endOrder"));
      end.type = "button";
      end.addEventListener("click", () => void this.acts.endOrder(order.number, order.scope));
      line.append(order.ticket ? `${told} · ${t("order.ticket", { ticket: order.ticket })} ` : `${told} `, end);
      return line;
    }));
  }
}

/** @param {number} minutes left less needed */
const marginText = (minutes) => (Math.round(minutes) < 0 ? t("detail.tooLate", { n: whole(Math.round(-minutes)) }) : t("age.min", { n: whole(Math.round(minutes)) }));

/** Who has seen it; "" where nobody has: the state says that already. @param {FullAlarm} alarm @param {number} now_ms */
function seenText(alarm, now_ms) {
  const words = acknowledgedText(alarm, now_ms);
  return words === stateText(alarm) ? "" : words;
}

/** @param {FullAlarm} alarm @param {number} now_ms */
export function releaseText(alarm, now_ms) {
  if (alarm.releases_at !== null) {
    const left_ms = Date.parse(alarm.releases_at) - now_ms;
    return t("release.waits", { time: clockTime(Date.parse(alarm.releases_at), true), age: age(left_ms) });
  }
  if (alarm.release === null) return "";
  const { how, who, at } = alarm.release;
  return t("release.done", { time: clockTime(Date.parse(at), true), why: releaseWhy(how, who) });
}

/** @param {HTMLElement} host @param {[string, string, boolean?][]} facts */
function drawFacts(host, facts) {
  while (host.children.length < facts.length) {
    const pair = el("div");
    pair.append(el("dt"), el("dd"));
    host.append(pair);
  }
  while (host.children.length > facts.length) host.lastElementChild?.remove();
  facts.forEach(([name, words, look], k) => {
    const pair = /** @type {HTMLElement} */ (host.children[k]);
    setText(/** @type {Node} */ (pair.firstChild), name);
    setText(/** @type {Node} */ (pair.lastChild), words);
    setData(pair, "look", look ?? false);
  });
}

/** @param {HTMLElement} host @param {string[]} lines */
export function drawLines(host, lines) {
  const picture = JSON.stringify(lines);
  if (host.dataset.picture === picture) return;
  host.dataset.picture = picture;
  host.replaceChildren(...lines.map((text) => el("li", "", text)));
}

