// @ts-check
// What people have to do: standing actions with who has them, reports by the clock with their words ready, sirens in
// trouble.

import { get, post } from "../api.js";
import { actionWhen, actionWho, compareActions } from "../duties.js";
import { el, setChildren, setData, setText } from "../dom.js";
import { age, clockTime, whole } from "../format.js";
import { levelName, paintLevel } from "../levels.js";
import { shortName, stationName } from "../station_name.js";
import { pick, t } from "../text.js";
import { seenBy } from "./alarm_acts.js";
import { ask } from "./form_dialog.js";
import { Reports } from "./reports.js";

/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("../types.js").City} City */
/** @typedef {import("../types.js").Action & {undo_level: string, why_not: string, since: string, illustrative: boolean}} Action */
/** @typedef {{node: HTMLElement, level: HTMLElement, what: HTMLElement, where: HTMLElement, who: HTMLElement, when: HTMLElement, acts: HTMLElement}} Card */

/** @type {import("./page.js").Page} */
export const ACTIONS = {
  id: "actions",
  title: () => t("console.actions"),
  badge: ({ store, now }) => {
    const due = store.duties.reports.filter((report) => Date.parse(report.due_at) <= now()).length;
    const n = store.duties.actions.filter((action) => action.state === "waiting").length + due;
    return n > 0 ? whole(n) : "";
  },
  mount: (root, context) => new ActionsPage(root, context),
};

/** @param {Action} action */
const at = (action) => `/actions/${encodeURIComponent(action.id)}`;

class ActionsPage {
  #count = el("small");
  #title = el("h2");
  #list = el("ol", "actions");
  #empty = el("p", "grid-empty");
  #troubles = el("ul", "troubles");
  #reports;
  /** @type {Map<string, Card>} */
  #cards = new Map();

  /** @param {HTMLElement} root @param {Context} context */
  constructor(root, context) {
    this.context = context;
    this.#reports = new Reports(context);
    const actions = el("section", "actions-part");
    const title = el("div", "part-title");
    title.append(this.#title, this.#count);
    actions.append(title, this.#troubles, this.#list, this.#empty);
    const page = el("div", "actions-page");
    page.append(actions, this.#reports.node);
    root.append(page);
  }

  unmount() {
    this.#reports.close();
  }

  /** @param {import("./page.js").Changed} changed */
  update(changed) {
    const city = this.context.city();
    const { store } = this.context;
    if (!city || store.sensors.length === 0) return; // nothing is known: not even that there is nothing to do
    const now_ms = this.context.now();
    const actions = /** @type {Action[]} */ ([...store.duties.actions].sort(compareActions));
    setText(this.#title, t("actions.title"));
    const waiting = actions.filter((action) => action.state === "waiting").length;
    setText(this.#count, t("actions.count", { n: whole(actions.length), waiting: whole(waiting) }));
    setText(this.#empty, actions.length === 0 ? t("actions.none") : "");
    const ids = new Set(actions.map((action) => action.id));
    for (const id of this.#cards.keys()) if (!ids.has(id)) this.#cards.delete(id);
    setChildren(this.#list, actions.map((action) => this.#draw(city, action, now_ms)));
    this.#drawTroubles(now_ms);
    this.#reports.draw(city, store.duties.reports, now_ms, changed);
  }

  /** @param {City} city @param {Action} action @param {number} now_ms */
  #draw(city, action, now_ms) {
    const card = this.#card(action);
    setData(card.node, "state", action.state);
    paintLevel(card.node, city, action.level);
    setText(card.level, levelName(city, action.level));
    setText(card.what, pick(action.what));
    const mark = action.exercise ? `${t("tag.exercise")} · ` : "";
    setText(card.where, `${mark}${stationName(city, action.station)} · ${action.opd}`);
    setText(card.who, actionWho(action));
    setText(card.when, actionWhen(action, now_ms));
    this.#drawActs(city, card, action);
    return card.node;
  }

  /** @param {Action} action @returns {Card} */
  #card(action) {
    const known = this.#cards.get(action.id);
    if (known) return known;
    const card = {
      node: el("li", "action"),
      level: el("b", "badge"),
      what: el("b", "action-what"),
      where: el("span", "second"),
      who: el("span", "action-who"),
      when: el("span", "second"),
      acts: el("span", "detail-acts"),
    };
    card.node.dataset.action = action.id;
    const head = el("p", "action-head");
    head.append(card.level, " ", card.what);
    card.node.append(head, card.where, card.who, card.when, card.acts);
    this.#cards.set(action.id, card);
    return card;
  }

  /** @param {City} city @param {Card} card @param {Action} action */
  #drawActs(city, card, action) {
    const me = this.context.me().user;
    const picture = JSON.stringify([action.state, action.taken_by, action.may_undo, me, t("act.take")]);
    if (card.acts.dataset.picture === picture) return;
    card.acts.dataset.picture = picture;
    const name = `${pick(action.what)}, ${shortName(city, action.station)}`;
    const isOthers = action.taken_by !== null && action.taken_by !== me;
    /** @type {[boolean, string, string, () => unknown][]} */
    const buttons = [
      [action.state === "waiting", "take", t("act.take"), () => this.#say(action, "take", {}, t("act.taken", { what: name }))],
      [action.state === "taken" && isOthers, "take-over", t("act.takeOver"), () => this.#say(action, "take", { over: true }, t("act.taken", { what: name }))],
      [action.state === "waiting" || action.state === "taken", "done", t("act.done"), () => this.#say(action, "done", {}, t("act.doneSaid", { what: name }))],
      [action.state !== "undone", "undo", t("act.undo"), () => this.#undo(action, name)],
      [true, "note", t("act.note"), () => this.#note(action, name)],
    ];
    const had = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset.act;
    const focused = card.acts.contains(document.activeElement);
    const nodes = buttons.filter(([is]) => is).map(([, act, words, run]) => {
      const button = el("button", act === "take" || (act === "done" && action.state === "taken") ? "main-act" : "", words);
      button.type = "button";
      button.dataset.act = act;
      button.setAttribute("aria-label", `${words}: ${name}`);
      button.addEventListener("click", () => void run());
      return button;
    });
    setChildren(card.acts, nodes);
    if (focused) (nodes.find((node) => node.dataset.act === had) ?? nodes[0]).focus();
  }

  /** @param {Action} action @param {string} act @param {object} body @param {string} done */
  async #say(action, act, body, done) {
    this.#take(await this.context.act(() => post(`${at(action)}/${act}`, { comment: "", ...body }), done));
  }

  /** @param {Action} action @param {string} name */
  #undo(action, name) {
    return this.#ask(`${t("act.undo")}: ${name}`, action.may_undo ? "" : t("act.undoNotYet", { why: action.why_not }), "undo", action, t("act.undone", { what: name }), [
      { name: "comment", label: t("field.reason"), kind: "area", required: true },
      { name: "seen", label: t("field.seen"), kind: "choice", choices: [["", t("seen.gauge")], ...seenBy()] },
    ]);
  }

  /** @param {Action} action @param {string} name */
  #note(action, name) {
    return this.#ask(`${t("act.note")}: ${name}`, "", "note", action, t("act.noted"), [{ name: "comment", label: t("field.note"), kind: "area", required: true }]);
  }

  /**
   * @param {string} title @param {string} explain @param {string} act @param {Action} action @param {string} done
   * @param {import("./form_dialog.js").Field[]} fields
   */
  async #ask(title, explain, act, action, done, fields) {
    const submit = act === "undo" ? t("act.undo") : t("act.note");
    const send = (/** @type {Record<string, string>} */ values) => this.context.as(() => post(`${at(action)}/${act}`, values));
    if (!(await ask({ title, explain, fields, submit, send }))) return;
    this.context.say(done);
    this.#take(await this.context.load(() => get(at(action))));
  }

  /** What the server answered is shown at once; the live stream says the same a moment later. @param {any} answer */
  #take(answer) {
    const actions = this.context.store.duties.actions;
    const place = actions.findIndex((action) => action.id === answer?.id);
    if (place < 0) return;
    if (answer.state === "undone") actions.splice(place, 1);
    else actions[place] = answer;
    this.context.update();
  }

  /** @param {number} now_ms */
  #drawTroubles(now_ms) {
    const lines = this.context.store.duties.troubles.map(({ text, since_us }) => {
      const since_ms = since_us / 1000;
      return el("li", "", `${pick(text)} · ${t("duty.since", { time: clockTime(since_ms), age: age(now_ms - since_ms) })}`);
    });
    const same = lines.length === this.#troubles.children.length && lines.every((line, k) => line.isEqualNode(this.#troubles.children[k]));
    if (!same) this.#troubles.replaceChildren(...lines);
  }
}
