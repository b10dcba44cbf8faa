// @ts-check
// The middle of the wall: rivers, sky, roads, all stations.  One of them is seen; which one, turn.js says.

import { PAGE, byId, el, setChildren, setData, setText } from "./dom.js";
import { whole } from "./format.js";
import { watchCut } from "./more.js";
import { RiverPanel } from "./rivers.js";
import { RoadPanel } from "./roads.js";
import { afterDrawing } from "./scheduler.js";
import { SkyPanel } from "./sky.js";
import { t } from "./text.js";
import { Turn } from "./turn.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./trouble.js").Panel} Panel */
/** @typedef {import("./trouble.js").Trouble} Trouble */

/** @type {Record<Panel, {host: string, title: () => string}>} */
const PANELS = {
  rivers: { host: PAGE.rivers, title: () => t("panel.rivers") },
  sky: { host: PAGE.sky, title: () => t("panel.sky") },
  roads: { host: PAGE.roads, title: () => t("panel.roads") },
  stations: { host: PAGE.stations, title: () => t("panel.stations") },
};
const NAMES = /** @type {Panel[]} */ (Object.keys(PANELS));

export class Stage {
  #parts = { rivers: new RiverPanel(), sky: new SkyPanel(), roads: new RoadPanel() };
  /** Those that have something to show. @type {Panel[]} */
  #panels = ["stations"];
  /** @type {Map<Panel, HTMLButtonElement>} */
  #tabs = new Map();
  /** @type {Panel|""} */
  #shown = "";
  #turn;
  #every_s;
  /** How far the store's changes are drawn; all is due: time has passed. */
  #drawn = -1;
  #all = true;
  #cut = watchCut(PAGE.stations, PAGE.stageMore, ".row");

  /**
   * @param {number} rotate_s 0 = the panels stay
   * @param {{choose: (datastream: string) => void, redraw: () => void}} wall
   */
  constructor(rotate_s, { choose, redraw }) {
    // Who asks for less motion gets none that nobody asked for.
    this.#every_s = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : rotate_s;
    this.#turn = new Turn(this.#every_s);
    for (const name of NAMES) {
      const tab = el("button", "tab");
      tab.type = "button";
      tab.dataset.panel = name;
      const show = () => {
        this.#turn.choose(name, performance.now());
        redraw();
      };
      tab.addEventListener("click", show);
      byId(PANELS[name].host).addEventListener("beforematch", show);
      this.#tabs.set(name, tab);
    }
    const host = byId(PAGE.stage);
    /** @param {Event} event */
    const tileOf = (event) => (event.target instanceof Element ? event.target.closest(".tile") : null);
    /** @param {Event} event */
    const pick = (event) => {
      const tile = tileOf(event);
      if (tile instanceof HTMLElement) choose(tile.dataset.datastream ?? "");
    };
    host.addEventListener("click", pick);
    host.addEventListener("keydown", (event) => {
      if (tileOf(event) && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        pick(event);
      }
    });
  }

  /**
   * After a snapshot, or in another language.
   * @param {City} city
   * @param {Store} store
   */
  build(city, store) {
    this.#all = true;
    const { rivers, sky, roads } = this.#parts;
    const counts = { rivers: rivers.build(city, store), sky: sky.build(city, store), roads: roads.build(city, store), stations: 1 };
    this.#panels = NAMES.filter((name) => counts[name] > 0);
    setChildren(byId(PAGE.stageTabs), this.#panels.map((name) => /** @type {HTMLElement} */ (this.#tabs.get(name))));
  }

  /** The next drawing is of all tiles: time has passed, and what has not changed is older. */
  age() {
    this.#all = true;
  }

  /**
   * Draws the panel that is due: of its tiles those whose station has changed, all where that is due or it comes anew.
   * @param {City} city
   * @param {Store} store
   * @param {number} now_ms
   * @param {Trouble|null} trouble
   */
  draw(city, store, now_ms, trouble) {
    const { panel, why } = this.#turn.at(this.#panels, trouble, performance.now());
    const fresh = panel !== this.#shown;
    this.#shown = panel;
    for (const name of NAMES) {
      // Away, but laid out, and found by who searches the page.
      if (fresh) byId(PANELS[name].host).hidden = name === panel ? false : "until-found";
      const tab = this.#tabs.get(name);
      if (!tab) continue;
      setText(tab, PANELS[name].title());
      tab.setAttribute("aria-pressed", String(name === panel));
    }
    const words = {
      held: () => t("stage.held"),
      chosen: () => t("stage.chosen"),
      turning: () => t("stage.turning", { seconds: whole(this.#every_s) }),
      still: () => "",
    };
    setText(byId(PAGE.stageWhy), words[why]());
    setData(byId(PAGE.stage), "why", why);
    if (this.#all || fresh) afterDrawing(this.#cut);
    const drawn = this.#all || fresh ? -1 : this.#drawn;
    [this.#all, this.#drawn] = [false, store.changes];
    if (panel !== "stations") this.#parts[panel].draw(city, store, now_ms, drawn);
    if (trouble?.station && (fresh || why === "held")) afterDrawing(() => this.#reveal(panel, trouble.station));
  }

  /** Nobody scrolls a wall. @param {Panel} panel @param {string} station */
  #reveal(panel, station) {
    const host = byId(PANELS[panel].host);
    if (host.scrollHeight <= host.clientHeight) return;
    for (const node of host.querySelectorAll("[data-station]")) {
      if (node instanceof HTMLElement && node.dataset.station === station) node.scrollIntoView({ block: "nearest" });
    }
  }
}
