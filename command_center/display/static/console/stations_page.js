// @ts-check
// Stations: the list of all gauges, and behind each the page of its station.

import { t } from "../text.js";
import { StationList } from "./station_list.js";
import { StationView } from "./station_view.js";

/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("./page.js").Changed} Changed */

/** @type {import("./page.js").Page} */
export const STATIONS = {
  id: "station",
  title: () => t("station.title"),
  mount: (root, context) => new StationsPage(root, context),
};

class StationsPage {
  /** @type {StationList|StationView|null} */
  #shown = null;

  /** @param {HTMLElement} root @param {Context} context */
  constructor(root, context) {
    this.root = root;
    this.context = context;
  }

  /** @param {Changed} changed */
  update(changed) {
    const isList = this.context.rest().length === 0;
    const wanted = isList ? StationList : StationView;
    const fresh = !(this.#shown instanceof wanted);
    if (fresh) {
      this.#shown?.unmount();
      this.#shown = isList ? new StationList(this.context) : new StationView(this.context);
      this.root.replaceChildren(this.#shown.node);
      this.root.scrollTop = 0;
    }
    this.#shown?.update(fresh ? { ...changed, sensors: true, rows: true, alarms: true, language: true, city: true, place: true } : changed);
  }

  unmount() {
    this.#shown?.unmount();
  }
}
