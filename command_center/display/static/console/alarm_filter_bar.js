// @ts-check
// The filters above the list: what is chosen stays while the page is open.

import { el, setChildren, setText } from "../dom.js";
import { levelName } from "../levels.js";
import { pick, t } from "../text.js";
import { NO_FILTER, isNarrowed } from "./alarm_filter.js";

/** @typedef {import("../types.js").City} City */
/** @typedef {import("./alarm_filter.js").Filter} Filter */

export class FilterBar {
  node = el("form", "filters");
  /** @type {Filter} */
  filter = { ...NO_FILTER };
  #selects = {
    state: el("select"),
    severity: el("select"),
    level: el("select"),
    where: el("select"),
    kind: el("select"),
    aside: el("select"),
  };
  #labels = new Map(Object.entries(this.#selects).map(([name, select]) => [name, labelled(select)]));
  #text = el("input");
  #clear = el("button");
  #grouped = el("button");
  #unseen = el("button");

  /**
   * @param {() => void} onChange
   * @param {() => boolean} isGrouped
   * @param {() => void} toggleGrouped
   */
  constructor(onChange, isGrouped, toggleGrouped) {
    this.isGrouped = isGrouped;
    this.node.setAttribute("role", "search");
    this.#text.type = "search";
    this.#text.maxLength = 100;
    this.#clear.type = this.#grouped.type = this.#unseen.type = "button";
    this.node.append(this.#text, this.#unseen, this.#grouped, ...this.#labels.values(), this.#clear);
    this.node.addEventListener("submit", (event) => event.preventDefault());
    const changed = () => {
      this.#read();
      onChange();
    };
    this.node.addEventListener("input", changed);
    this.#clear.addEventListener("click", () => {
      this.clear();
      onChange();
    });
    this.#grouped.addEventListener("click", () => {
      toggleGrouped();
      onChange();
    });
    this.#unseen.addEventListener("click", () => {
      this.#selects.state.value = this.filter.state === "unacknowledged" ? "" : "unacknowledged";
      changed();
    });
  }

  /** Whether one of its fields has the focus. */
  get hasFocus() {
    return this.node.contains(document.activeElement);
  }

  search() {
    this.#text.focus();
    this.#text.select();
  }

  clear() {
    this.node.reset();
    this.filter = { ...NO_FILTER };
  }

  /** @param {City} city */
  drawWords(city) {
    this.node.setAttribute("aria-label", t("filter.title"));
    this.#text.placeholder = t("filter.text");
    this.#text.setAttribute("aria-label", t("filter.text"));
    fill(this.#selects.state, [["", t("filter.open")], ["unacknowledged", t("filter.unacknowledged")], ["active", t("filter.active")], ["returned", t("filter.returned")], ["closed", t("filter.closed")]]);
    fill(this.#selects.severity, [["", t("filter.anySeverity")], ["4", t("filter.severity4")], ["3", t("filter.severity3")], ["2", t("filter.severity2")]]);
    fill(this.#selects.level, [["", t("filter.anyLevel")], ...Object.keys(city.levels).map((level) => /** @type {[string, string]} */ ([level, levelName(city, level)])), ["silent", t("level.silent")]]);
    fill(this.#selects.where, [["", t("filter.anywhere")], ...places(city)]);
    fill(this.#selects.kind, [["", t("filter.anyKind")], ["river", t("kind.river")], ["weir", t("kind.weir")], ["rain", t("kind.rain")], ["air", t("kind.air")], ["road", t("kind.road")]]);
    fill(this.#selects.aside, [["", t("filter.calling")], ["any", t("filter.aside")], ["shelved", t("state.shelved")], ["out_of_service", t("state.outOfService")], ["suppressed", t("state.suppressed")], ["refuted", t("filter.refuted")], ["ticket", t("filter.ticket")]]);
    const names = { state: t("column.state"), severity: t("filter.severity"), level: t("column.level"), where: t("column.where"), kind: t("filter.kind"), aside: t("filter.aside") };
    for (const [name, label] of this.#labels) setText(/** @type {Node} */ (label.firstChild), names[/** @type {keyof typeof names} */ (name)]);
    this.draw();
  }

  draw() {
    setText(this.#clear, t("filter.clear"));
    this.#clear.hidden = !isNarrowed(this.filter);
    setText(this.#grouped, t("filter.grouped"));
    this.#grouped.setAttribute("aria-pressed", String(this.isGrouped()));
    setText(this.#unseen, t("filter.unacknowledged"));
    this.#unseen.setAttribute("aria-pressed", String(this.filter.state === "unacknowledged"));
  }

  #read() {
    const { state, severity, level, where, kind, aside } = this.#selects;
    this.filter = /** @type {Filter} */ ({
      state: state.value,
      severity: severity.value,
      level: level.value,
      where: where.value,
      kind: kind.value,
      text: this.#text.value.trim(),
      aside: aside.value,
    });
  }
}

/** @param {HTMLSelectElement} select */
function labelled(select) {
  const label = el("label", "filter");
  label.append(el("span"), select);
  return label;
}

/** @param {HTMLSelectElement} select @param {[string, string][]} choices value and words */
function fill(select, choices) {
  const chosen = select.value;
  setChildren(select, choices.map(([value, words]) => new Option(words, value)));
  select.value = choices.some(([value]) => value === chosen) ? chosen : "";
}

/** Basins, roads and areas that have stations. @param {City} city @returns {[string, string][]} */
function places(city) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const { basin, road, area_name } of city.stations) {
    if (basin) found.set(`basin:${basin}`, pick(city.basins[basin]) || basin);
    if (road) found.set(`road:${road}`, road);
    if (area_name) found.set(`area:${area_name}`, area_name);
  }
  const rank = (/** @type {string} */ value) => ["basin", "road", "area"].indexOf(value.split(":")[0]);
  return [...found].sort(([a, x], [b, y]) => rank(a) - rank(b) || x.localeCompare(y));
}
