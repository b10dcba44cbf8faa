// @ts-check
// Keys outside of fields and dialogs, and the list of them.

import { byId, el } from "../dom.js";
import { t } from "../text.js";

/** @param {EventTarget|null} target whether a key there is text, or the choice of a list */
const isField = (target) =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;

const STORED = "siaga.letter_keys";

/** Whether single letters act: who dictates to the machine, or types beside it, turns them off (WCAG 2.1.4). */
function lettersAct() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch (error) {
    if (error instanceof DOMException) return true;
    throw error;
  }
}

/** @param {boolean} on */
function keepLetters(on) {
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/**
 * Hands keys to the page.  With Ctrl, Alt or Meta they are the browser's; in a field only Escape is ours.
 * @param {import("./router.js").Router} router
 */
export function listen(router) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (isField(event.target) && event.key !== "Escape") return;
    if (/^[a-z]$/i.test(event.key) && !lettersAct()) return;
    if (event.key === "?") show(router.keys());
    else if (!router.key(event)) return;
    event.preventDefault();
  });
}

/** @param {[string, string][]} keys */
function show(keys) {
  /** @type {[string, string][]} */
  const all = [...keys, ["Tab", t("keys.next")], ["Esc", t("keys.close")], ["?", t("keys.help")]];
  byId("keys-list").replaceChildren(
    ...all.map(([key, words]) => {
      const row = el("div");
      const name = el("dt");
      name.append(...key.split(" ").map((one) => el("kbd", "", one)));
      row.append(name, el("dd", "", words));
      return row;
    }),
  );
  byId("keys-none").hidden = keys.length > 0;
  const letters = /** @type {HTMLInputElement} */ (byId("keys-letters"));
  letters.checked = lettersAct();
  letters.onchange = () => keepLetters(letters.checked);
  /** @type {HTMLDialogElement} */ (byId("keys")).showModal();
}
