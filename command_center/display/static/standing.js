// @ts-check
// How a station stands, from its datastreams.

/** @typedef {import("./store.js").Store} Store */
/** @typedef {{standing: "level"|"silent"|"never"|"normal", level: string, rank: number, severity: number, silent: boolean}} Standing
 *   silent: what holds the level is not heard any more; where none does, something that is expected is not */

/** @type {Standing} */
export const NOTHING = { standing: "never", level: "", rank: 0, severity: 0, silent: false };

/**
 * The indices of each station's datastreams: those with levels first, what is shown with others last, else as the
 * snapshot has them.
 * @param {Store} store
 * @returns {Map<string, number[]>}
 */
export function datastreamsByStation(store) {
  /** @type {Map<string, number[]>} */
  const found = new Map();
  store.sensors.forEach((sensor, i) => {
    const list = found.get(sensor.station) ?? [];
    list.push(i);
    found.set(sensor.station, list);
  });
  /** @param {number} i */
  const place = (i) => (store.sensors[i].helper ? 2 : hasLevels(store, i) ? 0 : 1);
  for (const list of found.values()) list.sort((a, b) => place(a) - place(b) || a - b);
  return found;
}

/**
 * Whether a datastream can raise a level alarm.
 * @param {Store} store
 * @param {number} i
 */
export const hasLevels = (store, i) => store.sensors[i].levels.length > 0;

/**
 * The worst of each station.  A gauge that can raise an alarm and is not heard makes its station a silent one, whatever
 * else there still speaks.  What is derived can hold a level, and says nothing of who is heard.
 * @param {Store} store
 * @returns {Map<string, Standing>}
 */
export function worstByStation(store) {
  /** @type {Map<string, Standing>} */
  const worst = new Map();
  for (const [station, indices] of datastreamsByStation(store)) {
    const observed = indices.filter((i) => !store.sensors[i].derived_from);
    const watched = observed.filter((i) => hasLevels(store, i));
    const heard = [watched, observed, indices].find((list) => list.length > 0) ?? [];
    worst.set(station, standingOf(store, indices, heard));
  }
  return worst;
}

/**
 * @param {Store} store
 * @param {number[]} indices
 * @param {number[]} heard those of which one expects to hear
 * @returns {Standing}
 */
function standingOf(store, indices, heard) {
  let worst = NOTHING;
  for (const i of indices) {
    const level = store.sensors[i].levels.find((l) => l.name === store.level[i]);
    if (level && (level.severity > worst.severity || (level.severity === worst.severity && level.rank > worst.rank))) {
      worst = { standing: "level", level: level.name, rank: level.rank, severity: level.severity, silent: store.isSilent(i) };
    }
  }
  if (worst !== NOTHING) return worst;
  const standings = heard.map((i) => store.standing(i));
  if (standings.every((standing) => standing === "never")) return NOTHING;
  const silent = standings.some((s) => s !== "normal");
  return { ...NOTHING, standing: silent ? "silent" : "normal", silent };
}
