// @ts-check
// The map panel: ground below (WebGL or a drawing), above it the stations and names as elements of the page.

import { PAGE, byId, el, setData, setText } from "./dom.js";
import { levelName, paintLevel } from "./levels.js";
import { createGlView, hasWebGl } from "./map_gl.js";
import { boxAt, nameOf, placeLabels } from "./map_labels.js";
import { fetchLayer } from "./map_layers.js";
import { Leaders, spread } from "./map_spread.js";
import { createSvgView } from "./map_svg.js";
import { NOTHING, worstByStation } from "./standing.js";
import { inTwoLines, shortName } from "./station_name.js";
import { legendEntry, stationSymbol } from "./symbols.js";
import { pick, t } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Station} Station */
/** @typedef {import("./store.js").Store} Store */

/** @typedef {{top: number, bottom: number, left: number, right: number}} Padding in pixels */
/**
 * @typedef {object} MapView
 * @property {(lon: number, lat: number) => [number, number]} project to pixels of the panel
 * @property {() => void} home where the city opens
 * @property {(bounds: [number, number, number, number], padding: Padding) => void} fit west, south, east, north
 * @property {() => void} resize @property {() => void} remove
 */

/** @typedef {{station: Station, node: HTMLElement, rank: HTMLElement, label: HTMLElement, severity: number}} Marker */
/** @typedef {{layer: import("./types.js").Layer, data: any}} LoadedLayer data is null for tiles */
/** @typedef {{lon: number, lat: number, label: HTMLElement, size: number}} PlaceName */

const WEBGL_WAIT_MS = 2000;
/** So many of the worst have their names on the map wherever there is room, if they are as bad as this. */
const ALWAYS = 4;
const SEVERE = 3;
const NAMED_KINDS = new Set(["area", "river"]);

export class MapPanel {
  /** @type {MapView|null} */
  #view = null;
  /** @type {Marker[]} */
  #markers = [];
  /** @type {PlaceName[]} */
  #names = [];
  #leaders = new Leaders();
  #canvas = byId(PAGE.mapCanvas);
  #overlay = byId(PAGE.mapOverlay);
  #fixed = false;
  /** Nobody has moved it: it shows every station, also in a panel of another size. */
  #whole = true;

  /**
   * @param {(station: string) => void} onSelect
   * @param {() => void} relayout asks for `layout` in the next frame
   * @param {() => void} redraw asks for `draw` there: markers without their standing would look calm
   */
  constructor(onSelect, relayout, redraw) {
    this.redraw = redraw;
    this.onSelect = onSelect;
    this.relayout = relayout;
    new ResizeObserver(() => this.#opened()).observe(this.#canvas);
    this.#canvas.addEventListener("pointerdown", () => (this.#whole = false));
    this.#canvas.addEventListener("wheel", () => (this.#whole = false), { passive: true });
  }

  /**
   * Draws a city's ground.  A layer that cannot be had leaves the rest as it is.
   * @param {City} city
   */
  async build(city) {
    const fetched = await Promise.all(city.layers.map((layer) => fetchLayer(layer)));
    const layers = fetched.filter((layer) => layer !== null);
    this.#buildMarkers(city);
    this.#buildNames(layers);
    this.redraw();
    this.#draw(city, layers);
    // WebGL may take a second to start; the drawing is there meanwhile, and values go first.
    await new Promise((resolve) => requestIdleCallback(resolve, { timeout: WEBGL_WAIT_MS }));
    this.#fixed = !hasWebGl();
    if (!this.#fixed) {
      const view = await createGlView(this.#canvas, city, layers, this.relayout, () => this.#draw(city, layers, true))
        .catch(libraryMissing);
      if (view === null) this.#fixed = true;
      else if (this.#fixed) view.remove();
      else {
        this.#view?.remove();
        this.#view = view;
        this.#opened();
      }
    }
    this.relayout();
  }

  /**
   * Shows the fixed drawing.
   * @param {City} city
   * @param {LoadedLayer[]} layers
   * @param {boolean} [fixed] for good: WebGL is not to be had
   */
  #draw(city, layers, fixed = false) {
    this.#fixed = fixed;
    this.#view?.remove();
    this.#view = createSvgView(this.#canvas, city, layers.filter((layer) => layer.data), this.relayout);
    this.drawWords(city);
    this.#opened();
  }

  /** @param {City} city */
  #buildMarkers(city) {
    this.#markers = city.stations.filter((s) => Number.isFinite(s.lat) && Number.isFinite(s.lon)).map((station) => {
      const node = el("button", "marker");
      node.type = "button";
      node.dataset.station = station.station;
      const rank = el("span", "marker-rank");
      const label = el("span", "map-label map-label-station", inTwoLines(shortName(city, station.station)));
      node.append(stationSymbol(station.kind), rank);
      node.addEventListener("click", () => this.onSelect(station.station));
      return { station, node, rank, label, severity: 0 };
    });
  }

  /** @param {LoadedLayer[]} layers */
  #buildNames(layers) {
    this.#names = layers
      .filter(({ layer, data }) => data && NAMED_KINDS.has(layer.kind))
      .flatMap(({ layer, data }) => data.features.map(nameOf).filter(Boolean).map((/** @type {any} */ place) => {
        const label = el("span", `map-label map-label-${layer.kind}`, place.name);
        return { lon: place.lon, lat: place.lat, size: place.size, label };
      }));
    this.#names.sort((a, b) => b.size - a.size);
    const labels = [...this.#names.map((n) => n.label), ...this.#markers.map((m) => m.label)];
    this.#overlay.replaceChildren(this.#leaders.node, ...labels, ...this.#markers.map((m) => m.node));
  }

  /** Buttons, legend and credit, in the current language. @param {City} city */
  drawWords(city) {
    const all = el("button", "", t("map.all"));
    const home = el("button", "", t("map.home"));
    all.addEventListener("click", () => {
      this.#whole = true;
      this.#opened();
    });
    home.addEventListener("click", () => {
      this.#whole = false;
      this.#view?.home();
    });
    byId(PAGE.mapButtons).replaceChildren(home, all);
    const kinds = { river: t("kind.river"), weir: t("kind.weir"), rain: t("kind.rain"), air: t("kind.air"), road: t("kind.road") };
    const legend = Object.entries(kinds)
      .filter(([kind]) => city.stations.some((s) => s.kind === kind))
      .map(([kind, name]) => legendEntry(kind, "normal", name));
    legend.push(legendEntry("river", "silent", t("kind.silent")), legendEntry("river", "never", t("kind.never")));
    byId(PAGE.mapLegend).replaceChildren(...legend);
    const credits = [...new Set([...city.layers.map((l) => l.attribution), pick(city.credit)])].filter(Boolean);
    setText(byId(PAGE.mapCredit), credits.join(" · "));
    this.relayout();
  }

  /** What lies outside is seen by nobody: a wall opens with all of its stations. */
  #opened() {
    this.#view?.resize();
    if (this.#whole) this.#fitStations();
  }

  #fitStations() {
    const lons = this.#markers.map((m) => m.station.lon);
    const lats = this.#markers.map((m) => m.station.lat);
    const side = 2 * byId(PAGE.mapButtons).offsetHeight;
    const padding = { top: side, bottom: byId(PAGE.mapFoot).offsetHeight + side / 2, left: side, right: side };
    if (lons.length > 0) this.#view?.fit([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], padding);
  }

  /**
   * Gives each marker the worst that its station's datastreams show.
   * @param {City} city
   * @param {Store} store
   */
  draw(city, store) {
    const worst = worstByStation(store);
    for (const marker of this.#markers) {
      const { standing, level, rank, severity, silent } = worst.get(marker.station.station) ?? NOTHING;
      marker.severity = severity;
      setData(marker.node, "silent", silent);
      setData(marker.node, "standing", standing);
      paintLevel(marker.node, city, level);
      setText(marker.rank, level ? String(rank) : "");
      const words = level ? [levelName(city, level), silent ? t("kind.silent") : ""].filter(Boolean).join(", ") : standing === "silent" ? t("kind.silent") : standing === "never" ? t("kind.never") : t("kind.normal");
      marker.node.setAttribute("aria-label", `${marker.station.name}: ${words}`);
      marker.node.title = `${marker.station.name}: ${words}`;
      setData(marker.label, "standing", standing);
    }
    this.relayout();
  }

  /** Puts markers and names where they belong now. */
  layout() {
    const view = this.#view;
    if (!view) return;
    const top = byId(PAGE.mapButtons).offsetHeight * 1.5;
    const bottom = this.#canvas.clientHeight - byId(PAGE.mapFoot).offsetHeight;
    const frame = { left: 0, top, right: this.#canvas.clientWidth, bottom };
    const markers = [...this.#markers].sort((a, b) => b.severity - a.severity);
    let outside = 0;
    const spots = markers.map((marker) => {
      const [x, y] = view.project(marker.station.lon, marker.station.lat);
      if (x < 0 || y < 0 || x > frame.right || y > frame.bottom) outside += 1;
      return { x, y, reach: marker.node.offsetWidth / 2, weight: 1 + marker.severity };
    });
    const stand = spread(spots, frame);
    const labels = markers.map((marker, k) => ({ ...stand[k], reach: spots[k].reach, ...size(marker.label), must: marker.severity > 0, always: k < ALWAYS && marker.severity >= SEVERE && marker.severity === markers[0].severity }));
    markers.forEach(({ node, severity }, k) => {
      node.style.transform = `translate(${stand[k].x}px, ${stand[k].y}px)`;
      node.style.zIndex = String(10 + severity);
    });
    const names = this.#names.map((name) => {
      const [x, y] = view.project(name.lon, name.lat);
      return { x, y, reach: 0, ...size(name.label), must: false };
    });
    const places = placeLabels([...labels, ...names], frame);
    this.#leaders.draw(spots, stand, labels.map(({ width, height }, k) => boxAt(places[k], width, height)));
    [...markers, ...this.#names].forEach(({ label }, k) => {
      const place = places[k];
      label.style.visibility = place ? "visible" : "hidden";
      if (place) label.style.transform = `translate(${place.left}px, ${place.top}px)`;
    });
    const notes = [this.#fixed ? t("map.noWebGl") : "", outside > 0 ? t("map.outside", { n: outside }) : ""];
    setText(byId(PAGE.mapNote), notes.filter(Boolean).join("  ·  "));
  }
}

/** @param {HTMLElement} node */
const size = (node) => ({ width: node.offsetWidth, height: node.offsetHeight });

/**
 * The server went away while the map library was on its way, say: the drawing stays, and shows everything.
 * @param {unknown} error
 * @returns {null}
 */
function libraryMissing(error) {
  console.warn("the map stays a drawing:", error);
  return null;
}
