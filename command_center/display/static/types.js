// @ts-check
// Shapes that the command center sends (GET /api/v1/city, WS /api/v1/live).  Types only: nothing runs here.

/** @typedef {{id: string, en: string}} Bilingual */

/**
 * @typedef {object} Level
 * @property {string} name @property {number} value @property {"rising"|"falling"} direction
 * @property {number} rank @property {number} severity
 */

/** @typedef {{value: number, unit: string, low: number|null, high: number|null, time: string, lasts_s: number, turned: boolean}} Rate
 *   lasts_s: how old it may be; turned: the newest readings say the opposite */

/**
 * @typedef {{level: string, earliest_min: number|null, middle_min: number|null, latest_min: number|null, time: string, needed_min?: number|null}} Eta
 * Minutes from `time`; null = not within a day; needed_min: what the standing actions of that level take, null = none.
 */

/** @typedef {{rate: Rate|null, eta: Eta|null, dominant: string|null}} Beside  What stands beside a value. */

/** @typedef {{level: string, rank: number, severity: number, since: string, rate_per_h: number|null}} Possible */

/**
 * @typedef {object} Wave
 * @property {string} downstream id of the datastream @property {string} upstream_station @property {string} downstream_station
 * @property {"expected"|"on_time"|"early"|"came_late"|"absent"|"unseen"} state @property {boolean} verify
 * @property {string|null} from @property {string|null} until @property {string|null} arrived @property {string} found
 */

/**
 * @typedef {object} Action  A standing action that nobody has taken back.
 * @property {string} id @property {string} datastream @property {string} station @property {string} level
 * @property {number} severity @property {"waiting"|"taken"|"done"|"undone"} state @property {Bilingual} what
 * @property {string} opd @property {number} takes_min @property {boolean} may_undo @property {string} opened_at
 * @property {string|null} taken_by @property {string|null} taken_at
 * @property {string|null} done_by @property {string|null} done_at @property {boolean} exercise
 */

/**
 * @typedef {object} Countdown  To the next report of a datastream.
 * @property {string} id @property {string} datastream @property {string} level @property {string} due_at
 * @property {string|null} last_by @property {boolean} exercise
 */

/**
 * @typedef {object} Trouble  Of the means of warning: a siren that does not answer, an alarm that no screen shows.
 * @property {string} id @property {string} subject @property {string} kind @property {number} severity
 * @property {boolean} exercise @property {Bilingual} text @property {number} since_us @property {string|null} acknowledged_by
 */

/**
 * @typedef {object} Order  Maintenance at a station, or a datastream out of service.
 * @property {number} number @property {"suppressed"|"out_of_service"} aside @property {string} scope @property {string} by
 * @property {string} since @property {string} until @property {number} quiet alarms that it keeps quiet just now
 */

/** @typedef {{actions: Action[], reports: Countdown[], troubles: Trouble[], orders?: Order[]}} Duties  What people have to do. */

/**
 * @typedef {object} Sensor  One datastream; its index in the snapshot is the `i` of the deltas.
 * @property {string} id @property {string} station @property {string} property @property {string} kind
 * @property {string} unit @property {string} name @property {string} basin @property {boolean} illustrative
 * @property {boolean} silent @property {string[]} levels_reached @property {Level[]} levels
 * @property {number} [interval_s] expected seconds between observations
 * @property {string[]|null} [derived_from] ids @property {boolean} [helper] has no row of its own @property {string|null} [method]
 * @property {Rate|null} [rate] @property {Eta|null} [eta] @property {string|null} [dominant]
 * @property {Possible[]} [possible] the worst first
 * @property {{time: string, value: number|null, quality: number, origin: string, reasons?: string[]}|null} latest
 * @property {{time: string, value: number|null}|null} [latest_sound] that has a value and did not fail
 */

/**
 * @typedef {object} Alarm
 * @property {string} id @property {string} datastream @property {string} station @property {string} property @property {string} level
 * @property {number} rank @property {number} severity @property {string} priority @property {string} state
 * @property {number|null} value @property {number|null} limit @property {string} unit
 * @property {string} raised_at @property {string|null} acknowledged_at @property {string|null} acknowledged_by
 * @property {string} [since] when the level shown was reached
 * @property {string|null} returned_at @property {boolean} historical @property {boolean} [silent]
 * @property {Possible[]} [possible] @property {boolean} [lost_rising] @property {number|null} [rate_per_h]
 * @property {boolean} [verify] @property {{cause: string, time: string, value: number|null}|null} [doubt]
 * @property {string} [incident] id of the incident it belongs to @property {number} [calls] annunciations of it so far
 * @property {{by: string, reason: string, until: string}|null} [shelf]
 * @property {{by: string, comment: string, until: string}|null} [refutation]
 * @property {number} [count] @property {boolean} [projected] @property {boolean} [exercise] @property {string} origin @property {Bilingual} [text]
 */

/**
 * @typedef {{name: string, url: string, connected: boolean, since_us: number, error: string, flows: boolean|null,
 *   taken_over: string, downgraded?: string}} Source
 */

/**
 * @typedef {{kind: "unread_lost"|"reserve"|"wal_held"|"reader", reader: string, detail: string,
 *   at_us: number|null}} LogTrouble
 */

/**
 * @typedef {object} Incident
 * @property {string} id @property {string} kind @property {Bilingual} name @property {number} severity
 * @property {string} level @property {string} cause @property {string[]} alarms @property {number} stations
 * @property {number} active @property {number} unacknowledged @property {number} muted @property {string} began_at
 * @property {string[]} [acknowledged_by]
 */

/** @typedef {{name: string, last_success_us: number|null, failures: number, error: string}} Pull */

/**
 * @typedef {object} Status
 * @property {{connected: boolean, last_frame_ms: number|null, log_writable: boolean, log_error: string,
 *   logs_set_aside: number, log_troubles?: LogTrouble[], clock_error: string, city_faults: number, sources: Source[], pulls?: Pull[]}} gateway
 * @property {{total: number, silent: number, never_heard: number}} sensors
 * @property {{calls_10_min: number, flood: boolean, unseen?: number}} [load] alarms annunciated of late
 * @property {number} dead_letters @property {boolean} exercise @property {boolean} simulator_refused
 */

/**
 * @typedef {object} Frame  One text frame of WS /api/v1/live.
 * @property {"snapshot"|"delta"} type @property {number} sequence @property {number} now_ms
 * @property {Sensor[]} [sensors] @property {Alarm[]} [alarms] @property {Status} [status]
 * @property {Incident[]} [incidents] all of them
 * @property {Duties} [duties] all of them @property {Wave[]} [waves] all of them @property {(Beside & {i: number})[]} [beside]
 * @property {{i: number[], time_ms: number[], value: (number|null)[], quality: number[], origin: string[], incomplete?: number[]}} [observations]
 * @property {{i: number[], time_ms: number[], value: number[]}} [sound] of those whose newest one failed the last that did not
 */

/**
 * @typedef {object} Station
 * @property {string} station @property {string} name @property {string} kind @property {number} lat
 * @property {number} lon @property {string} basin @property {string} road @property {string} area_name @property {string} jurisdiction
 * @property {string} agency @property {boolean} illustrative @property {string} [camera] a URL, or a name in another system
 */

/**
 * @typedef {object} Layer
 * @property {string} url @property {string} file @property {"area"|"boundary"|"river"|"road"|"base"} kind
 * @property {Bilingual} name @property {string} attribution
 */

/**
 * @typedef {object} City
 * @property {string} code @property {Bilingual} name @property {string} time_zone @property {string} zone_label
 * @property {{lon: number, lat: number, zoom: number}} map @property {Layer[]} layers
 * @property {Record<string, {name: Bilingual, colour: string}>} levels @property {Record<string, Bilingual>} basins
 * @property {Record<string, Bilingual>} [properties] what the city itself calls a property
 * @property {Station[]} stations @property {{upstream: string, downstream: string, travel_min: number}[]} reaches
 * @property {number} pace how many times as fast as life its rivers move: 1, or an exercise's
 * @property {Bilingual} credit
 */

export {};
