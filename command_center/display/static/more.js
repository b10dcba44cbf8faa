// @ts-check
// A wall has nobody at its scroll wheel: where a list is cut off, it says how much lies below.

import { byId, setText } from "./dom.js";
import { whole } from "./format.js";
import { t } from "./text.js";

const NEEDS_EYES = new Set(["level", "silent", "never"]);

/**
 * Keeps a note at a list's foot.
 * @param {string} list id of the scrolling element
 * @param {string} note id of the note
 * @param {string} items selector of what is counted
 * @returns {() => void} counts again
 */
export function watchCut(list, note, items) {
  const host = byId(list);
  const count = () => {
    const { bottom, height } = host.getBoundingClientRect();
    let below = 0;
    let look = 0;
    for (const item of height > 0 && !host.hidden ? host.querySelectorAll(items) : []) {
      const box = item.getBoundingClientRect();
      if (box.height > 0 && (box.top + box.bottom) / 2 > bottom) {
        below += 1;
        if (item instanceof HTMLElement && NEEDS_EYES.has(item.dataset.standing ?? "")) look += 1;
      }
    }
    const words = look > 0 ? t("more.belowLook", { n: whole(below), look: whole(look) }) : t("more.below", { n: whole(below) });
    setText(byId(note), below > 0 ? words : "");
  };
  host.addEventListener("scroll", count, { passive: true });
  new ResizeObserver(count).observe(host);
  return count;
}
