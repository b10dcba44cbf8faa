// @ts-check
// One animation frame for the whole page: whatever changes marks its view dirty, all dirty views draw together.

/** @type {Set<() => void>} */
const dirty = new Set();
let queued = false;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let late;

const LATE_MS = 150;

function flush() {
  clearTimeout(late);
  if (!queued) return;
  queued = false;
  const views = [...dirty];
  dirty.clear();
  for (const draw of views) {
    try {
      draw();
    } catch (error) {
      // One broken view must not stop the others; the error goes to window.onerror, hence onto the wall.
      reportError(error);
    }
  }
}

/**
 * Registers a view.
 * @param {() => void} draw
 * @returns {() => void} marks it dirty; it is drawn once, in the next frame
 */
export function view(draw) {
  return () => {
    dirty.add(draw);
    if (queued) return;
    queued = true;
    requestAnimationFrame(flush);
    // A browser that cannot keep up with painting, or hides the page, gives no frames; the page must still be right.
    late = setTimeout(flush, LATE_MS);
  };
}
