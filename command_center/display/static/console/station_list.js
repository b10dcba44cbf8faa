// @ts-check
// Every gauge with what it says now and how old that is; searched by words, narrowed by how it stands.  What only helps
// to read another one (its rate, its time to the next level) is on its station's page.

import { el, setChildren, setData, setText } from "../dom.js";
import { unitText, whole } from "../format.js";
import { levelName, paintLevel } from "../levels.js";
import { whatOf } from "../properties.js";
import { noteText, soundAge, soundText } from "../reading.js";
import { stationName } from "../station_name.js";
import { t } from "../text.js";
import { hashOf } from "./router.js";

/** @typedef {import("../types.js").City} City */
/** @typedef {import("./page.js").Context} Context */
/** @typedef {{i: number, node: HTMLElement, words: string, status: HTMLElement, value: HTMLElement, note: HTMLElement, age: HTMLElement}} Row */

export class StationList {
  node = el("div", "station-list");
  #title = el("h2");
  #text = el("input");
  #standing = el("select");
  #count = el("p", "count-line");
  #head = el("tr");
  #body = el("tbody");
  /** @type {Row[]} in the city's order */
  #rows = [];

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const form = el("form", "filters");
    form.setAttribute("role", "search");
    this.#text.type = "search";
    this.#text.maxLength = 100;
    form.append(this.#text, this.#standing);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => context.update());
    this.#count.setAttribute("role", "status");
    const [table, top] = [el("table", "office-table"), el("thead")];
    top.append(this.#head);
    table.append(top, this.#body);
    this.node.append(this.#title, form, this.#count, table);
  }

  unmount() {
    this.#rows = [];
  }

  /** @param {import("./page.js").Changed} changed */
  update(changed) {
    const city = this.context.city();
    if (!city) return;
    if (changed.language || changed.city || changed.sensors) this.#build(city);
    this.#draw(city, this.context.now());
  }

  /** @param {City} city */
  #build(city) {
    const { store } = this.context;
    setText(this.#title, t("station.title"));
    this.#text.placeholder = t("station.search");
    this.#text.setAttribute("aria-label", t("station.search"));
    this.#standing.setAttribute("aria-label", t("station.status"));
    const chosen = this.#standing.value;
    setChildren(this.#standing, [new Option(t("station.anyStatus"), ""), new Option(t("station.atLevel"), "level"), new Option(t("station.unheard"), "silent"), new Option(t("station.normal"), "normal")]);
    this.#standing.value = chosen;
    const heads = [t("station.name"), t("station.quantity"), t("station.status"), t("station.value"), t("station.age")];
    this.#head.replaceChildren(...heads.map((words) => {
      const cell = el("th", "", words);
      cell.scope = "col";
      return cell;
    }));
    const place = new Map(city.stations.map(({ station }, k) => [station, k]));
    const at = (/** @type {number} */ i) => place.get(store.sensors[i].station) ?? place.size;
    const order = store.sensors.flatMap(({ helper }, i) => (helper ? [] : [i])).sort((a, b) => at(a) - at(b) || a - b);
    this.#rows = order.map((i) => rowOf(city, store, i));
    this.#body.replaceChildren(...this.#rows.map(({ node }) => node));
  }

  /** @param {City} city @param {number} now_ms */
  #draw(city, now_ms) {
    const { store } = this.context;
    const wanted = this.#text.value.trim().toLowerCase().split(/\s+/);
    const standing = this.#standing.value;
    let shown = 0;
    for (const row of this.#rows) {
      const stands = store.standing(row.i);
      const is = stands === "never" ? "silent" : stands;
      row.node.hidden = !((!standing || is === standing) && wanted.every((word) => row.words.includes(word)));
      if (row.node.hidden) continue;
      shown += 1;
      drawRow(city, store, row, stands, now_ms);
    }
    setText(this.#count, shown === 0 ? t("station.noneFound") : t("station.count", { n: whole(shown), of: whole(this.#rows.length) }));
  }
}

/** @param {City} city @param {import("../store.js").Store} store @param {number} i @returns {Row} */
function rowOf(city, store, i) {
  const { id, station, property } = store.sensors[i];
  const place = city.stations.find((one) => one.station === station);
  const node = el("tr");
  node.dataset.datastream = id;
  const [name, what] = [stationName(city, station), whatOf(store, i)];
  const anchor = el("a", "", name);
  anchor.href = hashOf("station", [station, property]);
  const first = el("td");
  first.append(anchor, el("small", "office-quiet", [place?.area_name, place?.jurisdiction].filter(Boolean).join(", ")));
  const [status, value, note, age] = [el("b", "chip"), el("span"), el("small", "row-note"), el("td")];
  const cells = [el("td"), el("td", "station-value")];
  cells[0].append(status);
  cells[1].append(value, note);
  node.append(first, el("td", "", what), ...cells, age);
  const words = [id, name, what, place?.area_name, place?.jurisdiction, place?.agency, place?.basin, place?.road].join(" ").toLowerCase();
  return { i, node, words, status, value, note, age };
}

/** @param {City} city @param {import("../store.js").Store} store @param {Row} row @param {string} stands @param {number} now_ms */
function drawRow(city, store, { i, node, status, value, note, age }, stands, now_ms) {
  const level = store.level[i];
  const words = stands === "never" ? t("station.never") : stands === "normal" ? t("station.normal") : t("level.silent");
  const failed = stands === "silent" && !store.isSilent(i) ? t("quality.fail") : words;
  setText(status, level ? levelName(city, level) : failed);
  paintLevel(node, city, level);
  setData(node, "standing", stands);
  const text = soundText(store, i);
  setText(value, text === "–" ? text : `${text} ${unitText(store.sensors[i].unit)}`.trim());
  setText(note, noteText(store, i, now_ms));
  setText(age, soundAge(store, i, now_ms) || "–");
  setData(node, "stale", store.isStale(i, now_ms));
}
