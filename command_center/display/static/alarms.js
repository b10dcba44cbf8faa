// @ts-check
// The alarm list: worst first; below them what is past.  Cards stay in place as long as the order does.

import { compareAlarms, isActive, isMuted, isPast, isUnacknowledged } from "./alarm_order.js";
import { currentAge, currentValue, doubts, limitText, rankText, states, tags, times, whatText } from "./alarm_words.js";
import { PAGE, byId, el, setChildren, setData, setText } from "./dom.js";
import { unitText, whole } from "./format.js";
import { IncidentCards } from "./incident_cards.js";
import { fold } from "./incident_order.js";
import { levelName, paintLevel } from "./levels.js";
import { shortName } from "./station_name.js";
import { datastreamOf } from "./store.js";
import { doubtSymbol, severitySymbol } from "./symbols.js";
import { pick, t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./store.js").Store} Store */

const PAST_SHOWN = 12;

/**
 * @typedef {object} Card
 * @property {HTMLElement} node @property {HTMLElement} level @property {HTMLElement} symbol
 * @property {HTMLElement} where @property {HTMLElement} what
 * @property {HTMLElement} value @property {HTMLElement} unit @property {HTMLElement} age
 * @property {HTMLElement} limit @property {HTMLElement} doubts
 * @property {HTMLElement} since @property {HTMLElement} state @property {HTMLElement} tags
 * @property {HTMLButtonElement} button @property {HTMLElement} error
 */

export class AlarmPanel {
  /** @type {Map<string, Card>} */
  #cards = new Map();
  /** Alarms whose acknowledgement is under way. @type {Set<string>} */
  #pending = new Set();
  /** @type {Map<string, string>} */
  #errors = new Map();
  #empty = el("li", "alarms-none");
  #past = el("li", "alarms-past");
  #mutedTitle = el("li", "alarms-past");

  /**
   * @param {(datastream: string) => void} onSelect
   * @param {(alarm: Alarm) => Promise<void>} onAcknowledge raises what the card then shows
   * @param {(incident: string) => Promise<void>} onAcknowledgeAll the same of all alarms of an incident
   * @param {() => void} redraw
   */
  constructor(onSelect, onAcknowledge, onAcknowledgeAll, redraw) {
    this.incidents = new IncidentCards(onAcknowledgeAll, redraw);
    this.onSelect = onSelect;
    this.onAcknowledge = onAcknowledge;
    this.redraw = redraw;
  }

  /**
   * @param {City} city
   * @param {Store} store
   * @param {number} now_ms
   */
  draw(city, store, now_ms) {
    const alarms = [...store.alarms.values()].sort(compareAlarms);
    const open = alarms.filter((alarm) => !isPast(alarm));
    const past = alarms.filter(isPast).slice(0, PAST_SHOWN);
    setText(this.#empty, t("alarms.none"));
    setText(this.#past, t("alarms.past"));
    const heard = open.filter((alarm) => !isMuted(alarm));
    const muted = open.filter(isMuted);
    const flood = store.status?.load?.flood ?? false;
    const { alone, folded } = fold(heard, store.incidents, flood);
    const shown = [...alone, ...muted, ...past];
    const ids = new Set(shown.map((alarm) => alarm.id));
    for (const id of this.#cards.keys()) if (!ids.has(id)) this.#cards.delete(id); // what is folded or long past needs no card
    for (const alarm of shown) this.#drawCard(city, store, alarm, now_ms);
    const nodes = alone.map((alarm) => this.#card(alarm).node);
    nodes.push(...this.incidents.draw(city, folded, store.alarms, now_ms));
    setText(this.#mutedTitle, t("alarms.muted"));
    if (muted.length > 0) nodes.push(this.#mutedTitle, ...muted.map((alarm) => this.#card(alarm).node));
    if (open.length === 0) nodes.push(this.#empty);
    if (past.length > 0) nodes.push(this.#past, ...past.map((alarm) => this.#card(alarm).node));
    setChildren(byId(PAGE.alarms), nodes);
    const unacknowledged = open.filter(isUnacknowledged).length;
    const counts = t("alarms.count", { open: whole(open.length), unacknowledged: whole(unacknowledged) });
    const load = flood ? t("alarms.flood", { calls: whole(store.status?.load?.calls_10_min ?? 0) }) : "";
    const n = store.status?.load?.unseen ?? 0;
    const unseen = n > 0 ? t("alarms.unseen", { n: whole(n) }) : "";
    setText(byId(PAGE.alarmsCount), [open.length > 0 ? counts : "", unseen, load].filter(Boolean).join(" · "));
    setData(byId(PAGE.alarmsCount), "flood", flood);
  }

  /**
   * @param {Alarm} alarm
   * @returns {Card}
   */
  #card(alarm) {
    const known = this.#cards.get(alarm.id);
    if (known) return known;
    const node = el("li", "alarm");
    const parts = {
      symbol: el("span", "alarm-symbol"),
      level: el("b", "alarm-level"),
      where: el("b", "alarm-where"),
      what: el("span", "alarm-what"),
      value: el("b", "alarm-value"),
      unit: el("span", "alarm-unit"),
      age: el("span", "alarm-age"),
      state: el("b", "alarm-state"),
      since: el("span", "alarm-since"),
      limit: el("span", "alarm-limit"),
      tags: el("span", "alarm-tags"),
      doubts: el("ul", "alarm-doubts"),
      error: el("span", "alarm-error"),
    };
    const button = el("button", "acknowledge");
    button.type = "button";
    const reading = el("div", "alarm-reading");
    reading.append(parts.value, " ", parts.unit, parts.age);
    const head = el("div", "alarm-head");
    head.append(parts.symbol, parts.level, parts.where, parts.what, reading, button);
    const words = el("div", "alarm-words");
    words.append(parts.state, parts.since, parts.limit, parts.tags, parts.error);
    node.append(head, parts.doubts, words);
    node.dataset.alarm = alarm.id;
    node.tabIndex = 0;
    const card = { node, button, ...parts };
    this.#cards.set(alarm.id, card);
    node.addEventListener("click", () => this.onSelect(datastreamOf(alarm)));
    node.addEventListener("keydown", (event) => {
      if (event.target === node && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        this.onSelect(datastreamOf(alarm));
      }
    });
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      void this.#acknowledge(alarm);
    });
    return card;
  }

  /** @param {Alarm} alarm */
  async #acknowledge(alarm) {
    if (this.#pending.has(alarm.id)) return;
    this.#pending.add(alarm.id);
    this.#errors.delete(alarm.id);
    this.redraw();
    try {
      await this.onAcknowledge(alarm);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#errors.set(alarm.id, t("alarm.notAcknowledged", { why }));
    } finally {
      this.#pending.delete(alarm.id);
      this.redraw();
    }
  }

  /**
   * @param {City} city
   * @param {Store} store
   * @param {Alarm} alarm
   * @param {number} now_ms
   */
  #drawCard(city, store, alarm, now_ms) {
    const card = this.#card(alarm);
    const unacknowledged = isUnacknowledged(alarm);
    setData(card.node, "state", alarm.state);
    setData(card.node, "past", isPast(alarm));
    setData(card.node, "active", isActive(alarm));
    setData(card.node, "unacknowledged", unacknowledged);
    paintLevel(card.node, city, alarm.level === "silent" ? "" : alarm.level);
    if (card.symbol.dataset.severity !== String(alarm.severity)) {
      card.symbol.dataset.severity = String(alarm.severity);
      card.symbol.replaceChildren(severitySymbol(alarm.severity));
    }
    setText(card.level, [levelName(city, alarm.level), ...((alarm.count ?? 1) > 1 ? [`×${alarm.count}`] : [])].join(" "));
    card.level.title = rankText(store, alarm);
    setText(card.where, shortName(city, alarm.station));
    setText(card.what, whatText(store, alarm));
    drawDoubts(card.doubts, doubts(city, store, alarm, now_ms));
    card.node.title = pick(alarm.text);
    setText(card.tags, tags(alarm).join("  "));
    const now_known = !isPast(alarm) && alarm.level !== "silent";
    setText(card.value, now_known ? currentValue(store, alarm) : "");
    setText(card.unit, now_known ? unitText(alarm.unit) : "");
    const reading = currentAge(store, alarm, now_ms);
    setText(card.age, now_known ? reading.age : "");
    setData(card.node, "stale", now_known && reading.stale);
    setText(card.limit, limitText(store, alarm));
    setText(card.since, times(alarm, now_ms));
    setText(card.state, states(alarm, now_ms));
    setText(card.error, this.#errors.get(alarm.id) ?? "");
    card.button.hidden = !unacknowledged;
    card.button.disabled = this.#pending.has(alarm.id);
    setText(card.button, this.#pending.has(alarm.id) ? t("alarm.acknowledging") : t("alarm.acknowledge"));
  }
}

/**
 * @param {HTMLElement} host
 * @param {{mark: "!"|"?", text: string}[]} found
 */
function drawDoubts(host, found) {
  const picture = JSON.stringify(found);
  if (host.dataset.picture === picture) return;
  host.dataset.picture = picture;
  const lines = found.map(({ mark, text }) => {
    const line = el("li");
    line.append(doubtSymbol(mark), text);
    return line;
  });
  host.replaceChildren(...lines);
}
