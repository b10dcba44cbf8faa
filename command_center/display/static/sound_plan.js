// @ts-check
// When the wall calls, and how.  What it decides, horn.js plays.
//
// A new alarm that nobody has acknowledged calls at once; as long as one stands, its tone comes again.  A mute is a person's
// wish for some quiet and ends by itself; the highest severity is never quiet for longer than a minute, and a new one of
// that severity ends the mute.

import { compareAlarms, isMuted, isPast, isUnacknowledged } from "./alarm_order.js";
import { HIGHEST_SEVERITY } from "./incident_order.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {{severity: number, speak: Alarm|null}} Call severity 0 = quiet; speak: the worst one that is new */

export const MUTE_MS = 5 * 60e3;
export const MUTE_HIGHEST_MS = 60e3;
/** A tone comes again so often, by severity; the lowest calls once. @type {Record<number, number>} */
const AGAIN_MS = { 1: Infinity, 2: 60e3, 3: 20e3, 4: 8e3 };
/** A picture that is not true any more calls like this: nobody sees what happens. */
const LOST_SEVERITY = 3;
/** @type {Call} */
const QUIET = { severity: 0, speak: null };

export class SoundPlan {
  /** Annunciations that have called. @type {Set<string>} */
  #called = new Set();
  #last_ms = -Infinity;
  #muted_at_ms = -Infinity;
  #lost = false;

  /** @param {number} at_ms */
  mute(at_ms) {
    this.#muted_at_ms = at_ms;
  }

  unmute() {
    this.#muted_at_ms = -Infinity;
  }

  /**
   * How long it is still quiet.
   * @param {Iterable<Alarm>} alarms
   * @param {number} at_ms
   * @returns {number} 0 = not muted
   */
  muted_ms(alarms, at_ms) {
    const lasts_ms = calling(alarms).some(isHighest) ? MUTE_HIGHEST_MS : MUTE_MS;
    return Math.max(0, this.#muted_at_ms + lasts_ms - at_ms);
  }

  /**
   * @param {Iterable<Alarm>} alarms
   * @param {boolean} lost
   * @param {number} at_ms of a clock that never jumps
   * @returns {Call} what sounds now
   */
  call(alarms, lost, at_ms) {
    const now = calling(alarms);
    const fresh = now.filter((alarm) => !this.#called.has(nameOf(alarm)));
    if (fresh.some(isHighest)) this.unmute();
    const wentLost = lost && !this.#lost;
    this.#lost = lost;
    this.#called = new Set(now.map(nameOf));
    const severity = Math.max(0, ...now.map((alarm) => alarm.severity), lost ? LOST_SEVERITY : 0);
    if (severity === 0 || this.muted_ms(now, at_ms) > 0) return QUIET;
    if (fresh.length === 0 && !wentLost && at_ms - this.#last_ms < AGAIN_MS[severity]) return QUIET;
    this.#last_ms = at_ms;
    return { severity, speak: fresh[0] ?? null };
  }
}

/**
 * Those that want to be heard, the worst first.
 * @param {Iterable<Alarm>} alarms
 */
function calling(alarms) {
  const open = [...alarms].filter((alarm) => isUnacknowledged(alarm) && !isPast(alarm) && !isMuted(alarm));
  return open.sort(compareAlarms);
}

/** @param {Alarm} alarm */
const isHighest = (alarm) => alarm.severity >= HIGHEST_SEVERITY;

/** The annunciation, as receipts name it. @param {Alarm} alarm */
const nameOf = (alarm) => `${alarm.id}/${alarm.calls ?? 0}`;
