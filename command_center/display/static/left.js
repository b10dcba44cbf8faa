// @ts-check
// A countdown.

/** Hours, minutes and seconds that are left.  @param {number} ms */
export function left(ms) {
  if (!Number.isFinite(ms)) return "–";
  const s = Math.max(0, Math.ceil(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
}
