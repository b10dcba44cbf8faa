// @ts-check
// Moments in form fields: in the city's own time, whatever the clock of the screen's machine is set to.

/** @param {string} time_zone */
const formatOf = (time_zone) =>
  new Intl.DateTimeFormat("sv-SE", {
    timeZone: time_zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });

/**
 * "2025-11-22T22:14", as a datetime-local field wants it.
 * @param {number} ms
 * @param {string} time_zone
 * @returns {string}
 */
export const toField = (ms, time_zone) => formatOf(time_zone).format(ms).replace(" ", "T");

/**
 * Milliseconds of a field's text; NaN where it is empty or none.
 * @param {string} text
 * @param {string} time_zone
 * @returns {number}
 */
export function fromField(text, time_zone) {
  const as_utc = Date.parse(`${text}Z`);
  if (!Number.isFinite(as_utc)) return Number.NaN;
  return as_utc - (Date.parse(`${toField(as_utc, time_zone)}Z`) - as_utc);
}
