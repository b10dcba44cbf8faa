// @ts-check
// The list on the screen: a tree grid whose rows are alarms and incidents.  The grid has the focus, and says which row is
// active: rows may change their places under the operator's hands without losing either.

import { isActive, isMuted, isUnacknowledged } from "../alarm_order.js";
import { currentValue, doubts, levelText, stateText, tags, whatText } from "./alarm_text.js";
import { el, setChildren, setData, setText } from "../dom.js";
import { age, clockTime, whole } from "../format.js";
import { paintLevel } from "../levels.js";
import { nameOnRiver } from "../river_layout.js";
import { severitySymbol } from "../symbols.js";
import { pick, t } from "../text.js";
import { priorityRank } from "./alarm.js";

/** @typedef {import("./alarm_rows.js").Row} Row */
/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {import("../types.js").City} City */
/** @typedef {import("../store.js").Store} Store */

const CELLS = /** @type {const} */ (["mark", "level", "where", "value", "next", "state"]);
/** @typedef {{node: HTMLElement, cells: Record<typeof CELLS[number], {cell: HTMLElement, first: HTMLElement, second: HTMLElement}>}} Line */

let made = 0;

export class AlarmGrid {
  node = el("div", "grid");
  /** @type {Map<string, Line>} */
  #lines = new Map();
  #head = el("div", "grid-head");
  #body = el("div", "grid-body");
  #empty = el("p", "grid-empty");

  /**
   * @param {object} on
   * @param {(row: string, event: MouseEvent) => void} on.pick a row was clicked
   * @param {(row: string) => void} on.open twice
   */
  constructor(on) {
    this.node.setAttribute("role", "treegrid");
    this.node.setAttribute("aria-multiselectable", "true");
    this.node.tabIndex = 0;
    this.node.id = "alarm-grid";
    this.#body.id = "alarm-rows";
    this.#head.setAttribute("role", "row");
    this.#body.setAttribute("role", "rowgroup");
    this.node.append(this.#head, this.#body, this.#empty);
    this.#body.addEventListener("click", (event) => {
      const row = rowAt(event.target);
      if (row) on.pick(row, event);
    });
    this.#body.addEventListener("dblclick", (event) => {
      const row = rowAt(event.target);
      if (row) on.open(row);
    });
  }

  /** The words that stand still. */
  drawWords() {
    this.node.setAttribute("aria-label", t("console.alarms"));
    const words = [t("column.mark"), t("column.level"), t("column.where"), t("column.value"), t("column.next"), t("column.state")];
    this.#head.replaceChildren(
      ...words.map((text, k) => {
        const cell = el("span", `cell cell-${CELLS[k]}`, text);
        cell.setAttribute("role", "columnheader");
        return cell;
      }),
    );
  }

  /**
   * @param {City} city
   * @param {Store} store
   * @param {readonly Row[]} rows
   * @param {object} state
   * @param {string} state.active key of the row that the keys act on
   * @param {ReadonlySet<string>} state.selected keys
   * @param {string} state.empty what is said where there is no row
   * @param {number} now_ms
   */
  draw(city, store, rows, { active, selected, empty }, now_ms) {
    const keys = new Set(rows.map((row) => row.key));
    for (const key of this.#lines.keys()) if (!keys.has(key)) this.#lines.delete(key);
    const nodes = rows.map((row) => {
      const line = this.#line(row);
      setData(line.node, "active", row.key === active);
      line.node.setAttribute("aria-selected", String(selected.has(row.key)));
      line.node.setAttribute("aria-level", String(row.depth));
      setText(line.cells.mark.first, selected.has(row.key) ? "✓" : "");
      if (row.incident) drawIncident(line, city, store, row, now_ms);
      else drawAlarm(line, city, store, row.alarm, now_ms);
      return line.node;
    });
    setChildren(this.#body, nodes);
    setText(this.#empty, rows.length === 0 ? empty : "");
    const node = this.#lines.get(active)?.node;
    if (node) this.node.setAttribute("aria-activedescendant", node.id);
    else this.node.removeAttribute("aria-activedescendant");
  }

  /** @param {string} key */
  reveal(key) {
    this.#lines.get(key)?.node.scrollIntoView({ block: "nearest" });
  }

  /** @param {Row} row @returns {Line} */
  #line(row) {
    const known = this.#lines.get(row.key);
    if (known) return known;
    const node = el("div", row.incident ? "row row-incident" : "row");
    node.setAttribute("role", "row");
    node.id = `row-${(made += 1)}`;
    node.dataset.key = row.key;
    if (row.incident) node.dataset.incident = row.incident.id;
    else {
      node.dataset.alarm = row.alarm.id;
      node.dataset.datastream = row.alarm.datastream;
    }
    const cells = /** @type {Line["cells"]} */ (Object.fromEntries(CELLS.map((name) => [name, cellOf(name)])));
    node.append(...CELLS.map((name) => cells[name].cell));
    const line = { node, cells };
    this.#lines.set(row.key, line);
    return line;
  }
}

/** @param {EventTarget|null} target */
const rowAt = (target) =>
  target instanceof Element ? (/** @type {HTMLElement|null} */ (target.closest(".row"))?.dataset.key ?? "") : "";

/** @param {string} name */
function cellOf(name) {
  const cell = el("span", `cell cell-${name}`);
  cell.setAttribute("role", "gridcell");
  const first = el("span", "first");
  const second = el("span", "second");
  cell.append(first, second);
  return { cell, first, second };
}

/** @param {Line} line @param {City} city @param {Store} store @param {FullAlarm} alarm @param {number} now_ms */
function drawAlarm({ node, cells }, city, store, alarm, now_ms) {
  const unacknowledged = isUnacknowledged(alarm);
  setData(node, "unacknowledged", unacknowledged);
  setData(node, "muted", isMuted(alarm));
  setData(node, "idle", !isActive(alarm));
  paintLevel(node, city, alarm.level === "silent" ? "" : alarm.level);
  drawPriority(cells.level.second, alarm);
  setText(cells.level.first, levelText(city, alarm));
  setText(cells.where.first, whatText.place(city, alarm));
  const doubt = doubts(city, store, alarm, now_ms)[0];
  const about = [whatText.what(store, alarm), ...tags(alarm)].join(" · ");
  setText(cells.where.second, doubt ? `${about} · ${doubt.text}` : about);
  setData(cells.where.second, "doubt", Boolean(doubt));
  const value = currentValue(city, store, alarm, now_ms);
  setText(cells.value.first, value.value);
  setText(cells.value.second, value.trend || value.age);
  setData(cells.value.cell, "stale", value.stale);
  setText(cells.next.first, value.next);
  setText(cells.next.second, alarm.needed_min === null ? "" : t("row.needs", { minutes: whole(Math.round(alarm.needed_min)) }));
  setData(cells.next.second, "late", alarm.margin_min !== null && alarm.margin_min < 0);
  setText(cells.state.first, stateText(alarm));
  const since_ms = Date.parse(alarm.since ?? alarm.raised_at);
  setText(cells.state.second, `${clockTime(since_ms)} · ${age(now_ms - since_ms)}`);
}

/** Its head tells of its worst alarm.  @param {Line} line @param {City} city @param {Store} store @param {Row} row @param {number} now_ms */
function drawIncident({ node, cells }, city, store, row, now_ms) {
  const { incident, members, alarm } = row;
  if (!incident) return;
  const unacknowledged = members.filter(isUnacknowledged).length;
  node.setAttribute("aria-expanded", String(row.open));
  setData(node, "unacknowledged", unacknowledged > 0);
  paintLevel(node, city, alarm.level === "silent" ? "" : alarm.level);
  setText(cells.level.first, levelText(city, alarm));
  drawPriority(cells.level.second, alarm);
  setText(cells.where.first, `${row.open ? "▾" : "▸"} ${pick(incident.name)}`);
  const values = { alarms: whole(members.length), stations: whole(new Set(members.map((one) => one.station)).size) };
  setText(cells.where.second, t("incident.size", values));
  const value = currentValue(city, store, alarm, now_ms);
  setText(cells.value.first, value.value);
  setText(cells.value.second, nameOnRiver(whatText.place(city, alarm), pick(incident.name)));
  setData(cells.value.cell, "stale", value.stale);
  setText(cells.next.first, value.next);
  setText(cells.state.first, unacknowledged > 0 ? t("incident.unacknowledged", { n: whole(unacknowledged) }) : t("state.acknowledged"));
  const began_ms = Date.parse(incident.began_at);
  setText(cells.state.second, `${clockTime(began_ms)} · ${age(now_ms - began_ms)}`);
}

const PRIORITY = [() => t("priority.low"), () => t("priority.medium"), () => t("priority.high"), () => t("priority.highest")];

/** @param {HTMLElement} host @param {FullAlarm} alarm */
function drawPriority(host, alarm) {
  const picture = `${alarm.severity} ${PRIORITY[priorityRank(alarm)]()}`;
  if (host.dataset.picture === picture) return;
  host.dataset.picture = picture;
  host.replaceChildren(severitySymbol(alarm.severity), PRIORITY[priorityRank(alarm)]());
}

/** @param {FullAlarm} alarm */
export const priorityText = (alarm) => PRIORITY[priorityRank(alarm)]();
