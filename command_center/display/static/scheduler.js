// @ts-check
// One animation frame for the whole page: whatever changes marks its view dirty, all dirty views draw together; what asks
// where things lie comes after them, so that the page is laid out once a frame.

/** @type {Set<() => void>} */
const dirty = new Set();
/** @type {Set<() => void>} */
const looks = new Set();
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
  for (const draw of views) guarded(draw);
  // Drawing may ask for more looks; what a look changes is drawn in the next frame.
  const asked = [...looks];
  looks.clear();
  for (const look of asked) guarded(look);
}

/** @param {() => void} step */
function guarded(step) {
  try {
    step();
  } catch (error) {
    // One broken view must not stop the others; the error goes to window.onerror, hence onto the wall.
    reportError(error);
  }
}

/**
 * To be called by a view while it draws: `look` runs once, when all views have drawn.  Reading where an element lies
 * between two writes lays the whole page out each time.
 * @param {() => void} look reads sizes and places; it may scroll
 */
export function afterDrawing(look) {
  looks.add(look);
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
