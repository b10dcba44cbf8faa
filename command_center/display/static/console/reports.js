// @ts-check
// Reports by the clock: the countdown to each, its words for a chat and for the radio, and who gave it by what.

import { get, post } from "../api.js";
import { copyText } from "../clipboard.js";
import { el, setChildren, setData, setText } from "../dom.js";
import { reportWhen } from "../duties.js";
import { levelName, paintLevel } from "../levels.js";
import { clockTime } from "../format.js";
import { stationName } from "../station_name.js";
import { pick, t } from "../text.js";
import { ask } from "./form_dialog.js";
import { clock } from "./verify.js";

/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("../types.js").City} City */
/** @typedef {import("../types.js").Countdown} Countdown */
/** @typedef {{id: string, text: {chat: import("../types.js").Bilingual, radio: import("../types.js").Bilingual}|null}} Report */
/** @typedef {{node: HTMLElement, level: HTMLElement, where: HTMLElement, when: HTMLElement, last: HTMLElement, chat: HTMLElement, radio: HTMLElement, chatTitle: HTMLElement, radioTitle: HTMLElement, copy: HTMLButtonElement, give: HTMLButtonElement}} Card */

/** The words hold a value and its age: they are made anew so often. */
const WORDS_EVERY_MS = 10_000;

export class Reports {
  node = el("section", "reports-part");
  #title = el("h2");
  #list = el("ol", "reports");
  #empty = el("p", "grid-empty");
  /** @type {Map<string, Report>} */
  #words = new Map();
  /** @type {Map<string, Card>} */
  #cards = new Map();
  #asked_at = -Infinity;
  #closed = false;

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.node.append(this.#title, this.#list, this.#empty);
  }

  close() {
    this.#closed = true;
  }

  /**
   * @param {City} city
   * @param {readonly Countdown[]} due
   * @param {number} now_ms
   * @param {import("./page.js").Changed} changed
   */
  draw(city, due, now_ms, changed) {
    setText(this.#title, t("reports.title"));
    setText(this.#empty, due.length === 0 ? t("reports.none") : "");
    const isNew = due.some((report) => !this.#words.has(report.id));
    const isOld = performance.now() - this.#asked_at > WORDS_EVERY_MS;
    if (due.length > 0 && (isOld || changed.me || (isNew && changed.duties))) void this.#load();
    const ids = new Set(due.map((report) => report.id));
    for (const id of this.#cards.keys()) if (!ids.has(id)) this.#cards.delete(id);
    const sorted = [...due].sort((a, b) => a.due_at.localeCompare(b.due_at));
    setChildren(this.#list, sorted.map((report) => this.#draw(city, report, now_ms)));
  }

  async #load() {
    this.#asked_at = performance.now();
    const found = await this.context.load(() => get("/reports"));
    if (found === null || this.#closed) return;
    this.#words = new Map(found.items.map((/** @type {Report} */ report) => [report.id, report]));
    this.context.update();
  }

  /** @param {City} city @param {Countdown} report @param {number} now_ms */
  #draw(city, report, now_ms) {
    const card = this.#card(report);
    const left_ms = Date.parse(report.due_at) - now_ms;
    const station = report.datastream.split(":")[0];
    setData(card.node, "due", left_ms <= 0);
    paintLevel(card.node, city, report.level);
    setText(card.level, levelName(city, report.level));
    setText(card.where, `${report.exercise ? `${t("tag.exercise")} · ` : ""}${stationName(city, station)}`);
    const at = clockTime(Date.parse(report.due_at));
    setText(card.when, left_ms > 0 ? t("reports.in", { left: clock(left_ms), time: at }) : reportWhen(left_ms));
    setText(card.last, report.last_by === null ? t("reports.first") : t("duty.lastReport", { who: report.last_by }));
    const words = this.#words.get(report.id)?.text;
    setText(card.chatTitle, t("reports.chat"));
    setText(card.radioTitle, t("reports.radio"));
    setText(card.chat, words ? pick(words.chat) : t("reports.noWords"));
    setText(card.radio, words ? pick(words.radio) : t("reports.noWords"));
    setText(card.copy, t("reports.copy"));
    setText(card.give, t("reports.give"));
    card.copy.disabled = !words;
    return card.node;
  }

  /** @param {Countdown} report @returns {Card} */
  #card(report) {
    const known = this.#cards.get(report.id);
    if (known) return known;
    const card = {
      node: el("li", "report"),
      level: el("b", "badge"),
      where: el("b"),
      when: el("p", "report-when"),
      last: el("p", "second"),
      chatTitle: el("h3"),
      chat: el("p", "report-words"),
      radioTitle: el("h3"),
      radio: el("p", "report-words"),
      copy: el("button"),
      give: el("button", "main-act"),
    };
    card.copy.type = card.give.type = "button";
    card.node.dataset.report = report.id;
    card.copy.addEventListener("click", async () => ((await copyText(card.chat)) ? this.context.say(t("unknown.copied")) : this.context.warn(t("unknown.marked"))));
    card.give.addEventListener("click", () => void this.#give(report.id));
    const head = el("p", "action-head");
    head.append(card.level, " ", card.where);
    const acts = el("p", "detail-acts");
    acts.append(card.copy, card.give);
    card.node.append(head, card.when, card.last, card.chatTitle, card.chat, card.radioTitle, card.radio, acts);
    this.#cards.set(report.id, card);
    return card;
  }

  /** @param {string} id */
  async #give(id) {
    const done = await ask({
      title: t("reports.give"),
      explain: t("reports.giveExplain"),
      fields: [
        { name: "how", label: t("reports.how"), kind: "choice", choices: [["chat", t("how.chat")], ["radio", t("how.radio")], ["phone", t("how.phone")], ["other", t("how.other")]] },
        { name: "comment", label: t("field.comment"), kind: "area" },
      ],
      submit: t("reports.give"),
      send: (values) => this.context.as(() => post(`/reports/${encodeURIComponent(id)}/sent`, values)),
    });
    if (done) this.context.say(t("reports.given"));
  }
}
