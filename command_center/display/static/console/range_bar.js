// @ts-check
// Which range a chart shows: buttons up to now, or from and to in the city's own time.

import { el, setData, setText } from "../dom.js";
import { t } from "../text.js";
import { fromField, toField } from "./city_time.js";

const HOUR_MS = 3600e3;
export const DAY_MS = 24 * HOUR_MS;
/** @type {[() => string, number][]} */
const LENGTHS = [
  [() => t("station.hours6"), 6 * HOUR_MS], [() => t("station.day1"), DAY_MS], [() => t("station.days7"), 7 * DAY_MS],
  [() => t("station.days30"), 30 * DAY_MS], [() => t("station.year"), 365 * DAY_MS],
];

/** `length_ms`: the range ends now and goes on with the clock; 0 = it stands still. @typedef {{from_ms: number, to_ms: number, length_ms: number}} Range */

export class RangeBar {
  node = el("div", "station-ranges");
  #buttons = LENGTHS.map(() => el("button"));
  #from = el("input");
  #to = el("input");
  #show = el("button");
  #fields = "";
  #zone = "UTC";

  /**
   * @param {(length_ms: number) => void} onLength
   * @param {(from_ms: number, to_ms: number) => void} onSpan
   */
  constructor(onLength, onSpan) {
    this.#from.type = this.#to.type = "datetime-local";
    const form = el("form", "station-span");
    form.append(this.#from, this.#to, this.#show);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      onSpan(fromField(this.#from.value, this.#zone), fromField(this.#to.value, this.#zone));
    });
    this.#buttons.forEach((button, k) => {
      button.type = "button";
      button.addEventListener("click", () => onLength(LENGTHS[k][1]));
    });
    this.node.append(...this.#buttons, form);
  }

  /** @param {string} zone IANA name @param {Range} range */
  draw(zone, range) {
    this.#zone = zone;
    this.#buttons.forEach((button, k) => {
      setText(button, LENGTHS[k][0]());
      button.setAttribute("aria-pressed", String(range.length_ms === LENGTHS[k][1]));
    });
    this.#from.setAttribute("aria-label", t("station.from"));
    this.#to.setAttribute("aria-label", t("station.to"));
    setText(this.#show, t("station.show"));
    const fields = `${toField(range.from_ms, zone)} ${toField(range.to_ms, zone)}`;
    if (fields !== this.#fields && !this.node.contains(document.activeElement?.closest("form") ?? null)) {
      this.#fields = fields; // never under the hands of who types
      [this.#from.value, this.#to.value] = fields.split(" ");
    }
    setData(this.node, "follows", range.length_ms > 0);
  }
}
