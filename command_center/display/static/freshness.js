// @ts-check
// Is what the wall shows still true?  One judgement, for the whole page.

/** @typedef {import("./types.js").Status} Status */

/** The server sends at least one frame a second; checked every CHECK_EVERY_MS, so the wall says so within 3 s. */
export const LOST_AFTER_MS = 2200;
export const CHECK_EVERY_MS = 200;
/** The gateway sends the command center a status every second. */
const GATEWAY_LOST_AFTER_MS = 3000;

/**
 * @typedef {object} Freshness
 * @property {"fresh"|"waiting"|"server"|"gateway"} state waiting: no picture yet, and not yet worth an alarm
 * @property {number} since_ms time (server's clock) of the last true picture; NaN where there was none
 */

/**
 * @param {object} seen
 * @param {number} seen.silent_ms since the last frame; Infinity before the first
 * @param {number} seen.page_ms since the page was opened
 * @param {number} seen.frame_ms server's time of the last frame; NaN before the first
 * @param {number} seen.status_ms server's time of the frame that brought the status; NaN before the first
 * @param {{gateway: Pick<Status["gateway"], "connected"|"last_frame_ms">}|null} seen.status
 * @returns {Freshness}
 */
export function judge({ silent_ms, page_ms, frame_ms, status_ms, status }) {
  if (!Number.isFinite(frame_ms)) {
    return { state: page_ms > LOST_AFTER_MS ? "server" : "waiting", since_ms: Number.NaN };
  }
  const gateway_ms = status?.gateway.last_frame_ms ?? Number.NaN;
  const gateway_lost = status && (!status.gateway.connected || status_ms - gateway_ms > GATEWAY_LOST_AFTER_MS);
  // Both may be lost: the last true picture is then the older of the two.
  if (gateway_lost) return { state: "gateway", since_ms: gateway_ms };
  if (silent_ms > LOST_AFTER_MS) return { state: "server", since_ms: frame_ms };
  return { state: "fresh", since_ms: frame_ms };
}
