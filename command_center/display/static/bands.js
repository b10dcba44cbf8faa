// @ts-check
// Full-width sentences about the system itself: what is shown may be an exercise, may be old, may be unsaved.

import { PAGE, byId, el, setChildren, setData, setText } from "./dom.js";
import { limit, moment } from "./format.js";
import { t } from "./text.js";

/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./freshness.js").Freshness} Freshness */
/** @typedef {{key: string, look: "exercise"|"lost"|"fault"|"sound", title: string, text: string}} Band */

/** @type {Map<string, HTMLElement>} */
const shown = new Map();

/**
 * The sentence that says since when the picture is not true any more.
 * @param {Freshness} freshness
 * @param {number} now_ms
 * @returns {Band}
 */
function lostBand(freshness, now_ms) {
  const cause = freshness.state === "gateway" ? t("band.causeGateway") : t("band.causeServer");
  if (!Number.isFinite(freshness.since_ms)) {
    return { key: "lost", look: "lost", title: t("band.noData"), text: `${t("band.noPicture")} ${cause}` };
  }
  const time = moment(freshness.since_ms, now_ms, true);
  return { key: "lost", look: "lost", title: t("band.lost", { time }), text: `${t("band.lastPicture")} ${cause}` };
}

/**
 * What is wrong with a broker, if anything is.
 * @param {import("./types.js").Source} source
 * @param {number} now_ms
 * @returns {{title: string, text: string}|null}
 */
function sourceSentence({ name, connected, since_us, error, flows, taken_over, downgraded }, now_ms) {
  if (taken_over) return { title: t("band.takenOver", { name }), text: t("band.takenOverText") };
  if (flows === false) return { title: t("band.stuck", { name }), text: t("band.stuckText") };
  if (connected) {
    if (!downgraded) return null;
    return { title: t("band.weaker", { name }), text: [t("band.weakerText"), downgraded].join(" ") };
  }
  const time = moment(since_us / 1000, now_ms, true);
  return { title: t("band.source", { name, time }), text: [t("band.sourceText"), error].filter(Boolean).join(" ") };
}

/**
 * What is wrong around a log that can be written.
 * @param {import("./types.js").LogTrouble} trouble
 * @param {number} now_ms
 * @returns {{title: string, text: string}}
 */
function logSentence({ kind, reader, detail, at_us }, now_ms) {
  if (kind === "reader") return { title: t("band.reader", { name: reader }), text: detail };
  if (kind === "reserve") return { title: t("band.reserve"), text: t("band.reserveText") };
  if (kind === "wal_held") return { title: t("band.walHeld"), text: t("band.walHeldText") };
  const time = moment((at_us ?? 0) / 1000, now_ms, true);
  return { title: t("band.unreadLost", { time }), text: t("band.unreadLostText") };
}

/** @param {number} pace a river that rises by metres an hour has to be explained */
function exerciseText(pace) {
  if (pace === 1) return t("band.exerciseText");
  return `${t("band.exerciseText")} · ${t("band.exercisePace", { pace: limit(pace) })}`;
}

/** Of these nobody outside may take anything for real; the rest is of the field. */
const EXERCISE = new Set(["simulated", "replayed"]);

/**
 * @param {Status} status
 * @param {number} now_ms
 * @param {readonly string[]} origins of what is on the screen; "" = nothing was heard
 * @param {number} pace how many times as fast as life the rivers move
 * @returns {Band[]}
 */
function statusBands(status, now_ms, origins, pace) {
  /** @type {Band[]} */
  const bands = [];
  const isPlayed = status.exercise || origins.some((origin) => EXERCISE.has(origin));
  if (isPlayed && origins.some((origin) => origin && !EXERCISE.has(origin))) {
    bands.push({ key: "exercise", look: "exercise", title: t("band.mixed"), text: t("band.mixedText") });
  } else if (status.exercise) {
    bands.push({ key: "exercise", look: "exercise", title: t("band.exercise"), text: exerciseText(pace) });
  }
  if (status.simulator_refused) {
    bands.push({ key: "refused", look: "fault", title: t("band.refused"), text: t("band.refusedText") });
  }
  if (status.gateway.connected && !status.gateway.log_writable) {
    const text = [t("band.logText"), status.gateway.log_error].filter(Boolean).join(" ");
    bands.push({ key: "log", look: "fault", title: t("band.log"), text });
  }
  if (status.gateway.logs_set_aside) {
    bands.push({ key: "aside", look: "fault", title: t("band.logAside"), text: t("band.logAsideText") });
  }
  for (const trouble of (status.gateway.connected && status.gateway.log_troubles) || []) {
    bands.push({ key: `${trouble.kind} ${trouble.reader}`, look: "fault", ...logSentence(trouble, now_ms) });
  }
  if (status.gateway.clock_error) {
    bands.push({ key: "clock", look: "fault", title: t("band.clock"), text: t("band.clockText") });
  }
  if (status.gateway.city_faults) {
    const title = t("band.city", { n: status.gateway.city_faults });
    bands.push({ key: "city", look: "fault", title, text: t("band.cityText") });
  }
  for (const source of status.gateway.connected ? status.gateway.sources : []) {
    const sentence = sourceSentence(source, now_ms);
    if (sentence) bands.push({ key: `source ${source.name}`, look: "fault", ...sentence });
  }
  for (const pull of (status.gateway.connected && status.gateway.pulls) || []) {
    if (pull.failures < 2) continue; // one page that fails is tried again within seconds
    const time = pull.last_success_us === null ? t("band.pullNever") : moment(pull.last_success_us / 1000, now_ms, true);
    const text = [t("band.pullText"), pull.error].filter(Boolean).join(" ");
    bands.push({ key: `pull ${pull.name}`, look: "fault", title: t("band.pull", { name: pull.name, time }), text });
  }
  return bands;
}

/**
 * @param {Status|null} status
 * @param {Freshness} freshness
 * @param {number} now_ms
 * @param {readonly string[]} [origins] of what is on the screen
 * @param {Band[]} [more] of this screen itself
 * @param {number} [pace] how many times as fast as life the rivers move
 */
export function drawBands(status, freshness, now_ms, origins = [], more = [], pace = 1) {
  const lost = freshness.state === "server" || freshness.state === "gateway";
  const bands = [...(lost ? [lostBand(freshness, now_ms)] : []), ...more, ...(status ? statusBands(status, now_ms, origins, pace) : [])];
  const nodes = bands.map((band) => {
    let node = shown.get(band.key);
    if (!node) {
      node = el("div", "band");
      node.setAttribute("role", "alert");
      node.append(el("strong"), el("span"));
      shown.set(band.key, node);
    }
    setData(node, "look", band.look);
    setText(/** @type {Node} */ (node.firstChild), band.title);
    setText(/** @type {Node} */ (node.lastChild), band.text);
    return node;
  });
  setChildren(byId(PAGE.bands), nodes);
}
