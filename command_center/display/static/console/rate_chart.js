// @ts-check
// Annunciations over time, as bars; above ten in ten minutes is a flood (ISA-18.2), and its bar has another shape.

import { el, svg } from "../dom.js";
import { moment, whole } from "../format.js";
import { t } from "../text.js";

/** @typedef {{at: string, calls: number, most_10_min: number}} Rate */

const WIDTH = 900;
const HEIGHT = 150;
const LEFT = 34;
const FOOT = 20;
/** Room for the figure above the highest bar. */
const TOP = 16;
/** Bars up to which each has its figure above it. */
const WITH_FIGURES = 24;
const FLOOD_OVER = 10;
/** Within so short a span the two ends are told apart by their seconds. */
const SHORT_MS = 10 * 60e3;
/** A record of ten minutes is no wall of colour. */
const WIDEST = 60;

/**
 * @param {Rate[]} rates @param {number} rate_min minutes of one bar @param {[number, number]} span its begin and end, ms
 * @param {number} now_ms
 * @returns {HTMLElement}
 */
export function drawRates(rates, rate_min, [from_ms, to_ms], now_ms) {
  const figure = el("figure", "rate-chart");
  const most = Math.max(FLOOD_OVER + 2, ...rates.map((rate) => rate.most_10_min));
  const label = t("kpi.rateTitle", { n: whole(rate_min) });
  const node = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  const width = (WIDTH - LEFT) / Math.max(1, rates.length);
  const bar_width = Math.min(WIDEST, width * 0.8);
  /** @param {number} n */
  const y = (n) => TOP + (HEIGHT - FOOT - TOP) * (1 - n / most);
  rates.forEach((rate, i) => {
    if (rate.most_10_min === 0) return;
    const isFlood = rate.most_10_min > FLOOD_OVER;
    const bar = svg("rect", {
      x: LEFT + (i + 0.5) * width - bar_width / 2,
      y: y(rate.most_10_min),
      width: bar_width,
      height: HEIGHT - FOOT - y(rate.most_10_min),
      class: isFlood ? "rate-flood" : "rate-bar",
    });
    const title = svg("title", {});
    title.textContent = t("kpi.bar", { time: moment(Date.parse(rate.at), now_ms), n: whole(rate.calls), most: whole(rate.most_10_min) });
    bar.append(title);
    node.append(bar);
    if (rates.length <= WITH_FIGURES) node.append(words(LEFT + (i + 0.5) * width, y(rate.most_10_min) - 4, whole(rate.most_10_min), "middle"));
  });
  const base = HEIGHT - FOOT;
  node.append(svg("line", { x1: LEFT, x2: WIDTH, y1: base, y2: base, class: "rate-axis" }));
  node.append(svg("line", { x1: LEFT, x2: WIDTH, y1: y(FLOOD_OVER), y2: y(FLOOD_OVER), class: "rate-limit" }));
  if (rates.length > WITH_FIGURES && y(FLOOD_OVER) - y(most) > TOP) node.append(words(LEFT - 6, y(most) + 4, whole(most), "end"));
  node.append(words(LEFT - 6, y(FLOOD_OVER) + 4, String(FLOOD_OVER), "end"), words(LEFT - 6, base, "0", "end"));
  const seconds = to_ms - from_ms < SHORT_MS;
  node.append(words(LEFT, HEIGHT - 4, moment(from_ms, now_ms, seconds), "start"), words(WIDTH, HEIGHT - 4, moment(to_ms, now_ms, seconds), "end"));
  figure.append(el("figcaption", "", label), node);
  return figure;
}

/** @param {number} x @param {number} y @param {string} text @param {string} anchor */
function words(x, y, text, anchor) {
  const node = svg("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}
