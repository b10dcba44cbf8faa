// @ts-check
// Which panel stands in the middle: the one where something is wrong; else the one that somebody chose; else each in turn.

/** @typedef {import("./trouble.js").Panel} Panel */
/** @typedef {import("./trouble.js").Trouble} Trouble */
/** @typedef {{panel: Panel, why: "held"|"chosen"|"turning"|"still"}} Standing */

/** A choice that nobody renews ends, as the chart's does. */
const CHOICE_LASTS_MS = 2 * 60e3;

export class Turn {
  /** @type {Panel|""} */
  #panel = "";
  #since_ms = 0;
  #chosen_until_ms = 0;
  #trouble = "";

  /** @param {number} every_s 0 = panels never change by themselves */
  constructor(every_s) {
    this.every_ms = every_s * 1000;
  }

  /**
   * Somebody wants to see a panel; the next new trouble ends that.
   * @param {Panel} panel
   * @param {number} at_ms
   */
  choose(panel, at_ms) {
    this.#panel = panel;
    this.#since_ms = at_ms;
    this.#chosen_until_ms = at_ms + CHOICE_LASTS_MS;
  }

  /**
   * @param {readonly Panel[]} panels those that this city has, at least one, in their order
   * @param {Trouble|null} trouble
   * @param {number} at_ms of a clock that never jumps
   * @returns {Standing}
   */
  at(panels, trouble, at_ms) {
    const key = trouble?.key ?? "";
    if (key !== this.#trouble) {
      if (key) this.#chosen_until_ms = 0;
      else this.#since_ms = at_ms; // it is over: what stands there stays for its whole time
      this.#trouble = key;
    }
    const known = panels.find((panel) => panel === this.#panel);
    if (!known) this.#show(panels[0], at_ms);
    const panel = known ?? panels[0];
    if (at_ms < this.#chosen_until_ms) return { panel, why: "chosen" };
    if (trouble) {
      const there = panels.find((one) => one === trouble.panel);
      if (there) this.#show(there, at_ms);
      return { panel: there ?? panel, why: "held" };
    }
    if (this.every_ms <= 0 || panels.length < 2) return { panel, why: "still" };
    if (at_ms - this.#since_ms < this.every_ms) return { panel, why: "turning" };
    const next = panels[(panels.indexOf(panel) + 1) % panels.length];
    this.#show(next, at_ms);
    return { panel: next, why: "turning" };
  }

  /** @param {Panel} panel @param {number} at_ms */
  #show(panel, at_ms) {
    if (panel === this.#panel) return;
    this.#panel = panel;
    this.#since_ms = at_ms;
  }
}
