// @ts-check
// Keys outside of fields and dialogs, and the list of them.

import { byId, el } from "../dom.js";
import { t } from "../text.js";

/** @param {EventTarget|null} target whether a key there is text, or the choice of a list */
const isField = (target) =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;

/**
 * Hands keys to the page.  With Ctrl, Alt or Meta they are the browser's; in a field only Escape is ours.
 * @param {import("./router.js").Router} router
 */
export function listen(router) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (isField(event.target) && event.key !== "Escape") return;
    if (event.key === "?") show(router.keys());
    else if (!router.key(event)) return;
    event.preventDefault();
  });
}

/** @param {[string, string][]} keys */
function show(keys) {
  /** @type {[string, string][]} */
  const all = [...keys, ["?", t("keys.help")]];
  byId("keys-list").replaceChildren(
    ...all.map(([key, words]) => {
      const row = el("div");
      const name = el("dt");
      name.append(...key.split(" ").map((one) => el("kbd", "", one)));
      row.append(name, el("dd", "", words));
      return row;
    }),
  );
  /** @type {HTMLDialogElement} */ (byId("keys")).showModal();
}
