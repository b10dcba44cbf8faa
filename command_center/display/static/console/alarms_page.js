// @ts-check
// Alarms: the list with its filters, beside it what must be verified now, and the alarm that is looked at.

import { ApiError, get } from "../api.js";
import { isUnacknowledged } from "../alarm_order.js";
import { el, setData, setText } from "../dom.js";
import { whole } from "../format.js";
import { t } from "../text.js";
import { AlarmActs } from "./alarm_acts.js";
import { AlarmDetail } from "./alarm_detail.js";
import { FilterBar } from "./alarm_filter_bar.js";
import { AlarmGrid } from "./alarm_grid.js";
import { AlarmKeys } from "./alarm_keys.js";
import { alarmsOf, rowsOf } from "./alarm_rows.js";
import { nameOf, wantedAlarms } from "./alarm_text.js";
import { askObservation } from "./observe.js";
import { hashOf } from "./router.js";
import { VerifyPanel } from "./verify.js";

/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {import("./alarm_rows.js").Row} Row */
/** @typedef {import("./alarm_detail.js").Order} Order */

/** Service orders are in no frame: asked for so often, and after each act. */
const ORDERS_EVERY_MS = 5000;

/** @type {import("./page.js").Page} */
export const ALARMS = {
  id: "alarms",
  title: () => t("console.alarms"),
  badge: ({ store }) => {
    const n = [...store.alarms.values()].filter(isUnacknowledged).length;
    return n > 0 ? whole(n) : "";
  },
  mount: (root, context) => new AlarmsPage(root, context),
};

export class AlarmsPage {
  /** Key of the row that the keys act on. */
  active = "";
  /** @type {Set<string>} keys */
  selected = new Set();
  /** @type {Row[]} */
  rows = [];
  grouped = true;
  /** Incidents that somebody opened or closed. @type {Map<string, boolean>} */
  opened = new Map();
  /** @type {Order[]} */
  #orders = [];
  #orders_at = -Infinity;
  #count = el("p", "count-line");
  /** The alarm beside the list; it stays when it leaves the list. */
  #shown = "";
  #keys = new AlarmKeys(this);

  /** @param {HTMLElement} root @param {import("./page.js").Context} context */
  constructor(root, context) {
    this.context = context;
    const { store } = context;
    this.acts = new AlarmActs(context, (alarm) => {
      const city = context.city();
      return city ? nameOf(city, store, alarm) : alarm.datastream;
    });
    this.grid = new AlarmGrid({
      pick: (key, event) => this.pick(key, event.ctrlKey || event.metaKey, event.shiftKey),
      open: (key) => this.enter(key),
    });
    this.bar = new FilterBar(() => this.#filtered(), () => this.grouped, () => (this.grouped = !this.grouped));
    this.detail = new AlarmDetail(context, this.acts, (alarm) => this.observe(alarm.datastream));
    this.verify = new VerifyPanel(context, this.acts, (alarm) => this.show(alarm));
    const list = el("section", "list");
    list.append(this.bar.node, this.#count, this.grid.node);
    const beside = el("section", "beside");
    beside.append(this.verify.node, this.detail.node);
    const page = el("div", "alarms-page");
    page.append(list, beside);
    root.append(page);
    this.#count.setAttribute("role", "status");
    this.#fromAddress();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    return this.#keys.take(event);
  }

  keys() {
    return this.#keys.list();
  }

  unmount() {}

  /** @param {import("./page.js").Changed} changed */
  update(changed) {
    const city = this.context.city();
    const { store } = this.context;
    if (!city || store.sensors.length === 0) return; // nothing is known: not even that there are no alarms
    if (changed.language || changed.city || changed.sensors) {
      this.grid.drawWords();
      this.bar.drawWords(city);
    }
    if (changed.place) this.#fromAddress();
    const now_ms = this.context.now();
    if (changed.alarms || performance.now() - this.#orders_at > ORDERS_EVERY_MS) void this.#loadOrders();
    this.#choose(city);
    this.bar.draw();
    this.grid.draw(city, store, this.rows, { active: this.active, selected: this.selected, empty: this.#emptyText() }, now_ms);
    this.#drawCount();
    this.verify.draw(city, now_ms);
    this.detail.draw(city, this.alarmShown(), this.#orders, now_ms);
  }

  /** Which rows there are, and which of them is active. @param {import("../types.js").City} city */
  #choose(city) {
    const { store } = this.context;
    const wanted = wantedAlarms(city, store, this.bar.filter, this.#orders);
    const before = this.rows.findIndex((row) => row.key === this.active);
    const flood = store.status?.load?.flood ?? false;
    this.rows = rowsOf(wanted, store.incidents, { grouped: this.grouped, opened: this.opened, flood });
    const keys = new Set(this.rows.map((row) => row.key));
    for (const key of this.selected) if (!keys.has(key)) this.selected.delete(key);
    if (keys.has(this.active)) return;
    // The row that was active has gone: the keys act on none until somebody chooses one, for what stands in its place now
    // is another alarm.  Before anything was chosen it is the first.
    this.active = before < 0 && this.#shown === "" ? (this.rows[0]?.key ?? "") : "";
    if (this.active && this.#shown === "") this.#shown = this.activeRow()?.alarm.id ?? "";
  }

  /** @returns {Row|undefined} */
  activeRow() {
    return this.rows.find((row) => row.key === this.active);
  }

  /** The alarms that an act is about: of the selected rows, else the one of the active row, which stands beside the list. */
  chosen() {
    if (this.selected.size > 0) return alarmsOf(this.rows.filter((row) => this.selected.has(row.key)));
    return this.rows.filter((row) => row.key === this.active).map((row) => row.alarm);
  }

  /** @returns {FullAlarm|null} */
  alarmShown() {
    return /** @type {FullAlarm|undefined} */ (this.context.store.alarms.get(this.#shown)) ?? null;
  }

  /** @param {string} key @param {boolean} toggle @param {boolean} extend */
  pick(key, toggle, extend) {
    const from = this.rows.findIndex((row) => row.key === this.active);
    const to = this.rows.findIndex((row) => row.key === key);
    if (extend && from >= 0) for (let k = Math.min(from, to); k <= Math.max(from, to); k += 1) this.selected.add(this.rows[k].key);
    else if (toggle) this.toggle(key);
    else this.selected.clear();
    if (!toggle && !extend && key === this.active && this.activeRow()?.incident) this.fold(!this.activeRow()?.open);
    this.activate(key);
  }

  /** @param {string} key */
  toggle(key) {
    if (!this.selected.delete(key)) this.selected.add(key);
    this.context.update();
  }

  /** @param {string} key */
  activate(key) {
    this.active = key;
    const row = this.activeRow();
    if (row) this.#look(row.alarm.id);
    this.context.update();
    requestAnimationFrame(() => this.grid.reveal(key));
  }

  /** Opens or closes the incident of the active row. @param {boolean} open */
  fold(open) {
    const row = this.activeRow();
    const incident = row?.incident?.id ?? (row?.depth === 2 ? row.alarm.incident : undefined);
    if (!incident) return;
    this.opened.set(incident, open);
    if (!open) this.active = `incident ${incident}`;
    this.context.update();
  }

  /** Into the alarm. @param {string} key */
  enter(key) {
    this.activate(key);
    this.detail.node.focus();
  }

  /** @param {FullAlarm} alarm */
  show(alarm) {
    if (alarm.incident && this.grouped) this.opened.set(alarm.incident, true);
    this.active = `alarm ${alarm.id}`;
    this.#look(alarm.id);
    this.context.update();
    requestAnimationFrame(() => this.grid.reveal(this.active));
    this.detail.node.focus();
  }

  /** @param {string} [datastream] */
  observe(datastream = this.alarmShown()?.datastream ?? "") {
    void askObservation(this.context, datastream);
  }

  /** @param {string} id */
  #look(id) {
    this.#shown = id;
    history.replaceState(null, "", hashOf("alarms", [id]));
  }

  #fromAddress() {
    const [id] = this.context.rest();
    if (id === undefined || id === this.#shown) return;
    this.#shown = id;
    this.active = `alarm ${id}`;
  }

  #filtered() {
    this.selected.clear();
    this.context.update();
  }

  async #loadOrders() {
    this.#orders_at = performance.now();
    try {
      const { items } = await get("/service-orders");
      const isNews = JSON.stringify(items) !== JSON.stringify(this.#orders);
      this.#orders = items;
      if (isNews) this.context.update();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The bands say already that the server cannot be reached; what was known stays, and it is asked again.
      console.warn(`service orders: ${error.message}`);
    }
  }

  #emptyText() {
    return this.context.store.alarms.size > 0 ? t("list.noneWanted") : t("alarms.none");
  }

  #drawCount() {
    const alarms = alarmsOf(this.rows);
    const values = { open: whole(alarms.length), unacknowledged: whole(alarms.filter(isUnacknowledged).length) };
    const selected = this.selected.size > 0 ? t("list.selected", { n: whole(alarmsOf(this.rows.filter((row) => this.selected.has(row.key))).length) }) : "";
    const unseen = this.context.store.status?.load?.unseen ?? 0;
    const notSeen = unseen > 0 ? t("alarms.unseen", { n: whole(unseen) }) : "";
    setText(this.#count, [t("list.count", values), selected, notSeen].filter(Boolean).join(" · "));
    setData(this.#count, "look", selected !== "");
  }
}
