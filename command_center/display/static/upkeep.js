// @ts-check
// The stations in the order in which they should be visited, each with the facts behind its place.

import { el, setChildren, setData } from "./dom.js";
import { age, number, unitText, whole } from "./format.js";
import { t } from "./text.js";

/** @typedef {{value: number|null, unit: string, at: string, per_day: number|null, limit: number|null, days_left: number|null}} Gauge */
/**
 * @typedef {object} Upkeep  One item of GET /api/v1/maintenance.
 * @property {number} rank @property {string} station @property {string} name @property {string} agency
 * @property {string} area_name @property {string} power @property {string} link @property {number|null} days_left
 * @property {string} why @property {number} weight @property {boolean} has_levels @property {number} downstream
 * @property {boolean} is_only_gauge @property {string|null} last_seen @property {Gauge|null} battery
 * @property {Gauge|null} solar @property {Gauge|null} signal @property {Gauge|null} sim_quota
 * @property {number|null} clock_offset_s @property {boolean} clock_fault @property {number|null} duplicates
 * @property {number} dead_letters @property {string} last_visit @property {string} visited_by @property {string} work
 * @property {string} calibration_due @property {boolean} calibration_overdue
 */

const SOON_DAYS = 7;
/** @type {Record<string, () => string>} */
const WHY = {
  blind: () => t("why.blind"),
  reached: () => t("why.reached"),
  projected: () => t("why.projected"),
  steady: () => t("why.steady"),
  too_short: () => t("why.tooShort"),
  no_limit: () => t("why.noLimit"),
  no_battery: () => t("why.noBattery"),
};

/**
 * @param {HTMLElement} list
 * @param {Upkeep[]} stations
 * @param {number} made_ms when the server made the list
 * @param {import("./service.js").Service} service
 */
export function drawUpkeep(list, stations, made_ms, service) {
  setChildren(list, stations.map((one) => card(one, made_ms, service)));
}

/** @param {Upkeep} one @param {number} made_ms @param {import("./service.js").Service} service */
function card(one, made_ms, service) {
  const node = el("li", "upkeep");
  node.dataset.station = one.station;
  const urgent = one.why === "blind" || one.why === "reached";
  setData(node, "look", urgent ? "now" : one.days_left !== null && one.days_left < SOON_DAYS ? "soon" : "");
  const days = el("p", "days");
  const shown = one.days_left === null || one.why === "blind" ? "–" : number(one.days_left, "d");
  days.append(el("b", "", shown), el("span", "", (WHY[one.why] ?? (() => one.why))()));
  const title = el("h3", "", `${one.rank}. ${one.name}`);
  const place = [one.agency, one.area_name, one.power, one.link].filter(Boolean).join(" · ");
  const head = el("div", "head");
  head.append(title, el("p", "place", place), el("p", "place", t("weight.is", { n: one.weight, why: weighs(one) })));
  const facts = el("dl", "facts");
  const all = factsOf(one, made_ms);
  const unknown = all.filter(([, text]) => text === t("fact.unknown")).map(([name]) => name);
  const known = all.filter(([, text]) => text !== t("fact.unknown"));
  facts.append(...known.map(([name, text, look]) => fact(name, text, look)));
  if (unknown.length) {
    const rest = fact(t("fact.notKnown"), unknown.join(", "), false);
    rest.className = "unknown";
    facts.append(rest);
  }
  node.append(days, head, facts, served(one.station, service));
  return node;
}

/** Its maintenance, counted down; or the way into it.  @param {string} station @param {import("./service.js").Service} service */
function served(station, service) {
  const order = service.of(station);
  if (!order) {
    const button = el("button", "service-begin", t("service.begin"));
    button.type = "button";
    button.addEventListener("click", () => service.open(station));
    return button;
  }
  const node = el("p", "service-left");
  const digits = el("b");
  digits.dataset.until = order.until;
  node.append(digits, el("span", "", t("service.maintenance")));
  return node;
}

/** @param {Upkeep} one */
function weighs(one) {
  const parts = [
    one.has_levels ? t("weight.levels") : "",
    one.downstream ? t("weight.downstream", { n: one.downstream }) : "",
    one.is_only_gauge ? t("weight.onlyGauge") : "",
  ].filter(Boolean);
  return parts.length ? parts.join(", ") : t("weight.plain");
}

/**
 * @param {Upkeep} one
 * @param {number} made_ms
 * @returns {[string, string, boolean][]} name, text, whether it needs eyes; what is not known says so
 */
function factsOf(one, made_ms) {
  const seen = one.last_seen === null ? t("fact.never") : t("fact.ago", { age: age(made_ms - Date.parse(one.last_seen)) });
  const offset = one.clock_offset_s === null ? "" : ` ${number(one.clock_offset_s, "s")} s`;
  const clock = (one.clock_fault ? t("fact.clockFault") : t("fact.clockGood")) + offset;
  const visit = one.last_visit ? [one.last_visit, one.visited_by, one.work].filter(Boolean).join(", ") : t("fact.unknown");
  const due = one.calibration_overdue ? t("fact.overdue", { date: one.calibration_due }) : one.calibration_due;
  /** @type {[string, string, boolean][]} */
  const facts = [
    [t("fact.battery"), gauge(one.battery), false],
    [t("fact.solar"), gauge(one.solar), false],
    [t("fact.signal"), gauge(one.signal), false],
    [t("fact.sim"), sim(one.sim_quota), (one.sim_quota?.days_left ?? Infinity) < SOON_DAYS],
    [t("fact.seen"), seen, one.why === "blind"],
    [t("fact.clock"), one.last_seen === null ? t("fact.unknown") : clock, one.clock_fault],
    [t("fact.visit"), visit, false],
    [t("fact.calibration"), due || t("fact.unknown"), one.calibration_overdue],
    [t("fact.letters"), whole(one.dead_letters), one.dead_letters > 0],
  ];
  if (one.duplicates !== null) facts.push([t("fact.duplicates"), whole(one.duplicates), false]);
  return facts;
}

/** @param {string} name @param {string} text @param {boolean} look */
function fact(name, text, look) {
  const pair = el("div");
  setData(pair, "look", look);
  pair.append(el("dt", "", name), el("dd", "", text));
  return pair;
}

/** @param {Gauge|null} gauge_ */
function gauge(gauge_) {
  if (gauge_ === null || gauge_.value === null) return t("fact.unknown");
  const unit = unitText(gauge_.unit);
  const now = `${number(gauge_.value, gauge_.unit)} ${unit}`;
  if (gauge_.per_day === null) return now;
  const sign = gauge_.per_day > 0 ? "+" : gauge_.per_day < 0 ? "−" : "±";
  return `${now} (${sign}${number(Math.abs(gauge_.per_day), "")} ${t("fact.perDay", { unit })})`;
}

/** @param {Gauge|null} quota */
function sim(quota) {
  const left = quota?.days_left ?? null;
  return left === null ? gauge(quota) : `${gauge(quota)}, ${t("fact.daysLeft", { n: number(left, "d") })}`;
}
