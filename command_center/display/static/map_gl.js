// @ts-check
// The map with WebGL (MapLibre).  It draws ground only; stations and names lie above it as elements of the page, so it
// needs no glyphs, no sprites and no network.

import { el } from "./dom.js";
import { colour } from "./palette.js";
import { nearestZoom, zoomForScreen } from "./map_zoom.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Layer} Layer */
/** @typedef {import("./map.js").MapView} MapView */
/** @typedef {import("./map.js").LoadedLayer} LoadedLayer */

const LAYER_EVERY_MS = 60;

/** The library's own style sheet, before ours: it comes with the library, after the wall's first picture. */
async function loadStyles() {
  if (document.getElementById("map-styles")) return;
  const link = el("link");
  link.id = "map-styles";
  link.rel = "stylesheet";
  link.href = new URL("./vendor/maplibre-gl/maplibre-gl.css", import.meta.url).href;
  await new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error(`${link.href} cannot be had`));
    };
    document.head.prepend(link);
  });
}

/** @returns {boolean} */
export function hasWebGl() {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

/**
 * @param {Layer["kind"]} kind
 * @param {string} id
 * @param {number} rem
 * @returns {object[]} style layers, without their source
 */
function styleOf(kind, id, rem) {
  const polygon = ["==", ["geometry-type"], "Polygon"];
  const line = (/** @type {string} */ name, /** @type {number} */ width, /** @type {number[]|null} */ dashes = null) => ({
    id: `${id}-line`,
    type: "line",
    paint: { "line-color": colour(name), "line-width": width * rem, ...(dashes ? { "line-dasharray": dashes } : {}) },
    layout: { "line-join": "round", "line-cap": dashes ? "butt" : "round" },
  });
  const fill = (/** @type {string} */ name) => ({
    id: `${id}-fill`,
    type: "fill",
    filter: polygon,
    paint: { "fill-color": colour(name), "fill-antialias": false },
  });
  switch (kind) {
    case "area":
      return [fill("--map-area"), line("--map-area-line", 0.05)];
    case "boundary":
      return [line("--map-boundary", 0.11, [4, 2])];
    case "river":
      return [fill("--map-river"), line("--map-river", 0.22)];
    case "road":
      return [line("--map-road", 0.1)];
    default:
      return [];
  }
}

/**
 * A base of tiles whose make is unknown: each layer is drawn in grey after what its name says it is.
 * @param {any} maplibre
 * @param {Layer} layer
 * @param {string} id
 * @param {number} rem
 */
async function baseLayers(maplibre, layer, id, rem) {
  const { PMTiles, Protocol } = await import("./vendor/pmtiles/pmtiles.js");
  /** @type {any} */
  const archive = new PMTiles(new URL(layer.url, location.href).href);
  const protocol = new Protocol();
  protocol.add(archive);
  maplibre.addProtocol("pmtiles", protocol.tile);
  const header = await archive.getHeader();
  const url = `pmtiles://${archive.source.getKey()}`;
  if (header.tileType !== 1) {
    const paint = { "raster-saturation": -1, "raster-brightness-max": 0.35, "raster-fade-duration": 0 };
    return { source: { type: "raster", url, tileSize: 256 }, layers: [{ id, type: "raster", paint }] };
  }
  const metadata = await archive.getMetadata();
  const names = (metadata.vector_layers ?? []).map((/** @type {{id: string}} */ l) => l.id);
  /** @param {string} name @returns {Layer["kind"]|null} */
  const kindOf = (name) =>
    /water|river/.test(name) ? "river" : /road|transport/.test(name) ? "road" : /bound/.test(name) ? "boundary" : /^(earth|land)$/.test(name) ? "area" : null;
  const layers = names.flatMap((/** @type {string} */ name) => {
    const kind = kindOf(name);
    return kind ? styleOf(kind, `${id}-${name}`, rem * 0.5).map((l) => ({ ...l, "source-layer": name })) : [];
  });
  return { source: { type: "vector", url }, layers };
}

/**
 * Adds the layers one after the other: each may bring a shader to compile, and values must be drawn in between.
 * @param {any} maplibre
 * @param {any} map
 * @param {LoadedLayer[]} layers
 * @param {number} rem
 */
async function addLayers(maplibre, map, layers, rem) {
  await map.once("load");
  for (const [n, { layer, data }] of layers.entries()) {
    const id = `layer-${n}`;
    const { source, layers: styled } = data
      ? { source: { type: "geojson", data, tolerance: 0.2 }, layers: styleOf(layer.kind, id, rem) }
      : await baseLayers(maplibre, layer, id, rem);
    map.addSource(id, source);
    for (const drawn of styled) {
      map.addLayer({ ...drawn, source: id });
      await new Promise((resolve) => setTimeout(resolve, LAYER_EVERY_MS));
    }
  }
  if (!map.loaded()) await map.once("idle");
}

/**
 * Resolves when the map is ready to be seen.
 * @param {HTMLElement} container
 * @param {City} city
 * @param {LoadedLayer[]} layers
 * @param {() => void} onMove
 * @param {() => void} onLost WebGL is gone
 * @returns {Promise<MapView>}
 */
export async function createGlView(container, city, layers, onMove, onLost) {
  const [library] = await Promise.all([import("./vendor/maplibre-gl/maplibre-gl.mjs"), loadStyles()]);
  const maplibre = /** @type {any} */ (library);
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const home = () => ({ center: [city.map.lon, city.map.lat], zoom: zoomForScreen(city.map.zoom) });
  const box = el("div", "map-gl");
  container.append(box);
  const map = new maplibre.Map({
    container: box,
    style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": colour("--map-ground") } }] },
    ...home(),
    attributionControl: false,
    dragRotate: false,
    touchPitch: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    trackResize: false,
    reduceMotion: true,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.getCanvas().tabIndex = -1;
  map.on("move", onMove);
  map.on("error", (/** @type {{error: Error}} */ event) => reportError(event.error));
  let removed = false;
  map.getCanvas().addEventListener("webglcontextlost", () => removed || onLost());
  await addLayers(maplibre, map, layers, rem);
  box.classList.add("map-ready");
  return {
    project(lon, lat) {
      const point = map.project([lon, lat]);
      return [point.x, point.y];
    },
    home: () => map.jumpTo(home()),
    fit: ([west, south, east, north], padding) =>
      map.fitBounds([[west, south], [east, north]], { padding, maxZoom: nearestZoom(city.map.zoom), duration: 0, animate: false }),
    resize: () => {
      map.resize();
      onMove();
    },
    remove: () => {
      removed = true;
      map.remove();
      box.remove();
    },
  };
}
