// @ts-check
// The levels to try, as people type them: one row a level in force, its limit, clear margin and delays.

import { el, setText } from "../dom.js";
import { limit, unitText } from "../format.js";
import { levelName } from "../levels.js";
import { language, t } from "../text.js";
import { numberOf } from "./observe.js";

/** @typedef {import("../types.js").City} City */
/** @typedef {import("./station_sheet.js").LevelVersion} LevelVersion */
/** @typedef {"value"|"hysteresis"|"on_delay_s"|"off_delay_s"} Part  of a level, as POST …/counterfactual names it */
/** @typedef {{name: string, value: number, hysteresis?: number, on_delay_s?: number, off_delay_s?: number}} Tried */
/** A cell: what stands in it, and what was offered there with the number that it stood for. @typedef {{text: string, offered: string, number: number}} Typed */
/** @typedef {{name: string, parts: Record<Part, Typed>}} TypedLevel */
/** What cannot be read. @typedef {{name: string, part: Part, text: string, why: "ambiguous"|"none"}} Unread */

/** @type {readonly Part[]} */
export const PARTS = ["value", "hysteresis", "on_delay_s", "off_delay_s"];

/** @param {LevelVersion} level @param {Part} part */
const inForce = (level, part) => (part === "hysteresis" ? level.hysteresis : level[part]);

/** A number to be typed over: as exact as it is, and no thousands apart.  @param {number} value */
const offer = (value) => (language() === "id" ? String(value).replace(".", ",") : String(value));

/**
 * The levels that are meant.  Without a limit a level is left out; any other cell that is empty is as in force, and what
 * nobody touched is the number that was offered.
 * @param {readonly TypedLevel[]} typed
 * @returns {{levels: Tried[], unread: Unread|null}}
 */
export function levelsOf(typed) {
  const levels = [];
  for (const { name, parts } of typed) {
    if (parts.value.text.trim() === "") continue;
    /** @type {Record<string, any>} */
    const tried = { name };
    for (const part of PARTS) {
      const { text, offered, number } = parts[part];
      if (text.trim() === "") continue;
      const read = text === offered ? number : numberOf(text);
      if (typeof read === "string") return { levels: [], unread: { name, part, text, why: "ambiguous" } };
      if (Number.isNaN(read)) return { levels: [], unread: { name, part, text, why: "none" } };
      tried[part] = read;
    }
    levels.push(/** @type {Tried} */ (tried));
  }
  return { levels, unread: null };
}

/** @typedef {{name: string, title: HTMLElement, cells: Record<Part, {input: HTMLInputElement, now: HTMLElement, offered: string, number: number}>, node: HTMLElement}} Row */

export class TrialRows {
  node = el("table", "office-table trial-levels");
  #head = [el("th"), el("th"), el("th"), el("th"), el("th")];
  #body = el("tbody");
  /** @type {Row[]} */
  #rows = [];
  #sensor = "";

  constructor() {
    const head = el("thead");
    const line = el("tr");
    for (const cell of this.#head) cell.scope = "col";
    line.append(...this.#head);
    head.append(line);
    this.node.append(head, this.#body);
  }

  /**
   * What was typed stays, as long as it is the same sensor.
   * @param {City} city @param {string} sensor id @param {string} unit @param {readonly LevelVersion[]} levels in force, by rank
   */
  draw(city, sensor, unit, levels) {
    if (sensor !== this.#sensor) this.#rows = [];
    this.#sensor = sensor;
    const known = new Map(this.#rows.map((row) => [row.name, row]));
    this.#rows = levels.map((level) => known.get(level.name) ?? newRow(level.name));
    const rows = this.#rows.map((row) => row.node);
    if (rows.length !== this.#body.children.length || rows.some((row, k) => row !== this.#body.children[k])) this.#body.replaceChildren(...rows);
    const units = unitText(unit);
    const titles = [t("station.level"), t("trial.value", { unit: units }), t("trial.margin", { unit: units }), t("trial.onDelay"), t("trial.offDelay")];
    this.#head.forEach((cell, k) => setText(cell, titles[k]));
    levels.forEach((level, k) => drawRow(this.#rows[k], level, levelName(city, level.name), titles));
  }

  /** What is meant; what cannot be read is marked.  @returns {ReturnType<typeof levelsOf>} */
  read() {
    const found = levelsOf(this.#rows.map(({ name, cells }) => {
      const of = (/** @type {Part} */ part) => ({ text: cells[part].input.value, offered: cells[part].offered, number: cells[part].number });
      return { name, parts: { value: of("value"), hysteresis: of("hysteresis"), on_delay_s: of("on_delay_s"), off_delay_s: of("off_delay_s") } };
    }));
    if (found.unread) this.blame(found.unread.name, found.unread.part);
    return found;
  }

  /** The level whose limit was typed, where it is the only one; "" = none, or several.  @returns {string} */
  onlyTyped() {
    const typed = this.#rows.filter(({ cells: { value } }) => value.input.value !== value.offered);
    return typed.length === 1 ? typed[0].name : "";
  }

  /** The cell that is at fault has the focus.  @param {string} name @param {Part} part */
  blame(name, part) {
    const input = this.#rows.find((row) => row.name === name)?.cells[part].input;
    input?.setAttribute("aria-invalid", "true");
    input?.focus();
  }

  /** Nothing is at fault any more. */
  pardon() {
    for (const { cells } of this.#rows) for (const part of PARTS) cells[part].input.removeAttribute("aria-invalid");
  }

  /** Everything as in force again. */
  reset() {
    for (const { cells } of this.#rows) for (const part of PARTS) cells[part].input.value = cells[part].offered;
    this.pardon();
  }
}

/** @param {string} name @returns {Row} */
function newRow(name) {
  const node = el("tr");
  const title = el("th");
  title.scope = "row";
  node.append(title);
  const cell = (/** @type {Part} */ part) => {
    const [input, now, place] = [el("input"), el("small", "office-quiet"), el("td")];
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.maxLength = 40;
    input.name = `${name} ${part}`;
    input.setAttribute("aria-describedby", "trial-message");
    place.append(input, now);
    node.append(place);
    return { input, now, offered: "", number: Number.NaN };
  };
  return { name, title, node, cells: { value: cell("value"), hysteresis: cell("hysteresis"), on_delay_s: cell("on_delay_s"), off_delay_s: cell("off_delay_s") } };
}

/** @param {Row} row @param {LevelVersion} level @param {string} name @param {readonly string[]} titles */
function drawRow(row, level, name, titles) {
  setText(row.title, name);
  PARTS.forEach((part, k) => {
    const cell = row.cells[part];
    const number = inForce(level, part);
    const isUntouched = cell.input.value === cell.offered;
    if (number !== cell.number) {
      [cell.number, cell.offered] = [number, offer(number)];
      if (isUntouched) cell.input.value = cell.offered;
    }
    cell.input.setAttribute("aria-label", `${name}: ${titles[k + 1]}`);
    setText(cell.now, t("trial.nowIs", { value: limit(number) }));
  });
}
