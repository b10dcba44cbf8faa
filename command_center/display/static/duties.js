// @ts-check
// What people have to do, below the alarms: sirens that do not answer, reports by the clock, open actions; and, counted
// down, what is in maintenance.

import { PAGE, byId, el, setChildren, setData, setText } from "./dom.js";
import { age, clockTime, whole } from "./format.js";
import { levelName, paintLevel } from "./levels.js";
import { left } from "./left.js";
import { shortName } from "./station_name.js";
import { pick, t } from "./text.js";
import { foldTroubles } from "./trouble_fold.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Duties} Duties */
/** @typedef {import("./types.js").Action} Action */
/** @typedef {import("./types.js").Countdown} Countdown */
/** @typedef {import("./types.js").Order} Order */

const RANK = { waiting: 0, taken: 1, done: 2, undone: 3 };

/**
 * @param {City} city
 * @param {Duties} duties
 * @param {number} now_ms
 * @param {(troubles: string[]) => void} onAcknowledge
 */
export function drawDuties(city, duties, now_ms, onAcknowledge) {
  const host = byId(PAGE.duties);
  const actions = [...duties.actions].sort(compareActions);
  const troubles = foldTroubles(duties.troubles);
  const first = troubles.length;
  // What stands out for 90 days with a ticket is no countdown: the list of alarms has it.
  const orders = (duties.orders ?? []).filter((order) => order.aside === "suppressed");
  const last = first + actions.length + duties.reports.length;
  const count = last + orders.length;
  while (host.children.length < count) host.append(line());
  const nodes = /** @type {HTMLElement[]} */ ([...host.children]).slice(0, count);
  troubles.forEach((folded, k) => drawTrouble(nodes[k], city, folded, now_ms, onAcknowledge));
  duties.reports.forEach((report, k) => drawReport(nodes[first + k], city, report, now_ms));
  actions.forEach((action, k) => drawAction(nodes[first + duties.reports.length + k], city, action, now_ms));
  orders.forEach((order, k) => drawOrder(nodes[last + k], city, order, now_ms));
  setChildren(host, nodes);
  byId(PAGE.dutiesPart).hidden = count === 0;
  setText(byId(PAGE.dutiesCount), actions.length === 0 ? "" : t("duty.count", { n: whole(actions.length) }));
}

/**
 * Worst first; of these what nobody has before what is done and only waits to be taken back; then the oldest.
 * @param {Action} a
 * @param {Action} b
 * @returns {number}
 */
export function compareActions(a, b) {
  const exercise = Number(a.exercise) - Number(b.exercise);
  const byState = RANK[a.state] - RANK[b.state];
  return exercise || b.severity - a.severity || byState || a.opened_at.localeCompare(b.opened_at);
}

function line() {
  const node = el("li", "duty");
  node.append(el("b", "duty-what"), el("span", "duty-where"), el("span", "duty-who"), el("span", "duty-when"));
  const button = el("button", "acknowledge");
  button.type = "button";
  button.hidden = true;
  node.append(button);
  return node;
}

/**
 * @param {HTMLElement} node
 * @param {string[]} words what, where, who, when
 */
function fill(node, words) {
  words.forEach((text, k) => setText(/** @type {HTMLElement} */ (node.children[k]), text));
  button(node).hidden = true;
}

/**
 * @param {HTMLElement} node
 * @returns {HTMLButtonElement} which acknowledges
 */
function button(node) {
  return /** @type {HTMLButtonElement} */ (node.lastElementChild);
}

/**
 * @param {HTMLElement} node
 * @param {City} city
 * @param {Action} action
 * @param {number} now_ms
 */
function drawAction(node, city, action, now_ms) {
  node.dataset.action = action.id;
  setData(node, "datastream", action.datastream);
  setData(node, "state", action.state);
  setData(node, "trouble", false);
  setData(node, "due", false);
  paintLevel(node, city, action.level);
  const place = `${shortName(city, action.station)} · ${levelName(city, action.level)}`;
  const mark = action.exercise ? `${t("tag.exercise")} ` : "";
  fill(node, [pick(action.what), mark + place, actionWho(action), actionWhen(action, now_ms)]);
}

/**
 * Who has it; with nobody, whose it is.
 * @param {Action} action
 * @returns {string}
 */
export function actionWho(action) {
  if (action.done_by !== null) return t("duty.done", { who: action.done_by });
  if (action.taken_by !== null) return t("duty.taken", { who: action.taken_by });
  return t("duty.waiting", { opd: action.opd });
}

/**
 * Since when it stands like that, and the minutes that it takes, or that it may be taken back.
 * @param {Action} action
 * @param {number} now_ms
 * @returns {string}
 */
export function actionWhen(action, now_ms) {
  const since = action.done_at ?? action.taken_at ?? action.opened_at;
  const told = t("duty.since", { time: clockTime(Date.parse(since)), age: age(now_ms - Date.parse(since)) });
  if (action.done_at === null) return `${told} · ${t("duty.takes", { minutes: String(action.takes_min) })}`;
  return action.may_undo ? `${told} · ${t("duty.mayUndo")}` : told;
}

/** Nobody writes a report in less: until then it is due, not late. */
const DUE_NOW_MS = 60e3;

/**
 * When a report is due: "dalam 12 mnt", "SEKARANG", "LEWAT 3 mnt".
 * @param {number} left_ms
 */
export function reportWhen(left_ms) {
  if (left_ms > 0) return t("duty.reportIn", { age: age(left_ms) });
  return left_ms > -DUE_NOW_MS ? t("duty.reportNow") : t("duty.reportDue", { age: age(-left_ms) });
}

/**
 * @param {HTMLElement} node
 * @param {City} city
 * @param {Countdown} report
 * @param {number} now_ms
 */
function drawReport(node, city, report, now_ms) {
  const left_ms = Date.parse(report.due_at) - now_ms;
  delete node.dataset.action;
  setData(node, "datastream", report.datastream);
  setData(node, "state", "report");
  setData(node, "trouble", false);
  setData(node, "due", left_ms <= 0);
  paintLevel(node, city, report.level);
  const station = report.datastream.split(":")[0];
  const place = `${shortName(city, station)} · ${levelName(city, report.level)}`;
  const last = report.last_by === null ? "" : t("duty.lastReport", { who: report.last_by });
  fill(node, [t("duty.report"), (report.exercise ? `${t("tag.exercise")} ` : "") + place, last, reportWhen(left_ms)]);
}

/**
 * @param {HTMLElement} node
 * @param {City} city
 * @param {import("./types.js").Trouble[]} troubles of the means of warning, several that say the same of different alarms
 * @param {number} now_ms
 * @param {(troubles: string[]) => void} onAcknowledge
 */
function drawTrouble(node, city, troubles, now_ms, onAcknowledge) {
  const [trouble] = troubles;
  const text = troubles.length > 1 ? t("duty.unseen", { n: whole(troubles.length) }) : pick(trouble.text);
  const since_ms = trouble.since_us / 1000;
  delete node.dataset.action;
  setData(node, "datastream", false);
  setData(node, "state", "trouble");
  setData(node, "due", trouble.acknowledged_by === null);
  setData(node, "trouble", trouble.id);
  paintLevel(node, city, "");
  const since = t("duty.since", { time: clockTime(since_ms), age: age(now_ms - since_ms) });
  const when = [trouble.exercise ? t("tag.exercise") : "", since].filter(Boolean).join(" · ");
  const who = trouble.acknowledged_by === null ? "" : t("duty.taken", { who: trouble.acknowledged_by });
  fill(node, [text, "", who, when]);
  button(node).hidden = trouble.acknowledged_by !== null;
  setText(button(node), t("alarm.acknowledge"));
  button(node).onclick = () => onAcknowledge(troubles.map(({ id }) => id));
}

/**
 * @param {HTMLElement} node
 * @param {City} city
 * @param {Order} order
 * @param {number} now_ms
 */
function drawOrder(node, city, order, now_ms) {
  delete node.dataset.action;
  setData(node, "datastream", false);
  setData(node, "state", "order");
  setData(node, "due", false);
  paintLevel(node, city, "");
  const quiet = order.quiet > 0 ? t("duty.quiet", { n: String(order.quiet) }) : "";
  const words = [t("service.maintenance"), shortName(city, order.scope), order.by];
  fill(node, [...words, [quiet, left(Date.parse(order.until) - now_ms)].filter(Boolean).join(" · ")]);
}
