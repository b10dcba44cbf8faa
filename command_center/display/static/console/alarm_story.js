// @ts-check
// What happened to an alarm, and who was told: fetched when it is shown, and again when it changes.

import { ApiError, get } from "../api.js";
import { el, setText } from "../dom.js";
import { moment, number, unitText } from "../format.js";
import { levelName } from "../levels.js";
import { t } from "../text.js";
import { releaseWhy } from "./alarm_text.js";
import { named } from "./loaded.js";
import { reasonWord } from "./reason_word.js";

/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {import("../types.js").City} City */
/** @typedef {{at: string, event: string, by: string, comment: string, change: import("./alarm.js").LevelChange|null}} Event */
/** @typedef {{at: string, outcome: string, detail: string}} Attempt */
/** @typedef {{time: string, words: string, who?: [name: string, address: string]}} Line */
/** @typedef {{number: number, contact: string, target: string, why: string, planned_at: string, progress: string, done_at: string|null, reason: string, tries: Attempt[]}} Notice */

/** Something new is fetched this long after it changed: several changes of one moment are one request. */
const WAIT_MS = 250;
/** What is told to people goes on without the alarm changing: asked for again so often. */
const AGAIN_MS = 5000;

/** @type {Record<string, () => string>} */
const EVENTS = {
  raised: () => t("event.raised"),
  worse: () => t("event.worse"),
  changed: () => t("event.changed"),
  returned: () => t("event.returned"),
  silent: () => t("event.silent"),
  heard: () => t("event.heard"),
  verify: () => t("event.verify"),
  confirmed: () => t("event.confirmed"),
  possible: () => t("event.possible"),
  acknowledged: () => t("event.acknowledged"),
  note: () => t("event.note"),
  shelved: () => t("event.shelved"),
  unshelved: () => t("event.unshelved"),
  refuted: () => t("event.refuted"),
  speaks_again: () => t("event.speaksAgain"),
  released: () => t("event.released"),
  closed: () => t("event.closed"),
  log_changed: () => t("event.logChanged"),
  set_aside: () => t("event.setAside"),
  back: () => t("event.back"),
};
/** @type {Record<string, () => string>} */
const OUTCOMES = {
  sent: () => t("outcome.sent"),
  refused: () => t("outcome.refused"),
  begun: () => t("outcome.begun"),
  unknown: () => t("outcome.unknown"),
};

export class AlarmStory {
  node = el("div", "story");
  #events = el("ol", "story-events");
  #told = el("ol", "story-told");
  #eventsTitle = el("h3");
  #toldTitle = el("h3");
  #note = el("p", "story-note");
  #key = "";
  #alarm = "";
  /** @type {string|null} */
  #painted_at = null;
  /** @type {{alarm: string, events: Event[], notices: Notice[]|null}} */
  #known = { alarm: "", events: [], notices: [] };
  /** What contacts are called, by id. @type {Map<string, string>} */
  #names = new Map();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #waiting;
  #fetched_ms = 0;

  /** @param {import("./page.js").Context} context */
  constructor(context) {
    this.context = context;
    this.node.append(this.#eventsTitle, this.#note, this.#events, this.#toldTitle, this.#told);
  }

  /**
   * When a screen first showed its newest call.
   * @param {number} now_ms
   * @returns {[string, boolean]} and whether that needs eyes
   */
  screen(now_ms) {
    if (this.#known.alarm !== this.#alarm) return ["", false];
    return this.#painted_at === null ? [t("detail.noScreen"), true] : [t("detail.onScreen", { time: moment(Date.parse(this.#painted_at), now_ms, true) }), false];
  }

  /** @param {City} city @param {FullAlarm} alarm @param {number} now_ms */
  draw(city, alarm, now_ms) {
    setText(this.#eventsTitle, t("detail.events"));
    setText(this.#toldTitle, t("detail.told"));
    const { id, state, calls, levels, refutation, shelf, release } = alarm;
    const key = JSON.stringify([id, state, calls, levels.length, refutation, shelf, release]);
    const isOld = performance.now() - this.#fetched_ms > AGAIN_MS;
    this.#alarm = id;
    if (key !== this.#key || isOld) {
      this.#key = key;
      this.#fetched_ms = performance.now();
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => void this.#load(id), WAIT_MS);
    }
    const isKnown = this.#known.alarm === id;
    this.#events.hidden = this.#told.hidden = !isKnown;
    if (isKnown) this.#fill(city, alarm, now_ms);
    else setText(this.#note, t("detail.loading"));
  }

  /** @param {string} id */
  async #load(id) {
    const path = `/alarms/${encodeURIComponent(id)}`;
    try {
      const [alarm, told] = await Promise.all([get(path), get(`/notifications?alarm=${encodeURIComponent(id)}&limit=200`).catch(hidden)]);
      if (id !== this.#alarm) return;
      this.#painted_at = alarm.painted_at;
      this.#known = { alarm: id, events: alarm.events, notices: told?.items ?? null };
      setText(this.#note, "");
      await this.#learnNames();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(this.#note, t("console.refused", { why: error.message }));
    }
    this.context.update();
  }

  /** Asked for again where somebody was told who is not known by name yet. */
  async #learnNames() {
    if ((this.#known.notices ?? []).every(({ contact }) => this.#names.has(contact))) return;
    const contacts = await get("/notifications/contacts").catch(hidden);
    for (const { id, name } of contacts?.items ?? []) this.#names.set(id, name);
  }

  /** @param {City} city @param {FullAlarm} alarm @param {number} now_ms */
  #fill(city, alarm, now_ms) {
    const { events, notices } = this.#known;
    const lines = events.map((event) => this.#event(city, alarm, event, now_ms)).reverse();
    fillLines(this.#events, lines, t("detail.noEvents"));
    const told = (notices ?? []).map((notice) => toldLine(notice, this.#names, now_ms)).reverse();
    fillLines(this.#told, told, notices === null ? t("detail.toldHidden") : t("detail.toldNobody"));
  }

  /** @param {City} city @param {FullAlarm} alarm @param {Event} event @param {number} now_ms @returns {Line} */
  #event(city, alarm, { at, event, by, comment, change }, now_ms) {
    // What was reached in the past and came late, is told again once the newest reading has it still.
    const isHeld = change?.cause === "still_held";
    const isLeft = event === "changed" && change?.kind === "returned";
    const plain = isHeld ? t("event.stillHeld") : isLeft ? t("event.left") : (EVENTS[event]?.() ?? event);
    // History that moves nothing: without the word it reads as if the river had jumped.
    const name = change?.cause === "late" ? t("event.late", { what: isLeft ? plain : t("event.raised") }) : plain;
    const value = change?.value == null ? "" : `${number(change.value, alarm.unit)} ${unitText(alarm.unit)}`;
    const level = change && change.level !== "" ? levelName(city, change.level) : "";
    const words = [level === name ? "" : level, value, by, event === "released" ? releaseComment(comment) : comment].filter(Boolean).join(" · ");
    return { time: moment(Date.parse(isHeld || !change ? at : change.time), now_ms, true), words: words ? `${name}: ${words}` : name };
  }
}

/** "reading: SADAR-BANGSAL:level", as the server keeps it, in words; a person's own words stay. @param {string} comment */
function releaseComment(comment) {
  const [how, ...who] = comment.split(": ");
  return releaseWhy(how, who.join(": ")) || comment;
}

/** What a caller may not see is no fault of the alarm. @param {unknown} error @returns {null} */
function hidden(error) {
  if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null;
  throw error;
}

/** @param {Notice} notice @param {Map<string, string>} names @param {number} now_ms @returns {Line} */
function toldLine({ contact, target, progress, done_at, planned_at, reason, tries }, names, now_ms) {
  const last = tries[tries.length - 1];
  const outcome = progress === "withdrawn" ? t("outcome.withdrawn") : last ? (OUTCOMES[last.outcome]?.() ?? last.outcome) : t("outcome.waits");
  const times = tries.length > 1 ? ` (${tries.length}×)` : "";
  const words = [outcome + times, reasonWord(reason) || last?.detail].filter(Boolean).join(" · ");
  return { time: moment(Date.parse(done_at ?? last?.at ?? planned_at), now_ms, true), who: [names.get(contact) ?? contact, target], words };
}

/**
 * Lines beside each other that say the same are one, with how often it was.
 * @param {HTMLElement} host @param {Line[]} lines @param {string} empty
 */
function fillLines(host, lines, empty) {
  const picture = JSON.stringify([lines, empty]);
  if (host.dataset.picture === picture) return;
  host.dataset.picture = picture;
  /** @type {{line: Line, times: number}[]} */
  const shown = [];
  for (const line of lines.length > 0 ? lines : [{ time: "", words: empty }]) {
    const before = shown[shown.length - 1];
    if (before && JSON.stringify(before.line) === JSON.stringify(line)) before.times += 1;
    else shown.push({ line, times: 1 });
  }
  host.replaceChildren(
    ...shown.map(({ line: { time, who, words }, times }) => {
      const [item, told] = [el("li"), el("span", "", times > 1 ? `${times}× ` : "")];
      if (who) told.append(named(...who), " · ");
      told.append(words);
      item.append(el("span", "story-time", time), told);
      return item;
    }),
  );
}
