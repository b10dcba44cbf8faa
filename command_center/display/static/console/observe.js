// @ts-check
// A reading heard by radio, telephone or chat, typed in: value, time, heard from.

import { post } from "../api.js";
import { clockTime, unitText } from "../format.js";
import { whatOf } from "../properties.js";
import { shortName } from "../station_name.js";
import { t } from "../text.js";
import { ask } from "./form_dialog.js";

/** @typedef {import("./page.js").Context} Context */

const DAY_MS = 86_400e3;
/** A time so little ahead is the operator's clock, not yesterday's. */
const AHEAD_MS = 60e3;

/**
 * The newest moment, not after now, at which a clock on the city's wall shows a time.
 * @param {string} text "21:40" or "21:40:30"
 * @param {number} now_ms
 * @param {string} time_zone IANA name
 * @returns {number} milliseconds; NaN where the text is no time
 */
export function momentOf(text, now_ms, time_zone) {
  const found = /^(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?$/.exec(text.trim());
  if (!found) return Number.NaN;
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return Number.NaN;
  const offset_ms = offsetOf(now_ms, time_zone);
  const midnight_ms = Math.floor((now_ms + offset_ms) / DAY_MS) * DAY_MS - offset_ms;
  const at_ms = midnight_ms + ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return at_ms > now_ms + AHEAD_MS ? at_ms - DAY_MS : Math.min(at_ms, now_ms);
}

/** What the city's clocks are ahead of UTC. @param {number} now_ms @param {string} time_zone */
function offsetOf(now_ms, time_zone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const whole = { timeZone: time_zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  const parts = new Intl.DateTimeFormat("en-GB", whole).formatToParts(now_ms);
  const of = (/** @type {string} */ type) => Number(parts.find((part) => part.type === type)?.value);
  const local_ms = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return local_ms - Math.floor(now_ms / 1000) * 1000;
}

/**
 * A number as people type it: "312", "312,5", "312.5".  "1.262" is a thousand to one and little more than one to another:
 * what can be read in two ways is not read at all.
 * @param {string} text
 * @returns {number|"ambiguous"} NaN where it is none
 */
export function numberOf(text) {
  const plain = text.trim().replace(/\s/g, "");
  if (!/^[-+]?\d+([.,]\d+)?$/.test(plain)) return Number.NaN;
  return /^[-+]?[1-9]\d{0,2}[.,]\d{3}$/.test(plain) ? "ambiguous" : Number(plain.replace(",", "."));
}

/**
 * What is offered for a datastream: itself, or where it is computed, its station's first that is measured; one with levels
 * before one without.
 * @param {import("../types.js").Sensor[]} measured
 * @param {string} datastream
 * @returns {string} "" = none
 */
export function offeredFirst(measured, datastream) {
  if (measured.some(({ id }) => id === datastream)) return datastream;
  const there = measured.filter(({ station }) => station === datastream.split(":")[0]);
  return (there.find(({ levels }) => levels.length > 0) ?? there[0])?.id ?? "";
}

/**
 * Asks for the reading and sends it.
 * @param {Context} context
 * @param {string} datastream that is offered first
 */
export async function askObservation(context, datastream) {
  const city = context.city();
  const { store } = context;
  if (!city) return;
  const measured = store.sensors.filter((sensor) => !sensor.derived_from && !sensor.helper);
  const choices = measured
    .map((sensor) => /** @type {[string, string]} */ ([sensor.id, nameOf(sensor.id)]))
    .sort(([, a], [, b]) => a.localeCompare(b));
  /** @param {string} id */
  function nameOf(id) {
    const i = /** @type {number} */ (store.index.get(id));
    const unit = unitText(store.sensors[i].unit);
    return `${shortName(/** @type {import("../types.js").City} */ (city), store.sensors[i].station)}, ${whatOf(store, i) || store.sensors[i].property} (${unit})`;
  }
  const first = offeredFirst(measured, datastream);
  // No gauge is offered that nobody chose: a value typed in a hurry must not go to whichever comes first by its name.
  if (first === "") choices.unshift(["", t("observe.choose")]);
  await ask({
    title: t("act.observe"),
    explain: t("observe.explain"),
    fields: [
      { name: "datastream", label: t("observe.gauge"), kind: "choice", choices, value: first, required: true },
      { name: "value", label: t("observe.value"), kind: "text", required: true, hint: t("observe.valueHint"), focus: true },
      { name: "time", label: t("observe.time", { zone: city.zone_label }), kind: "text", value: clockTime(context.now(), true), required: true, hint: t("observe.timeHint") },
      { name: "heard_from", label: t("observe.from"), kind: "text", required: true, hint: t("observe.fromHint") },
    ],
    submit: t("observe.send"),
    check: ({ value, time }) => {
      const number = numberOf(value);
      if (number === "ambiguous") return t("observe.ambiguous", { got: value });
      if (Number.isNaN(number)) return t("observe.noNumber", { got: value });
      return Number.isNaN(momentOf(time, context.now(), city.time_zone)) ? t("observe.noTime", { got: time }) : "";
    },
    send: async ({ datastream: id, value, time, heard_from }) => {
      const at_ms = momentOf(time, context.now(), city.time_zone);
      const isLate = at_ms <= store.time_ms[store.index.get(id) ?? -1]; // the gauge has said something newer
      const body = { time: new Date(at_ms).toISOString(), value: numberOf(value), heard_from };
      const taken = await context.as(() => post(`/sensors/${encodeURIComponent(id)}/observations`, body));
      const values = { what: nameOf(id), value, time: clockTime(at_ms) };
      if (taken !== null && isLate) context.warn(t("observe.takenLate", values));
      else if (taken !== null) context.say(t("observe.taken", values));
      return taken;
    },
  });
}
