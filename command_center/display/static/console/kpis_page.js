// @ts-check
// How well the alarms serve those who handle them: ISA-18.2 and EEMUA 191, each figure with its target and its source.

import { get } from "../api.js";
import { datastreamName } from "../datastream_name.js";
import { el } from "../dom.js";
import { age, limit, moment, whole } from "../format.js";
import { t } from "../text.js";
import { Loaded, link, mark, table } from "./loaded.js";
import { drawRates } from "./rate_chart.js";

/** @typedef {{name: string, value: number|null, unit: string, good: number|null, source: string, met: boolean|null, needs_h: number}} Figure */
/** @typedef {{from: string, to: string, annunciations: number, figures: Figure[], top: {datastream: string, annunciations: number, share_percent: number}[], by_severity_percent: Record<string, number>, rate: import("./rate_chart.js").Rate[], rate_min: number}} Figures */

const EVERY_S = 60;
const HOUR_MS = 3600e3;
/** ISA-18.2 and IEC 62682 measure their averages over 30 days at least. */
const STANDARD_H = 30 * 24;
const SPANS_H = [1, 8, 24, 168, 720];
/** Sources that say more than a name. @type {Record<string, () => string>} */
const SOURCES = {
  flood_share: () => t("kpiSource.floodShare"),
  stale: () => t("kpiSource.stale"),
  standing: () => t("kpiSource.standing"),
  shelved: () => t("kpiSource.shelved"),
};
/** @type {Record<string, () => string>} */
const NAMES = {
  average_10_min: () => t("kpi.average10"),
  most_10_min: () => t("kpi.most10"),
  per_hour: () => t("kpi.perHour"),
  per_day: () => t("kpi.perDay"),
  flood_share: () => t("kpi.flood"),
  top_ten_share: () => t("kpi.topTen"),
  chattering: () => t("kpi.chattering"),
  stale: () => t("kpi.stale"),
  standing: () => t("kpi.standing"),
  shelved: () => t("kpi.shelved"),
  acknowledged_after_median: () => t("kpi.ackMedian"),
  acknowledged_after_90_percent: () => t("kpi.ack90"),
};
/** ISA-18.2 (2016), 16.5.7: about 80 % low, 15 % medium, 5 % high; the highest fewer still. @type {Record<string, string>} */
const SPLIT_TARGET = { 1: "≈ 80 %", 2: "≈ 15 %", 3: "≈ 5 %", 4: "< 1 %" };

/** @type {import("./page.js").Page} */
export const KPIS = {
  id: "kpis",
  title: () => t("kpis.title"),
  mount(root, context) {
    root.classList.add("office");
    let hours = 24;
    let operators = 1;
    /** @param {number} h @param {number} n */
    const choose = (h, n) => {
      [hours, operators] = [h, n];
      return part.load();
    };
    const load = () => get(`/kpis?hours=${hours}&operators=${operators}`);
    /** @type {Loaded<Figures>} */
    const part = new Loaded(root, context, { load, every_s: EVERY_S, draw: (data) => draw(data, context, hours, operators, choose) });
    return {
      update: (changed) => part.update(changed),
      unmount: () => {
        root.classList.remove("office");
        part.unmount();
      },
    };
  },
};

/**
 * @param {Figures} data @param {import("./page.js").Context} context @param {number} hours @param {number} operators
 * @param {(hours: number, operators: number) => unknown} choose
 */
function draw(data, context, hours, operators, choose) {
  const now_ms = context.now();
  const line = el("p", "office-acts");
  line.append(
    field(t("kpi.span"), "span", SPANS_H.map((h) => [String(h), age(h * 3600e3)]), String(hours), (value) => choose(Number(value), operators)),
    field(t("kpi.operators"), "operators", [1, 2, 3, 4].map((n) => [String(n), String(n)]), String(operators), (value) => choose(hours, Number(value))),
    link(t("kpi.csv"), `/api/v1/kpis.csv?hours=${hours}&operators=${operators}`, true),
  );
  const [from_ms, to_ms] = [Date.parse(data.from), Date.parse(data.to)];
  const hours_told = (to_ms - from_ms) / HOUR_MS;
  const span = { from: moment(from_ms, now_ms), to: moment(to_ms, now_ms), n: whole(data.annunciations), span: age(to_ms - from_ms) };
  const rows = data.figures.map((one) => [
    (NAMES[one.name] ?? (() => one.name))(),
    figure(one, hours_told),
    one.good === null ? "–" : t("kpi.upTo", { value: valueOf(one.good, one.unit) }),
    met(one),
    SOURCES[one.name]?.() ?? (one.source || "–"),
  ]);
  /** @param {string} id */
  const gauge = (id) => {
    const node = el("span", "", datastreamName(context.city(), context.store, id));
    node.title = id;
    return node;
  };
  const top = data.top.map((one) => [gauge(one.datastream), whole(one.annunciations), `${limit(Math.round(one.share_percent * 10) / 10)} %`]);
  const split = Object.entries(data.by_severity_percent).map(([severity, share]) => [
    t("kpi.severity", { n: severity }),
    `${limit(Math.round(share * 10) / 10)} %`,
    SPLIT_TARGET[severity] ?? "–",
  ]);
  const head = [t("kpi.figure"), t("kpi.value"), t("kpi.target"), t("kpi.met"), t("kpi.source")];
  const lower = el("div", "office-pair");
  lower.append(
    table(t("kpi.top"), [t("kpi.gauge"), t("kpi.calls"), t("kpi.share")], top, t("kpi.noCalls")),
    table(t("kpi.split"), [t("kpi.severityHead"), t("kpi.share"), t("kpi.target")], split, t("kpi.noCalls")),
  );
  return [
    el("h2", "", t("kpis.title")),
    line,
    el("p", "office-quiet", [t("kpi.spanIs", span), ...(hours_told < STANDARD_H ? [t("kpi.spanShort", { span: age(STANDARD_H * HOUR_MS) })] : [])].join(" ")),
    drawRates(data.rate, data.rate_min, [from_ms, to_ms], now_ms),
    table(t("kpi.figures"), head, rows, "–"),
    lower,
  ];
}

/** A rate is not told of less than what it is a rate of.  @param {Figure} one @param {number} hours_told */
function figure(one, hours_told) {
  if (one.value !== null || hours_told >= one.needs_h) return valueOf(one.value, one.unit);
  return el("small", "office-quiet", t("kpi.needs", { span: age(one.needs_h * HOUR_MS) }));
}

/** @param {number|null} value @param {string} unit */
function valueOf(value, unit) {
  if (value === null) return t("kpi.nothing");
  if (unit === "s") return age(value * 1000);
  const rounded = limit(Math.round(value * 100) / 100);
  return unit === "%" ? `${rounded} %` : rounded;
}

/** @param {Figure} one */
function met(one) {
  if (one.met === null) return "–";
  return one.met ? mark(t("kpi.good"), "good") : mark(t("kpi.bad"), "bad");
}

/**
 * @param {string} label @param {string} focus @param {[string, string][]} choices @param {string} value
 * @param {(value: string) => unknown} onChange
 */
function field(label, focus, choices, value, onChange) {
  const node = el("label", "office-field");
  const select = el("select");
  select.append(...choices.map(([one, words]) => new Option(words, one)));
  select.value = value;
  select.dataset.focus = focus;
  select.addEventListener("change", () => void onChange(select.value));
  node.append(el("span", "", label), select);
  return node;
}
