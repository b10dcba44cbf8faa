// @ts-check
// Alarms that no screen shows, told in one line: in an alarm flood twenty lines of one kind would hide what has to be done.

/** @typedef {import("./types.js").Trouble} Trouble */

/** The kind of which there is one for each alarm. */
const UNSEEN = "unseen";

/**
 * Troubles as the lines that tell them, in their order; those of alarms that no screen shows are one line, where the
 * first of them stood: what nobody has acknowledged apart from what somebody has, exercises apart from what is real.
 * @param {Trouble[]} troubles
 * @returns {Trouble[][]} each line's, the oldest first
 */
export function foldTroubles(troubles) {
  /** @type {Map<string, Trouble[]>} */
  const lines = new Map();
  for (const trouble of troubles) {
    const key = trouble.kind === UNSEEN ? `${UNSEEN} ${trouble.exercise} ${trouble.acknowledged_by ?? ""}` : trouble.id;
    lines.set(key, [...(lines.get(key) ?? []), trouble]);
  }
  return [...lines.values()].map((line) => line.sort((a, b) => a.since_us - b.since_us));
}
