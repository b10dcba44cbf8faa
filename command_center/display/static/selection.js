// @ts-check
// Which datastream the chart shows: what somebody chose, for a while; else that of the worst alarm; else the first gauge.

import { worstActive } from "./alarm_order.js";
import { datastreamOf } from "./store.js";

/** @typedef {import("./store.js").Store} Store */

/** A choice that nobody renews ends: a wall must not show yesterday's interest during today's flood. */
const CHOICE_LASTS_MS = 10 * 60e3;

export class Selection {
  #chosen = "";
  #until = 0;

  /** @param {string} datastream "" = nothing in particular */
  choose(datastream) {
    this.#chosen = datastream;
    this.#until = performance.now() + CHOICE_LASTS_MS;
  }

  /** Whether somebody chose what is shown. */
  get manual() {
    return this.#chosen !== "" && performance.now() < this.#until;
  }

  /**
   * @param {Store} store
   * @param {number} first index of the datastream that stands first on the wall; -1 = none
   * @returns {number} index to show; -1 = none
   */
  current(store, first) {
    const chosen = this.manual ? store.index.get(this.#chosen) : undefined;
    if (chosen !== undefined) return chosen;
    const alarm = worstActive(store.alarms.values());
    return (alarm ? store.index.get(datastreamOf(alarm)) : undefined) ?? first;
  }
}
