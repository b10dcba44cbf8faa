// @ts-check
// What other levels would have made of the record, beside what those in force made of it.

import { copyText } from "../clipboard.js";
import { el } from "../dom.js";
import { limit, number, unitText, whole } from "../format.js";
import { levelName } from "../levels.js";
import { t } from "../text.js";
import { button, table } from "./loaded.js";
import { hashOf } from "./router.js";
import { dated } from "./station_sheet.js";

/** @typedef {import("../types.js").City} City */
/** @typedef {import("./page.js").Context} Context */
/** @typedef {{n: number, min: number|null, median: number|null, max: number|null}} Spread */
/** @typedef {{limit: number, alarms: number, flaps: number, hours_at_level: number}} LevelUse */
/** @typedef {{raised_at: string, returned_at: string|null}} Crossing */
/**
 * @typedef {object} Outcome
 * @property {number} alarms @property {number} alarms_per_day @property {number} flaps @property {number} chatter
 * @property {number} peaks @property {number} missed_peaks @property {Spread} lead_min
 */
/**
 * @typedef {object} LevelTrial
 * @property {string} name @property {LevelUse|null} now @property {LevelUse|null} tried @property {number} peaks
 * @property {number} missed_now @property {number} missed_tried @property {Spread} gained_min
 * @property {Crossing[]} crossed_now @property {Crossing[]} crossed_tried
 */
/**
 * @typedef {object} Answer  of POST /api/v1/sensors/{id}/counterfactual.
 * @property {string} sensor @property {string} unit @property {string} first @property {string} last
 * @property {number} observations @property {string|null} held_from @property {Outcome} now @property {Outcome} tried
 * @property {LevelTrial[]} levels @property {string[]} lines @property {number} asked_ms how long the range is that was asked for: ours
 * @property {number} pace at which all but the lines was judged
 */

const DAY_MS = 24 * 3600e3;
/** The first and the last observation lie within the range, each by less than its interval: of hourly ones that is an hour. */
const ENDS_MS = 3600e3;

/**
 * The whole answer.
 * @param {Answer} answer
 * @param {City} city
 * @param {Context} context
 * @returns {HTMLElement[]}
 */
export function answerNodes(answer, city, context) {
  const at = (/** @type {string} */ text) => dated(Date.parse(text));
  const words = [t("trial.judged", { n: whole(answer.observations), from: at(answer.first), to: at(answer.last) })];
  if (answer.held_from !== null) words.push(t("station.held", { time: at(answer.held_from) }));
  return [el("p", "office-quiet", words.join(" · ")), outcomes(answer), levels(answer, city), crossings(answer, city, at), ...lines(answer, city, context)];
}

/** Alarms a day are told of a day and more, which observations fill.  @param {Answer} answer */
function outcomes({ now, tried, first, last, asked_ms }) {
  const isDay = asked_ms >= DAY_MS && Date.parse(last) - Date.parse(first) >= DAY_MS - ENDS_MS;
  const row = (/** @type {string} */ name, /** @type {(one: Outcome) => string} */ of) => [name, of(now), of(tried)];
  const rows = [
    row(t("trial.perDay"), (one) => (isDay ? number(one.alarms_per_day, "") : t("trial.needsDay"))),
    row(t("trial.alarms"), (one) => whole(one.alarms)),
    row(t("trial.flaps"), (one) => whole(one.flaps)),
    row(t("trial.chatter"), (one) => whole(one.chatter)),
    row(t("trial.missed"), (one) => t("trial.of", { n: whole(one.missed_peaks), of: whole(one.peaks) })),
    row(t("trial.lead"), (one) => spread(one.lead_min)),
  ];
  return table(t("trial.both"), [t("trial.figure"), t("trial.inForce"), t("trial.tried")], rows, "");
}

/** The median, and between what it lies.  @param {Spread} of */
function spread({ n, min, median, max }) {
  if (n === 0 || median === null || min === null || max === null) return "–";
  const values = { median: number(median, "min"), unit: unitText("min") };
  return n === 1 ? t("trial.one", values) : t("trial.spread", { ...values, min: number(min, "min"), max: number(max, "min"), n: whole(n) });
}

/** @param {Answer} answer @param {City} city */
function levels(answer, city) {
  const rows = answer.levels.flatMap((level) => {
    const of = (/** @type {string} */ set, /** @type {LevelUse|null} */ use, /** @type {number} */ missed, /** @type {string} */ gained) => [
      levelName(city, level.name),
      set,
      ...(use === null ? [t("trial.notThere"), "–", "–"] : [limit(use.limit), whole(use.alarms), whole(use.flaps)]),
      t("trial.of", { n: whole(missed), of: whole(level.peaks) }),
      use === null ? "–" : number(use.hours_at_level, ""),
      gained,
    ];
    return [of(t("trial.inForce"), level.now, level.missed_now, ""), of(t("trial.tried"), level.tried, level.missed_tried, spread(level.gained_min))];
  });
  const head = [t("station.level"), t("trial.set"), `${t("station.limit")} (${unitText(answer.unit)})`, t("trial.alarms"), t("trial.flaps"), t("trial.missed"), t("trial.hours"), t("trial.gained")];
  return table(t("trial.byLevel"), head, rows, "");
}

/** @param {Answer} answer @param {City} city @param {(text: string) => string} at */
function crossings(answer, city, at) {
  const span = (/** @type {Crossing|null} */ one) => (one === null ? "–" : `${at(one.raised_at)} – ${one.returned_at === null ? t("trial.stillHeld") : at(one.returned_at)}`);
  const rows = answer.levels.flatMap((level) => pairs(level.crossed_now, level.crossed_tried).reverse().map(([now, tried]) => [levelName(city, level.name), span(now), span(tried)]));
  const told = answer.levels.reduce((sum, level) => sum + level.crossed_now.length + level.crossed_tried.length, 0);
  const part = table(t("trial.crossings"), [t("station.level"), t("trial.inForce"), t("trial.tried")], rows, t("trial.noCrossing"));
  if (told < answer.now.alarms + answer.tried.alarms) part.append(el("p", "office-quiet", t("trial.newest")));
  part.tabIndex = 0; // it scrolls by itself
  part.setAttribute("role", "region");
  part.setAttribute("aria-label", t("trial.crossings"));
  part.classList.add("trial-crossings");
  return part;
}

/**
 * Crossings of both sets that have a moment in common stand beside each other, each of them once, by time.
 * @param {readonly Crossing[]} now by time
 * @param {readonly Crossing[]} tried by time
 * @returns {[Crossing|null, Crossing|null][]}
 */
export function pairs(now, tried) {
  const begin = (/** @type {Crossing} */ one) => Date.parse(one.raised_at);
  const end = (/** @type {Crossing} */ one) => (one.returned_at === null ? Number.POSITIVE_INFINITY : Date.parse(one.returned_at));
  /** @type {[Crossing|null, Crossing|null][]} */
  const found = [];
  let [i, j] = [0, 0];
  while (i < now.length && j < tried.length) {
    if (end(now[i]) <= begin(tried[j])) found.push([now[i++], null]);
    else if (end(tried[j]) <= begin(now[i])) found.push([null, tried[j++]]);
    else found.push([now[i++], tried[j++]]);
  }
  for (; i < now.length; i += 1) found.push([now[i], null]);
  for (; j < tried.length; j += 1) found.push([null, tried[j]]);
  return found;
}

/** The rows for levels.csv, and what to do with them.  @param {Answer} answer @param {City} city @param {Context} context */
function lines(answer, city, context) {
  const gone = answer.levels.filter((level) => level.tried === null);
  const [part, steps] = [el("section", "office-part"), el("p", "", t("trial.steps"))];
  const [text, reload] = [el("pre", "trial-lines", answer.lines.join("\n")), el("a", "", t("trial.reload"))];
  reload.href = hashOf("data");
  steps.append(" ", reload);
  text.tabIndex = 0; // it scrolls by itself
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", t("trial.lines"));
  part.append(el("h3", "", t("trial.lines")));
  if (answer.lines.length > 1) {
    if (answer.pace !== 1) part.append(el("p", "trial-pace", t("trial.pace", { pace: limit(answer.pace) })));
    const copy = button(t("trial.copy"), "trial-copy", async () => ((await copyText(text)) ? context.say(t("unknown.copied")) : context.warn(t("unknown.marked"))));
    part.append(text, copy, steps);
  } else if (gone.length === 0) part.append(el("p", "office-quiet", t("trial.same")));
  for (const level of gone) {
    part.append(el("p", "", t("trial.leftOut", { level: levelName(city, level.name), row: `${answer.sensor}/${level.name}` })));
  }
  return [part];
}
