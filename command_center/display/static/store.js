// @ts-check
// What is known now: columns indexed as the snapshot orders its sensors, the alarms, the status; and what has changed.

import { isActive, isClosed } from "./alarm_order.js";
import { FAIL, MISSING } from "./quality.js";

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Sensor} Sensor */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Status} Status */

const CLOSED_KEPT = 50;

/** @param {{station: string, property: string}} alarm the id of its datastream */
export const datastreamOf = (alarm) => `${alarm.station}:${alarm.property}`;

export class Store {
  /** @type {Sensor[]} */
  sensors = [];
  /** @type {Map<string, number>} */
  index = new Map();
  /** Phenomenon time of the latest observation, ms; NaN = never heard. */
  time_ms = new Float64Array(0);
  value = new Float64Array(0);
  quality = new Uint8Array(0);
  /** The latest that has a value and did not fail: its time, ms (NaN = there was none), and its value. */
  sound_ms = new Float64Array(0);
  sound = new Float64Array(0);
  /** @type {string[]} */
  origin = [];
  /** Derived of less than its window asks for. */
  incomplete = new Uint8Array(0);
  silent = new Uint8Array(0);
  /** @type {string[]} name of the level held, "" = none */
  level = [];
  /** @type {string[]} name of the worst level that a silent one could have reached, "" = none */
  could_be = [];
  /** @type {import("./types.js").Beside[]} */
  beside = [];
  /** Of what each is computed. @type {number[][]} */
  inputs = [];
  /** Changes so far, and the one that touched each datastream last: who draws them remembers how far it got. */
  changes = 0;
  touched = new Float64Array(0);

  /** @type {Map<string, Alarm>} */
  alarms = new Map();
  /** @type {import("./types.js").Wave[]} */
  waves = [];
  /** @type {import("./types.js").Duties} */
  duties = { actions: [], reports: [], troubles: [], orders: [] };
  /** @type {Status|null} */
  status = null;
  /** Of the open alarms, the worst first. @type {import("./types.js").Incident[]} */
  incidents = [];
  /** Server's time of the last frame, and of the last one with a status. */
  frame_ms = Number.NaN;
  status_ms = Number.NaN;

  /** @param {(i: number, time_ms: number, value: number, quality: number) => void} follower hears every observation */
  constructor(follower) {
    this.follower = follower;
  }

  /**
   * Takes a frame.
   * @param {Frame} frame
   * @returns {{sensors: boolean, rows: boolean, alarms: boolean, waves: boolean, duties: boolean, status: boolean}} what has changed
   */
  apply(frame) {
    this.frame_ms = frame.now_ms;
    this.changes += 1;
    const snapshot = frame.type === "snapshot";
    if (snapshot) this.#reset(frame.sensors ?? []);
    for (const alarm of frame.alarms ?? []) this.#takeAlarm(alarm, snapshot);
    const observations = frame.observations;
    if (observations) this.#observe(observations);
    const sound = frame.sound;
    sound?.i.forEach((i, k) => this.#hear(i, sound.time_ms[k], sound.value[k]));
    for (const { i, ...beside } of frame.beside ?? []) {
      this.beside[i] = beside;
      this.touched[i] = this.changes;
    }
    if (frame.incidents) this.incidents = frame.incidents;
    if (frame.waves) this.waves = frame.waves;
    if (frame.duties) this.duties = frame.duties;
    if (frame.status) {
      this.status = frame.status;
      this.status_ms = frame.now_ms;
    }
    const alarms = snapshot || (frame.alarms?.length ?? 0) > 0;
    if (alarms) this.#forgetClosed();
    return {
      sensors: snapshot,
      rows: alarms || (observations?.i.length ?? 0) > 0,
      alarms,
      waves: frame.waves !== undefined,
      duties: frame.duties !== undefined,
      status: frame.status !== undefined,
    };
  }

  /**
   * Takes one alarm as the server gave it in answer to a request.
   * @param {Alarm} alarm
   */
  acceptAlarm(alarm) {
    this.changes += 1;
    this.#takeAlarm(alarm, false);
  }

  /** @param {Sensor[]} sensors */
  #reset(sensors) {
    this.sensors = sensors;
    this.index = new Map(sensors.map((sensor, i) => [sensor.id, i]));
    this.time_ms = Float64Array.from(sensors, (s) => (s.latest ? Date.parse(s.latest.time) : Number.NaN));
    this.value = Float64Array.from(sensors, (s) => s.latest?.value ?? Number.NaN);
    this.quality = Uint8Array.from(sensors, (s) => s.latest?.quality ?? MISSING);
    this.sound_ms = Float64Array.from(sensors, (s) => (s.latest_sound ? Date.parse(s.latest_sound.time) : Number.NaN));
    this.sound = Float64Array.from(sensors, (s) => s.latest_sound?.value ?? Number.NaN);
    this.origin = sensors.map((s) => s.latest?.origin ?? "");
    this.incomplete = Uint8Array.from(sensors, (s) => (s.latest?.reasons?.includes("incomplete") ? 1 : 0));
    this.silent = Uint8Array.from(sensors, (s) => (s.silent && !s.derived_from ? 1 : 0));
    this.level = sensors.map((s) => worstOf(s));
    this.could_be = sensors.map((s) => s.possible?.[0]?.level ?? "");
    this.beside = sensors.map((s) => ({ rate: s.rate ?? null, eta: s.eta ?? null, dominant: s.dominant ?? null }));
    this.inputs = sensors.map((s) => (s.derived_from ?? []).flatMap((id) => this.index.get(id) ?? []));
    this.touched = new Float64Array(sensors.length).fill(this.changes);
    this.alarms = new Map();
  }

  /** @param {NonNullable<Frame["observations"]>} columns */
  #observe(columns) {
    columns.i.forEach((i, k) => {
      if (i >= this.sensors.length) return;
      const value = columns.value[k] ?? Number.NaN;
      this.follower(i, columns.time_ms[k], value, columns.quality[k]);
      const failed = columns.quality[k] === FAIL || Number.isNaN(value);
      if (!failed) this.#hear(i, columns.time_ms[k], value);
      if (!this.#isNewer(columns.time_ms[k], this.time_ms[i])) return;
      this.time_ms[i] = columns.time_ms[k];
      this.value[i] = value;
      this.quality[i] = columns.quality[k];
      this.origin[i] = columns.origin[k];
      this.incomplete[i] = columns.incomplete?.includes(i) ? 1 : 0;
      this.touched[i] = this.changes;
      if (failed) return; // no sign of life
      this.silent[i] = 0;
      this.could_be[i] = "";
    });
  }

  /**
   * Late data never move the live state; a newest time ahead of the gateway's clock was set by a clock that ran ahead.
   * @param {number} time_ms
   * @param {number} newest_ms
   */
  #isNewer(time_ms, newest_ms) {
    return !(time_ms <= newest_ms && newest_ms <= this.frame_ms + 300e3);
  }

  /**
   * Takes a value that did not fail.
   * @param {number} i
   * @param {number} time_ms
   * @param {number} value
   */
  #hear(i, time_ms, value) {
    if (i >= this.sensors.length || !this.#isNewer(time_ms, this.sound_ms[i])) return;
    this.sound_ms[i] = time_ms;
    this.sound[i] = value;
    this.touched[i] = this.changes;
  }

  /**
   * Deltas carry no levels: the open alarm of a datastream says which one it holds, and whether it is silent.
   * @param {Alarm} alarm
   * @param {boolean} snapshot the sensors of a snapshot say so themselves, closed alarms there are only history
   */
  #takeAlarm(alarm, snapshot) {
    this.alarms.set(alarm.id, alarm);
    const i = this.index.get(datastreamOf(alarm));
    if (i === undefined || alarm.historical) return;
    this.touched[i] = this.changes;
    const active = isActive(alarm);
    if (snapshot && !active) return;
    this.could_be[i] = active ? (alarm.possible?.[0]?.level ?? "") : "";
    this.level[i] = active && alarm.level !== "silent" ? alarm.level : "";
    if (!snapshot || alarm.silent || alarm.level === "silent") {
      this.silent[i] = active && (alarm.silent || alarm.level === "silent") ? 1 : 0;
    }
  }

  #forgetClosed() {
    const closed = [...this.alarms.values()].filter(isClosed);
    closed.sort((a, b) => b.raised_at.localeCompare(a.raised_at));
    for (const alarm of closed.slice(CLOSED_KEPT)) this.alarms.delete(alarm.id);
  }

  /**
   * How a datastream stands.  One whose newest value failed is unknown, like a silent one: it is never "normal".
   * @param {number} i
   * @returns {"level"|"never"|"silent"|"normal"} what the eye should be drawn to first
   */
  standing(i) {
    if (this.level[i]) return "level";
    if (Number.isNaN(this.time_ms[i])) return "never";
    return this.isSilent(i) || this.quality[i] === FAIL ? "silent" : "normal";
  }

  /**
   * What is computed from others has no silence of its own: it is as silent as they are.
   * @param {number} i
   * @returns {boolean}
   */
  isSilent(i) {
    return this.silent[i] === 1 || this.inputs[i].some((input) => this.isSilent(input));
  }

  /**
   * Whether the newest one failed, or has no value.
   * @param {number} i
   */
  hasFailed(i) {
    return !Number.isNaN(this.time_ms[i]) && (this.quality[i] === FAIL || Number.isNaN(this.value[i]));
  }

  /**
   * What is shown of it is older than three of its intervals, or it is called silent by the detector.
   * @param {number} i
   * @param {number} now_ms
   * @returns {boolean}
   */
  isStale(i, now_ms) {
    const interval_s = this.sensors[i]?.interval_s ?? Number.NaN;
    return this.isSilent(i) || now_ms - this.sound_ms[i] > 3000 * interval_s;
  }
}

/**
 * The highest level that a snapshot says the sensor holds.
 * @param {Sensor} sensor
 * @returns {string}
 */
function worstOf(sensor) {
  const held = sensor.levels.filter((level) => sensor.levels_reached.includes(level.name));
  return held.sort((a, b) => b.rank - a.rank)[0]?.name ?? "";
}
