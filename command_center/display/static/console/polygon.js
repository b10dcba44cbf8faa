// @ts-check
// Where a warning holds: its polygons as a drawing, with the stations that lie near, north up.

import { svg } from "../dom.js";

/** @typedef {import("../types.js").City} City */

const SIZE = 320;
const ROOM = 0.25; // of the polygons' width, around them
const MOST_STATIONS = 12;

/**
 * "lat,lon lat,lon …" as numbers; what is none is left out.
 * @param {string} text
 * @returns {[number, number][]} longitude and latitude, degrees
 */
export function pointsOf(text) {
  return text
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split(",").map(Number))
    .filter((pair) => pair.length === 2 && pair.every(Number.isFinite))
    .map(([lat, lon]) => [lon, lat]);
}

/**
 * The drawing; null where no polygon can be drawn.
 * @param {string[]} polygons
 * @param {City|null} city
 * @param {string} label
 */
export function drawPolygons(polygons, city, label) {
  const rings = polygons.map(pointsOf).filter((ring) => ring.length >= 4);
  if (rings.length === 0) return null;
  const all = rings.flat();
  const [west, east] = [Math.min(...all.map((p) => p[0])), Math.max(...all.map((p) => p[0]))];
  const [south, north] = [Math.min(...all.map((p) => p[1])), Math.max(...all.map((p) => p[1]))];
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const span = Math.max((east - west) * narrow, north - south, 1e-4) * (1 + 2 * ROOM);
  /** @param {readonly [number, number]} point @returns {[number, number]} */
  const place = ([lon, lat]) => [
    SIZE / 2 + ((lon - (west + east) / 2) * narrow * SIZE) / span,
    SIZE / 2 - ((lat - (south + north) / 2) * SIZE) / span,
  ];
  const shapes = rings.map((ring) => {
    const points = ring.map((point) => place(point).map((n) => n.toFixed(1)).join(",")).join(" ");
    return svg("polygon", { points, class: "warning-area" });
  });
  const node = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, class: "warning-map", role: "img", "aria-label": label });
  node.append(...shapes, ...stationsIn(city, place));
  return node;
}

/** @param {City|null} city @param {(point: readonly [number, number]) => [number, number]} place */
function stationsIn(city, place) {
  const inside = (city?.stations ?? [])
    .map((station) => ({ name: station.name, at: place([station.lon, station.lat]) }))
    .filter(({ at }) => at.every((n) => n > 0 && n < SIZE))
    .slice(0, MOST_STATIONS);
  return inside.flatMap(({ name, at: [x, y] }) => {
    const isRight = x > SIZE * 0.6;
    const text = svg("text", { x: isRight ? x - 7 : x + 7, y: y + 4, "text-anchor": isRight ? "end" : "start" });
    text.textContent = name;
    return [svg("circle", { cx: x, cy: y, r: 4 }), text];
  });
}
