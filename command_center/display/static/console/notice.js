// @ts-check
// The status line: what was done, or what the server said against it.  One thing at a time, and a screen reader says it.

import { byId, setData, setText } from "../dom.js";

/** So long what was done stays; what failed stays until the next thing. */
const SHOWN_MS = 8000;

/** @type {ReturnType<typeof setTimeout>|undefined} */
let fading;

/** @param {string} words */
export function say(words) {
  show(words, "");
  fading = setTimeout(() => show("", ""), SHOWN_MS);
}

/** @param {string} words */
export const warn = (words) => show(words, "fault");

/** @param {string} words @param {string} look */
function show(words, look) {
  clearTimeout(fading);
  const node = byId("notice");
  setData(node, "look", look);
  setText(node, words);
}
