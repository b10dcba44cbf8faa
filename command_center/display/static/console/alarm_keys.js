// @ts-check
// The keys of the alarm list.  Everything that the pointer does is done by them too.

import { t } from "../text.js";
import { possibleActs } from "./alarm.js";

export class AlarmKeys {
  /** @param {InstanceType<typeof import("./alarms_page.js").AlarmsPage>} page */
  constructor(page) {
    this.page = page;
    /** @type {Record<string, (event: KeyboardEvent) => boolean|void>} */
    this.on = {
      ArrowDown: (event) => this.#move(1, event),
      ArrowUp: (event) => this.#move(-1, event),
      PageDown: (event) => this.#move(10, event),
      PageUp: (event) => this.#move(-10, event),
      Home: (event) => this.#move(-Infinity, event),
      End: (event) => this.#move(Infinity, event),
      ArrowRight: () => this.#inList() && (page.fold(true), true),
      ArrowLeft: () => this.#inList() && (page.fold(false), true),
      Enter: () => this.#inList() && (page.enter(page.active), true),
      " ": () => this.#inList() && (page.toggle(page.active), true),
      Escape: () => this.#back(),
      a: () => void page.acts.acknowledge(page.chosen()),
      A: () => this.#incident(),
      s: () => this.#some((alarms) => page.acts.shelve(alarms)),
      n: () => this.#some((alarms) => page.acts.note(alarms)),
      r: () => this.#one("refute"),
      c: () => this.#one("confirm"),
      m: () => page.observe(),
      "/": () => page.bar.search(),
    };
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was taken */
  take(event) {
    if (event.target instanceof HTMLButtonElement && (event.key === "Enter" || event.key === " ")) return false;
    const act = this.on[event.key];
    return act !== undefined && act(event) !== false;
  }

  /** @returns {[string, string][]} */
  list() {
    return [
      ["↑ ↓", t("keys.move")],
      ["PgUp PgDn", t("keys.page")],
      ["Home End", t("keys.ends")],
      ["Enter", t("keys.open")],
      ["Esc", t("keys.back")],
      [t("keys.space"), t("keys.select")],
      ["Shift ↑ ↓", t("keys.extend")],
      ["← →", t("keys.fold")],
      ["a", t("keys.acknowledge")],
      ["A", t("keys.acknowledgeIncident")],
      ["s", t("keys.shelve")],
      ["n", t("keys.note")],
      ["r", t("keys.refute")],
      ["c", t("keys.confirm")],
      ["m", t("keys.observe")],
      ["/", t("keys.search")],
    ];
  }

  /** Beside the list the arrows scroll. */
  #inList() {
    const focus = document.activeElement;
    return focus === this.page.grid.node || focus === document.body || focus === document.getElementById("page");
  }

  /** @param {number} by @param {KeyboardEvent} event */
  #move(by, event) {
    const { page } = this;
    if (!this.#inList() || page.rows.length === 0) return false;
    page.grid.node.focus();
    const at = page.rows.findIndex((row) => row.key === page.active);
    const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), page.rows.length - 1);
    if (event.shiftKey) {
      page.selected.add(page.active);
      page.selected.add(page.rows[to].key);
    }
    page.activate(page.rows[to].key);
    return true;
  }

  /** Out of a field, then out of the alarm, then nothing selected, then no filter. */
  #back() {
    const { page } = this;
    if (!this.#inList()) page.grid.node.focus();
    else if (page.selected.size > 0) page.selected.clear();
    else page.bar.clear();
    page.context.update();
    return true;
  }

  #incident() {
    const row = this.page.activeRow();
    const incident = this.page.context.store.incidents.find((one) => one.id === (row?.incident?.id ?? row?.alarm.incident));
    if (!incident) return void this.page.acts.acknowledge(this.page.chosen());
    return void this.page.acts.acknowledgeIncident(incident.id, incident.unacknowledged);
  }

  /** @param {(alarms: import("./alarm.js").FullAlarm[]) => unknown} act */
  #some(act) {
    const alarms = this.page.chosen();
    if (alarms.length > 0) void act(alarms);
    else this.page.context.warn(t("list.nothingChosen"));
  }

  /** What the buttons do not offer, no key does. @param {"refute"|"confirm"} act */
  #one(act) {
    this.#some(([alarm]) => (possibleActs(alarm)[act] ? this.page.acts[act](alarm) : this.page.context.warn(t("list.notForThis"))));
  }
}
