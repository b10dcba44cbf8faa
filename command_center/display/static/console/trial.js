// @ts-check
// Other levels tried on the stored record of the range that the chart shows, before anybody changes one.

import { ApiError, post } from "../api.js";
import { el, setText } from "../dom.js";
import { levelName } from "../levels.js";
import { t } from "../text.js";
import { roleWord } from "./session.js";
import { answerNodes } from "./trial_answer.js";
import { placeOf, refusalOf, unreadWords } from "./trial_refusal.js";
import { TrialRows } from "./trial_rows.js";

/** @typedef {import("../types.js").City} City */
/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("./range_bar.js").Range} Range */
/** @typedef {import("./station_sheet.js").SheetSensor} SheetSensor */
/** @typedef {import("./trial_answer.js").Answer} Answer */

const LEAST = "operator";

export class LevelTrial {
  node = el("details", "trial");
  /** The limits that were tried last and are not in force, to be drawn into the chart. @type {readonly {name: string, value: number}[]} */
  levels = [];
  #title = el("summary");
  #explain = el("p", "office-quiet");
  #needs = el("p", "office-bad");
  #fields = el("fieldset");
  #rows = new TrialRows();
  #send = el("button", "main-act");
  #reset = el("button");
  #message = el("p", "question-message");
  /** What the message says, in whichever language is chosen. */
  #words = () => "";
  #result = el("div", "trial-result");
  /** @type {Answer|null} */
  #answer = null;
  /** What is drawn, in which language: it is drawn anew only where that is another one. */
  #drawn = "";
  #sending = false;
  /** @type {{city: City, sensor: SheetSensor, range: Range}|null} */
  #shown = null;

  /** @param {Context} context @param {() => void} onTried the lines of the chart are others */
  constructor(context, onTried) {
    this.context = context;
    this.onTried = onTried;
    this.node.hidden = true; // until it is known of which sensor
    this.#message.id = "trial-message";
    this.#message.setAttribute("role", "alert");
    this.#reset.type = "button";
    this.#reset.addEventListener("click", () => this.#forget());
    const form = el("form");
    const acts = el("p", "office-acts");
    acts.append(this.#send, this.#reset);
    this.#fields.append(this.#rows.node, acts);
    form.append(this.#fields);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#try();
    });
    this.node.append(this.#title, this.#explain, this.#needs, form, this.#message, this.#result);
  }

  /** @param {City} city @param {SheetSensor} sensor @param {Range} range that the chart shows */
  draw(city, sensor, range) {
    if (this.#shown?.sensor.id !== sensor.id) this.#drop();
    this.#shown = { city, sensor, range };
    const levels = sensor.levels.filter((level) => level.in_force).sort((a, b) => a.rank - b.rank);
    this.node.hidden = levels.length === 0;
    setText(this.#title, t("trial.title"));
    setText(this.#explain, t("trial.explain"));
    const may = this.context.may(LEAST);
    this.#needs.hidden = may;
    setText(this.#needs, t("trial.needs", { role: roleWord(LEAST) }));
    this.#fields.disabled = !may;
    setText(this.#send, t("trial.send"));
    setText(this.#reset, t("trial.reset"));
    setText(this.#message, this.#words());
    this.#rows.draw(city, sensor.id, sensor.unit, levels);
    this.#drawAnswer();
  }

  /** @param {() => string} words */
  #tell(words) {
    this.#words = words;
    setText(this.#message, words());
  }

  #drop() {
    [this.#answer, this.levels] = [null, []];
    this.#tell(() => "");
  }

  /** Everything as in force, and no answer. */
  #forget() {
    this.#drop();
    this.#rows.reset();
    this.#drawAnswer();
    this.onTried();
  }

  #drawAnswer() {
    const key = this.#answer === null ? "" : `${t("trial.title")} ${JSON.stringify(this.#answer)}`;
    if (key === this.#drawn || !this.#shown) return;
    this.#drawn = key;
    this.#result.replaceChildren(...(this.#answer === null ? [] : answerNodes(this.#answer, this.#shown.city, this.context)));
  }

  /** One at a time; what is typed stays, whatever becomes of it. */
  async #try() {
    if (!this.#shown || this.#sending) return;
    const { city, sensor, range } = this.#shown;
    this.#rows.pardon();
    const { levels, unread } = this.#rows.read();
    if (unread || levels.length === 0) {
      this.#tell(() => (unread ? unreadWords(unread, levelName(city, unread.name)) : t("trial.noLevel")));
      return;
    }
    this.#tell(() => t("trial.trying"));
    this.#sending = true;
    const [from, to] = [range.from_ms, range.to_ms].map((ms) => new Date(ms).toISOString());
    try {
      const answer = await this.context.as(() => post(`/sensors/${encodeURIComponent(sensor.id)}/counterfactual`, { levels, from, to }));
      if (this.#shown.sensor.id !== sensor.id) return;
      this.#tell(() => "");
      if (answer === null) return;
      const inForce = new Map(sensor.levels.filter((level) => level.in_force).map((level) => [level.name, level.value]));
      [this.#answer, this.levels] = [{ ...answer, asked_ms: range.to_ms - range.from_ms }, levels.filter((level) => level.value !== inForce.get(level.name))];
      this.context.say(t("trial.done"));
      this.#drawAnswer();
      this.onTried();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (this.#shown.sensor.id === sensor.id) this.#refused(error, levels.map((level) => level.name), city);
    } finally {
      this.#sending = false;
    }
  }

  /** @param {ApiError} error @param {string[]} names that were sent @param {City} city */
  #refused(error, names, city) {
    const fault = placeOf(error.where);
    let name = (fault && names[fault.place]) ?? "";
    // Of two levels that contradict each other the server names either; people look for it where they typed.
    if (error.code === "contradicts") name = this.#rows.onlyTyped() || name;
    this.#tell(() => refusalOf(error, name && levelName(city, name)));
    if (fault && name) this.#rows.blame(name, fault.part);
  }
}
