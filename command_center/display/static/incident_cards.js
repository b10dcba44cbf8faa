// @ts-check
// One card for each incident, in place of the alarms that are folded into it.

import { isActive, isUnacknowledged } from "./alarm_order.js";
import { el, setData, setText } from "./dom.js";
import { age, whole } from "./format.js";
import { levelName, paintLevel } from "./levels.js";
import { nameOnRiver } from "./river_layout.js";
import { shortName } from "./station_name.js";
import { severitySymbol } from "./symbols.js";
import { pick, t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Incident} Incident */

export class IncidentCards {
  /** @type {Map<string, {node: HTMLElement, symbol: HTMLElement, level: HTMLElement, name: HTMLElement, words: HTMLElement, cause: HTMLElement, who: HTMLElement,
   *   error: HTMLElement, button: HTMLButtonElement}>} */
  #cards = new Map();
  /** Those whose acknowledgement is under way, and why one failed. @type {Set<string>} */
  #pending = new Set();
  /** @type {Map<string, string>} */
  #errors = new Map();

  /**
   * @param {(incident: string) => Promise<void>} onAcknowledge raises what the card then shows
   * @param {() => void} redraw
   */
  constructor(onAcknowledge, redraw) {
    this.onAcknowledge = onAcknowledge;
    this.redraw = redraw;
  }

  /**
   * @param {City} city
   * @param {{incident: Incident, alarms: Alarm[]}[]} folded
   * @param {Map<string, Alarm>} all the alarms of the store: the one that began it may stand alone
   * @param {number} now_ms
   * @returns {HTMLElement[]} the cards in the order given
   */
  draw(city, folded, all, now_ms) {
    const shown = new Set(folded.map(({ incident }) => incident.id));
    for (const id of this.#cards.keys()) if (!shown.has(id)) this.#cards.delete(id);
    return folded.map(({ incident, alarms }) => this.#draw(city, incident, alarms, all.get(incident.cause), now_ms));
  }

  /**
   * @param {City} city
   * @param {Incident} incident
   * @param {Alarm[]} alarms
   * @param {Alarm|undefined} cause
   * @param {number} now_ms
   */
  #draw(city, incident, alarms, cause, now_ms) {
    const card = this.#card(incident.id);
    const holding = alarms.filter(isActive);
    const worst = (holding.length > 0 ? holding : alarms).reduce((a, b) => (b.severity > a.severity ? b : a));
    const unacknowledged = alarms.filter(isUnacknowledged).length;
    setData(card.node, "unacknowledged", unacknowledged > 0);
    setData(card.node, "active", holding.length > 0);
    // What has returned is told, and bears no colour any more.
    paintLevel(card.node, city, worst.level === "silent" || holding.length === 0 ? "" : worst.level);
    if (card.symbol.dataset.severity !== String(worst.severity)) {
      card.symbol.dataset.severity = String(worst.severity);
      card.symbol.replaceChildren(severitySymbol(worst.severity));
    }
    const level = levelName(city, worst.level);
    setText(card.level, holding.length > 0 ? level : t("incident.returned", { level }));
    setText(card.name, pick(incident.name));
    const values = {
      alarms: whole(alarms.length),
      stations: whole(new Set(alarms.map((alarm) => alarm.station)).size),
      unacknowledged: whole(unacknowledged),
      age: age(now_ms - Date.parse(incident.began_at)),
    };
    const began = cause ? t("incident.cause", { station: nameOnRiver(shortName(city, cause.station), pick(incident.name)), level: levelName(city, cause.level) }) : "";
    setText(card.cause, began);
    const who = incident.acknowledged_by ?? [];
    setText(card.who, who.length > 0 ? t("incident.taken", { who: who.join(", ") }) : t("incident.nobody"));
    setData(card.who, "nobody", who.length === 0);
    setText(card.words, alarms.length === 1 ? t("incident.foldedOne", values) : t("incident.folded", values));
    setText(card.error, this.#errors.get(incident.id) ?? "");
    card.button.hidden = unacknowledged === 0;
    card.button.disabled = this.#pending.has(incident.id);
    setText(card.button, card.button.disabled ? t("alarm.acknowledging") : t("incident.acknowledge"));
    return card.node;
  }

  /** @param {string} id */
  async #acknowledge(id) {
    if (this.#pending.has(id)) return;
    this.#pending.add(id);
    this.#errors.delete(id);
    this.redraw();
    try {
      await this.onAcknowledge(id);
    } catch (error) {
      this.#errors.set(id, t("alarm.notAcknowledged", { why: error instanceof Error ? error.message : String(error) }));
    } finally {
      this.#pending.delete(id);
      this.redraw();
    }
  }

  /** @param {string} id */
  #card(id) {
    const known = this.#cards.get(id);
    if (known) return known;
    const node = el("li", "alarm incident");
    node.dataset.incident = id;
    const button = el("button", "acknowledge");
    button.type = "button";
    button.addEventListener("click", () => void this.#acknowledge(id));
    const card = {
      node,
      button,
      error: el("span", "alarm-error"),
      symbol: el("span", "alarm-symbol"),
      level: el("b", "alarm-level"),
      name: el("b", "alarm-where"),
      words: el("span", "alarm-words"),
      cause: el("span", "incident-cause"),
      who: el("b", "incident-who"),
    };
    const head = el("div", "alarm-head");
    head.append(card.symbol, card.level, card.name, card.cause, button);
    const line = el("div", "incident-line");
    line.append(card.who, card.words);
    node.append(head, line, card.error);
    this.#cards.set(id, card);
    return card;
  }
}
