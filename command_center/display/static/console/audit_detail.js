// @ts-check
// What an act was about, in words.  The record itself has ids and English, which its hashes are of: both are shown.

import { datastreamName } from "../datastream_name.js";
import { el } from "../dom.js";
import { limit, moment, unitText, whole } from "../format.js";
import { t } from "../text.js";
import { nameOf } from "./alarm_text.js";
import { roleWord } from "./session.js";
import { commentWords } from "./warning.js";

/** @typedef {import("./page.js").Context} Context */
/** @typedef {(context: Context, ...found: string[]) => string} Words */

/** @type {[RegExp, RegExp, Words][]} the act, the detail, and what is said of it */
const FORMS = [
  [/^alarm /, /^(\S+)$/, (context, id) => alarmName(context, id)],
  [/^action /, /^(.+)\.([^.]+)$/, (context, id, code) => [code, alarmName(context, id)].filter(Boolean).join(": ")],
  [/^(?:suppressed|out_of_service) /, /^(\S+)$/, (context, scope) => datastreamName(context.city(), context.store, scope)],
  [/^reading typed in$/, /^(\S+) = (\S+) ?(.*) at (\S+), heard from (.*)$/s, (context, id, value, unit, time, from) => t("auditDetail.reading", { what: datastreamName(context.city(), context.store, id), value: `${limit(Number(value))} ${unitText(unit || unitOf(context, id))}`.trim(), time: moment(Date.parse(time), context.now(), true), from })],
  [/^handed over$/, /^(\d+) to (.*)$/, (_context, number, name) => t("auditDetail.handedTo", { number, name })],
  [/^handover accepted$/, /^(\d+) from (.*)$/, (_context, number, name) => t("auditDetail.handedFrom", { number, name })],
  [/^journal$/, /^(\d+)$/, (_context, number) => t("auditDetail.note", { number })],
  [/^alert /, /^(\S+) revision (\d+)(?:: (.*))?$/s, (_context, _id, revision, comment = "") => [t("auditDetail.revision", { n: revision }), commentWords(comment)].filter(Boolean).join("; ")],
  [/^user (?:made|removed)$/, /^(\S+) (\w+)$/, (_context, name, role) => `${name}: ${roleWord(role)}`],
  [/^role set$/, /^(\S+) (\w+) => (\w+)$/, (_context, name, before, after) => `${name}: ${roleWord(before)} → ${roleWord(after)}`],
  [/^dead letters retried$/, /^(\d+) dead letters: (.*)$/s, (_context, n) => t("auditDetail.letters", { n: whole(Number(n)) })],
];
/**
 * @param {Context} context
 * @param {string} what the act as it is on record
 * @param {string} detail
 * @returns {HTMLElement}
 */
export function auditDetail(context, what, detail) {
  const node = el("span", "office-text");
  const words = wordsOf(context, what, detail);
  if (words === "" || words === detail) {
    node.textContent = detail;
    return node;
  }
  const record = el("small", "office-quiet", detail);
  node.append(words, " ", record);
  return node;
}

/** @param {Context} context @param {string} what @param {string} detail @returns {string} "" = nobody has words for it */
function wordsOf(context, what, detail) {
  for (const [act, form, words] of FORMS) {
    const found = act.test(what) ? form.exec(detail) : null;
    if (found) return words(context, ...found.slice(1));
  }
  return "";
}

/** Of an alarm that is still on the list; one that is long closed has its id alone.  @param {Context} context @param {string} id */
function alarmName(context, id) {
  const [city, alarm] = [context.city(), context.store.alarms.get(id)];
  return city && alarm ? nameOf(city, context.store, /** @type {import("./alarm.js").FullAlarm} */ (alarm)) : "";
}

/** @param {Context} context @param {string} id */
const unitOf = ({ store }, id) => store.sensors[store.index.get(id) ?? -1]?.unit ?? "";
