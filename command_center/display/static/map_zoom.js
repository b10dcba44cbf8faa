// @ts-check
// A city gives its zoom for a wall of 1920 × 1080; a larger wall shows the same ground, larger.

const DESIGN_REM_PX = 16;

/**
 * @param {number} zoom as in city.toml
 * @returns {number} zoom for this screen
 */
export function zoomForScreen(zoom) {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return zoom + Math.log2(rem / DESIGN_REM_PX);
}

/** So much nearer than the city's own zoom a map may open: a single station has no extent to fit. */
const NEARER = 2;

/**
 * @param {number} zoom as in city.toml
 * @returns {number} the nearest zoom for this screen
 */
export const nearestZoom = (zoom) => zoomForScreen(zoom) + NEARER;
