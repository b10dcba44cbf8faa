// @ts-check
// What the chart bears besides its line: the levels, and what failed its tests.

import { levelColour, levelName } from "./levels.js";
import { colour, font } from "./palette.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Sensor} Sensor */

/**
 * @param {any} plot
 * @param {City} city
 * @param {Sensor} sensor
 * @param {number} unit
 */
export function drawLevels(plot, city, sensor, unit) {
  const ratio = plot.pxRatio ?? devicePixelRatio;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = 0.12 * unit * ratio;
  ctx.setLineDash([0.5 * unit * ratio, 0.3 * unit * ratio]);
  ctx.font = `600 ${0.85 * unit * ratio}px ${font()}`;
  ctx.textBaseline = "bottom";
  ctx.textAlign = "left";
  const [plain, ink] = [colour("--muted"), colour("--text")];
  for (const level of sensor.levels) {
    const y = plot.valToPos(level.value, "y", true);
    ctx.strokeStyle = levelColour(city, level.name) || plain;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    // The name in plain ink: a level's own colour may be too dark to read.
    ctx.fillStyle = ink;
    ctx.fillText(levelName(city, level.name), bbox.left + 0.4 * unit * ratio, y - 0.1 * unit * ratio);
  }
  ctx.restore();
}

/**
 * What failed its tests: a cross, at the edge where it lies beyond what is drawn.
 * @param {any} plot
 * @param {number} unit
 */
export function drawFailed(plot, unit) {
  const ratio = plot.pxRatio ?? devicePixelRatio;
  const { ctx, bbox, data } = plot;
  const arm = 0.25 * unit * ratio;
  ctx.save();
  ctx.strokeStyle = colour("--attention");
  ctx.lineWidth = 0.12 * unit * ratio;
  ctx.beginPath();
  data[3].forEach((/** @type {number|null} */ value, /** @type {number} */ k) => {
    const x = plot.valToPos(data[0][k], "x", true);
    if (value === null || x < bbox.left) return;
    const y = Math.min(bbox.top + bbox.height - arm, Math.max(bbox.top + arm, plot.valToPos(value, "y", true)));
    ctx.moveTo(x - arm, y - arm);
    ctx.lineTo(x + arm, y + arm);
    ctx.moveTo(x - arm, y + arm);
    ctx.lineTo(x + arm, y - arm);
  });
  ctx.stroke();
  ctx.restore();
}
