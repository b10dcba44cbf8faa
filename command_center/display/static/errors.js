// @ts-check
// A classic script, loaded before everything else, so that a fault in any module still reaches the wall.
// Its heading stands in index.html in both languages: the texts may be what failed to load.

(() => {
  const MAX_LINES = 3;
  /** @type {Map<string, {count: number, line: HTMLLIElement|null}>} */
  const seen = new Map();

  /** @param {string} message */
  function show(message) {
    const band = document.getElementById("script-error");
    const list = document.getElementById("script-error-list");
    if (!band || !list) {
      document.addEventListener("DOMContentLoaded", () => show(message), { once: true });
      return;
    }
    const entry = seen.get(message) ?? { count: 0, line: null };
    seen.set(message, entry);
    entry.count += 1;
    if (!entry.line) {
      entry.line = document.createElement("li");
      list.append(entry.line);
      while (list.children.length > MAX_LINES) list.firstElementChild?.remove();
    }
    entry.line.textContent = entry.count > 1 ? `${message} (${entry.count}×)` : message;
    band.hidden = false;
  }

  /** @param {string} file */
  const tail = (file) => file.split("/").slice(-1)[0];

  window.addEventListener(
    "error",
    (/** @type {Event} */ event) => {
      if (event instanceof ErrorEvent) {
        // Chromium's note that a resize took two frames; nothing is wrong with the picture.
        if (event.message.startsWith("ResizeObserver loop")) return;
        show(event.filename ? `${event.message} (${tail(event.filename)}:${event.lineno})` : event.message);
      } else if (event.target instanceof HTMLScriptElement) {
        show(`${event.target.src}: 404?`);
      } else if (event.target instanceof HTMLLinkElement) {
        show(`${event.target.href}: 404?`);
      }
    },
    true,
  );
  window.addEventListener("unhandledrejection", (event) => {
    show(event.reason instanceof Error ? event.reason.message : String(event.reason));
  });
})();
