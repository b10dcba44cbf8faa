// @ts-check
// Numbers, ages and times as people here write them; times always in the city's zone, never the browser's.

import { language, t } from "./text.js";

/** @typedef {import("./types.js").Level} Level */

/** Most decimals by unit; within that, the smaller a value the more it has. */
const DECIMALS = new Map([["cm", 0], ["mm", 1], ["mm/h", 1], ["ug/m3", 1], ["km/h", 0], ["%", 0], ["Cel", 1], ["V", 1], ["min", 0], ["cm/h", 0]]);
/** Units of the catalogue are ASCII; people read these. @type {Record<string, () => string>} */
const UNITS = {
  "m3/s": () => "m³/s",
  "ug/m3": () => "µg/m³",
  "mg/m3": () => "mg/m³",
  Cel: () => "°C",
  "mm/h": () => t("unit.mmPerHour"),
  "veh/h": () => t("unit.vehiclesPerHour"),
  "m3/s/h": () => t("unit.perHour", { unit: "m³/s" }),
  min: () => t("unit.minutes"),
  1: () => "",
};
const MAX_DECIMALS = 3;
const LOCALES = { id: "id-ID", en: "en-GB" };

let zone = "UTC";
let zone_label = "UTC";
/** @type {Map<string, Intl.NumberFormat|Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {string} time_zone IANA name
 * @param {string} label what people write behind a time
 */
export function setZone(time_zone, label) {
  zone = time_zone;
  zone_label = label;
  formats.clear();
}

/** @returns {string} */
export function zoneLabel() {
  return zone_label;
}

/**
 * @param {number} decimals
 * @returns {Intl.NumberFormat}
 */
function numberFormat(decimals) {
  const key = `${language()} ${decimals}`;
  let format = /** @type {Intl.NumberFormat|undefined} */ (formats.get(key));
  if (!format) {
    /** What rounds to zero is 0, not -0. @type {Intl.NumberFormatOptions} */
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: "negative" };
    format = new Intl.NumberFormat(LOCALES[language()], digits);
    formats.set(key, format);
  }
  return format;
}

/**
 * @param {Intl.DateTimeFormatOptions} options
 * @returns {Intl.DateTimeFormat}
 */
function dateFormat(options) {
  const key = language() + JSON.stringify(options);
  let format = /** @type {Intl.DateTimeFormat|undefined} */ (formats.get(key));
  if (!format) {
    format = new Intl.DateTimeFormat(LOCALES[language()], { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, format);
  }
  return format;
}

/**
 * A count, with the thousands apart.
 * @param {number} count
 * @returns {string}
 */
export function whole(count) {
  return numberFormat(0).format(count);
}

/**
 * A unit as people read it.
 * @param {string} unit
 * @returns {string}
 */
export function unitText(unit) {
  const known = UNITS[unit]?.();
  if (known !== undefined) return known;
  return unit.endsWith("/h") ? t("unit.perHour", { unit: unit.slice(0, -2) }) : unit;
}

/**
 * A value without its unit.  A value short of a limit is never rounded onto it: 279.7 of 280 stays 279.7.
 * @param {number} value
 * @param {string} unit
 * @param {readonly Level[]} [levels]
 * @returns {string}
 */
export function number(value, unit, levels = []) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  let decimals = Math.min(DECIMALS.get(unit) ?? MAX_DECIMALS, size >= 100 ? 0 : size >= 10 ? 1 : 2);
  const crosses = () => {
    const shown = Number(value.toFixed(decimals));
    return levels.some((level) => reaches(shown, level) !== reaches(value, level));
  };
  while (decimals < MAX_DECIMALS && crosses()) decimals += 1;
  return numberFormat(decimals).format(value);
}

/** @param {number} value @param {Level} level */
const reaches = (value, level) => (level.direction === "rising" ? value >= level.value : value <= level.value);

/**
 * A limit, as exact as it was written down.
 * @param {number} value
 * @returns {string}
 */
export function limit(value) {
  const written = String(value).split(".")[1]?.length ?? 0;
  return numberFormat(Math.min(written, MAX_DECIMALS)).format(value);
}

/** A minute's seconds are told in such steps where many ages stand together. */
const STEP_S = 10;

/**
 * How old one of many is, which are looked over rather than read: no two hundred numbers that run.
 * @param {number} ms
 * @returns {string} "baru", "10 dtk", "20 dtk", "3 mnt"
 */
export function calmAge(ms) {
  if (ms < STEP_S * 1000) return t("age.now");
  return age(ms < 60_000 ? ms - (ms % (STEP_S * 1000)) : ms);
}

/**
 * How old something is: "12 dtk", "3 mnt", "5 jam", "2 hari".
 * @param {number} ms
 * @returns {string}
 */
export function age(ms) {
  if (!Number.isFinite(ms)) return "";
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t("age.s", { n: s });
  if (s < 3600) return t("age.min", { n: Math.floor(s / 60) });
  if (s < 48 * 3600) return t("age.h", { n: Math.floor(s / 3600) });
  return t("age.d", { n: Math.floor(s / 86400) });
}

/**
 * A length of time in whole minutes: "25 mnt", "< 1 mnt".
 * @param {number} minutes 0 or more
 * @returns {string}
 */
export function inMinutes(minutes) {
  return minutes < 0.5 ? t("age.underMinute") : t("age.min", { n: Math.round(minutes) });
}

/**
 * @param {number} ms
 * @param {Intl.DateTimeFormatOptions} options
 * @returns {Record<string, string>}
 */
function parts(ms, options) {
  return Object.fromEntries(dateFormat(options).formatToParts(ms).map((part) => [part.type, part.value]));
}

/**
 * "22:14", "22:14:05"; colons in both languages, as on every clock here.
 * @param {number} ms
 * @param {boolean} [seconds]
 * @returns {string}
 */
export function clockTime(ms, seconds = false) {
  if (!Number.isFinite(ms)) return "--:--";
  const p = parts(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return seconds ? `${p.hour}:${p.minute}:${p.second}` : `${p.hour}:${p.minute}`;
}

/**
 * "Sab, 22 Nov 2025".
 * @param {number} ms
 * @returns {string}
 */
export function date(ms) {
  return dateFormat({ weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(ms);
}

/**
 * "22 Nov".
 * @param {number} ms
 * @returns {string}
 */
export function dayMonth(ms) {
  return dateFormat({ day: "numeric", month: "short" }).format(ms);
}

/**
 * A moment in words for a sentence: "22:14 WIB", with the day where it is not today.
 * @param {number} ms
 * @param {number} now_ms
 * @param {boolean} [seconds]
 * @returns {string}
 */
export function moment(ms, now_ms, seconds = false) {
  const time = `${clockTime(ms, seconds)} ${zone_label}`;
  return Number.isFinite(ms) && Number.isFinite(now_ms) && dayMonth(ms) !== dayMonth(now_ms)
    ? `${dayMonth(ms)} ${time}`
    : time;
}
