// @ts-check
// Receipts: which annunciations a person in front of this screen can see now.  What is scrolled away, behind another tab or
// on a dark screen is not seen.

/** @typedef {import("./types.js").Alarm} Alarm */

import { EMBEDDED } from "./embedded.js";

const MOST_REMEMBERED = 5000;

export class Receipts {
  /** @type {Set<string>} */
  #sent = new Set();

  /** @param {(text: string) => boolean} send whether it went out */
  constructor(send) {
    this.send = send;
  }

  /**
   * After the list was painted.
   * @param {HTMLElement} list
   * @param {Map<string, Alarm>} alarms
   * @param {HTMLElement} [frame] what scrolls, where the list itself does not
   */
  painted(list, alarms, frame = list) {
    if (EMBEDDED || document.visibilityState !== "visible") return;
    const shown = visibleIn(list, alarms, frame).filter((id) => !this.#sent.has(id));
    if (shown.length === 0 || !this.send(JSON.stringify({ painted: shown }))) return;
    for (const id of shown) this.#sent.add(id);
    if (this.#sent.size > MOST_REMEMBERED) this.#sent = new Set(shown);
  }

  /** Another connection: the server may be another. */
  forget() {
    this.#sent.clear();
  }
}

/**
 * The annunciations whose card, or the card of whose incident, lies within the list and the window.
 * @param {HTMLElement} list
 * @param {Map<string, Alarm>} alarms
 * @param {HTMLElement} [frame] what scrolls, where the list itself does not
 * @returns {string[]}
 */
export function visibleIn(list, alarms, frame = list) {
  const box = frame.getBoundingClientRect();
  const top = Math.max(box.top, 0);
  const bottom = Math.min(box.bottom, window.innerHeight);
  const seen = [...list.children].filter((node) => {
    const card = node.getBoundingClientRect();
    return card.height > 0 && card.top < bottom && card.bottom > top;
  });
  const ids = new Set(seen.map((node) => (node instanceof HTMLElement ? node.dataset.alarm : undefined)));
  const incidents = new Set(seen.map((node) => (node instanceof HTMLElement ? node.dataset.incident : undefined)));
  return [...alarms.values()]
    .filter((alarm) => ids.has(alarm.id) || (alarm.incident && incidents.has(alarm.incident)))
    .map((alarm) => `${alarm.id}/${alarm.calls ?? 0}`);
}
