// @ts-check
// The map without WebGL: the same layers as a fixed drawing, so that the stations still have their places.

import { svg } from "./dom.js";
import { nearestZoom, zoomForScreen } from "./map_zoom.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Layer} Layer */
/** @typedef {import("./map.js").MapView} MapView */

const TILE = 512;

/** @param {number} lon @param {number} lat @returns {[number, number]} Web Mercator, the world being 1 × 1 */
function mercator(lon, lat) {
  const phi = (lat * Math.PI) / 180;
  return [(lon + 180) / 360, 0.5 - Math.log(Math.tan(Math.PI / 4 + phi / 2)) / (2 * Math.PI)];
}

/**
 * @param {HTMLElement} container
 * @param {City} city
 * @param {{layer: Layer, data: any}[]} layers
 * @param {() => void} onMove
 * @returns {MapView}
 */
export function createSvgView(container, city, layers, onMove) {
  const root = svg("svg", { class: "map-svg", "aria-hidden": "true" });
  container.append(root);
  const [x0, y0] = mercator(city.map.lon, city.map.lat);
  let centre = [x0, y0];
  let scale = 1;

  for (const { layer, data } of layers) {
    for (const feature of data.features ?? []) {
      const d = path(feature.geometry);
      if (d) root.append(svg("path", { class: `map-${layer.kind}`, d, "data-closed": String(/Polygon/.test(feature.geometry.type)) }));
    }
  }

  /** Paths are drawn once, around the city, in millionths of the world; moving is a transform. @param {any} geometry */
  function path(geometry) {
    /** @param {number[][]} line @param {string} end */
    const draw = (line, end) =>
      `M${line.map(([lon, lat]) => mercator(lon, lat)).map(([x, y]) => `${((x - x0) * 1e6).toFixed(3)},${((y - y0) * 1e6).toFixed(3)}`).join("L")}${end}`;
    const c = geometry?.coordinates;
    if (geometry?.type === "LineString") return draw(c, "");
    if (geometry?.type === "MultiLineString") return c.map((/** @type {number[][]} */ line) => draw(line, "")).join("");
    if (geometry?.type === "Polygon") return c.map((/** @type {number[][]} */ ring) => draw(ring, "Z")).join("");
    if (geometry?.type === "MultiPolygon") return c.flat().map((/** @type {number[][]} */ ring) => draw(ring, "Z")).join("");
    return "";
  }

  function apply() {
    const { clientWidth: w, clientHeight: h } = container;
    const k = scale / 1e6;
    const dx = w / 2 + (x0 - centre[0]) * scale;
    const dy = h / 2 + (y0 - centre[1]) * scale;
    for (const child of root.children) child.setAttribute("transform", `translate(${dx} ${dy}) scale(${k})`);
    onMove();
  }

  /** @type {MapView} */
  const view = {
    project(lon, lat) {
      const [x, y] = mercator(lon, lat);
      return [container.clientWidth / 2 + (x - centre[0]) * scale, container.clientHeight / 2 + (y - centre[1]) * scale];
    },
    home() {
      centre = [x0, y0];
      scale = TILE * 2 ** zoomForScreen(city.map.zoom);
      apply();
    },
    fit([west, south, east, north], padding) {
      const [left, bottom] = mercator(west, south);
      const [right, top] = mercator(east, north);
      const wide = (container.clientWidth - padding.left - padding.right) / Math.max(right - left, 1e-9);
      const high = (container.clientHeight - padding.top - padding.bottom) / Math.max(bottom - top, 1e-9);
      scale = Math.max(1, Math.min(wide, high, TILE * 2 ** nearestZoom(city.map.zoom)));
      const aside = (padding.right - padding.left) / 2 / scale;
      const down = (padding.bottom - padding.top) / 2 / scale;
      centre = [(left + right) / 2 + aside, (top + bottom) / 2 + down];
      apply();
    },
    resize: apply,
    remove: () => root.remove(),
  };
  return view;
}
