// @ts-check
// What a warning (CAP) is, and its words.

import { t } from "../text.js";

/**
 * @typedef {object} Info  One language of a message; what is not named here stays as it came.
 * @property {string} [language] @property {string} event @property {string} urgency @property {string} severity
 * @property {string} certainty @property {string} [headline] @property {string} [description] @property {string} [instruction]
 * @property {string} [expires] @property {string} [senderName] @property {string[]} [responseType]
 * @property {{areaDesc: string, polygon?: string[], geocode?: {valueName: string, value: string}[]}[]} [area]
 */
/**
 * @typedef {object} Warning  One item of GET /api/v1/alerts.
 * @property {string} id @property {string} chain @property {string} state @property {string} status
 * @property {string} msg_type @property {string} scope @property {number} revision @property {string|null} alarm
 * @property {string} level @property {string} made_by @property {string} made_at @property {string} edited_by
 * @property {{by: string, means: string, recorded_by: string, at: string, comment: string}|null} authorisation
 * @property {string} issued_by @property {string|null} issued_at @property {string|null} expires_at
 * @property {boolean} expired @property {string|null} ended_by @property {number} valid_min
 * @property {{where: string, what: string}[]} faults @property {string|null} xml @property {string} references
 * @property {Info[]} info
 * @property {{at: string, act: string, by: string, revision: number, comment: string}[]} [acts]
 */

/** @type {Record<string, () => string>} */
const STATES = {
  draft: () => t("warning.draft"),
  authorised: () => t("warning.authorised"),
  issued: () => t("warning.issued"),
  superseded: () => t("warning.superseded"),
  cancelled: () => t("warning.cancelled"),
  discarded: () => t("warning.discarded"),
};
/** @type {Record<string, () => string>} */
const KINDS = { Alert: () => t("warning.alert"), Update: () => t("warning.update"), Cancel: () => t("warning.cancel") };
/** @type {Record<string, () => string>} */
const MEANS = {
  phone: () => t("means.phone"),
  radio: () => t("means.radio"),
  in_person: () => t("means.inPerson"),
  letter: () => t("means.letter"),
  login: () => t("means.login"),
  standing_order: () => t("means.standingOrder"),
};
/** @type {Record<string, () => string>} */
const ACTS = {
  drafted: () => t("warningAct.drafted"),
  rewritten: () => t("warningAct.rewritten"),
  edited: () => t("warningAct.edited"),
  authorised: () => t("warningAct.authorised"),
  issued: () => t("warningAct.issued"),
  discarded: () => t("warningAct.discarded"),
  superseded: () => t("warningAct.superseded"),
  cancelled: () => t("warningAct.cancelled"),
};

/** Of a warning that is none; what is real needs no word. @type {Record<string, () => string>} */
const STATUSES = {
  Actual: () => t("warningStatus.actual"),
  Exercise: () => t("warningStatus.exercise"),
  Test: () => t("warningStatus.test"),
  System: () => t("warningStatus.system"),
  Draft: () => t("warningStatus.draft"),
};
/** CAP's own values, each of which stands in one list only; the last two mean the same in several. @type {Record<string, () => string>} */
const VALUES = {
  Extreme: () => t("cap.extreme"),
  Severe: () => t("cap.severe"),
  Moderate: () => t("cap.moderate"),
  Minor: () => t("cap.minor"),
  Immediate: () => t("cap.immediate"),
  Expected: () => t("cap.expected"),
  Future: () => t("cap.future"),
  Past: () => t("cap.past"),
  Observed: () => t("cap.observed"),
  Likely: () => t("cap.likely"),
  Possible: () => t("cap.possible"),
  Unlikely: () => t("cap.unlikely"),
  Shelter: () => t("cap.shelter"),
  Evacuate: () => t("cap.evacuate"),
  Prepare: () => t("cap.prepare"),
  Execute: () => t("cap.execute"),
  Avoid: () => t("cap.avoid"),
  Monitor: () => t("cap.monitor"),
  Assess: () => t("cap.assess"),
  AllClear: () => t("cap.allClear"),
  Unknown: () => t("cap.unknown"),
  None: () => t("cap.none"),
};

/** @param {Record<string, () => string>} words @param {string} key what nobody has a word for stays as it is */
const word = (words, key) => (Object.hasOwn(words, key) ? words[key]() : key);

/** @param {string} state */
export const stateWord = (state) => word(STATES, state);
/** @param {string} kind */
export const kindWord = (kind) => word(KINDS, kind);
/** @param {string} means */
export const meansWord = (means) => word(MEANS, means);
/** Whose yes it was, and what was said with it: the record has it in English.  @param {string} comment */
export function commentWords(comment) {
  const [, who, means, rest] = /^by (.+?) \((\w+)\) ?(.*)$/s.exec(comment) ?? [];
  return who && Object.hasOwn(MEANS, means) ? [t("warning.by", { who, means: meansWord(means) }), rest].filter(Boolean).join("; ") : comment;
}
/** @param {string} act */
export const actWord = (act) => word(ACTS, act);

/** @param {string} status */
export const statusWord = (status) => word(STATUSES, status);
/** @param {string} value severity, urgency, certainty or response of CAP */
export const capWord = (value) => word(VALUES, value);

/** @returns {[string, string][]} how a yes can be heard */
export const meansChoices = () => [
  ["phone", t("means.phone")],
  ["radio", t("means.radio")],
  ["in_person", t("means.inPerson")],
  ["letter", t("means.letter")],
];

/** @param {{state: string}} warning */
export const isOpen = (warning) => warning.state === "draft" || warning.state === "authorised";

/** Who stands against its being issued by this user; "" = nobody.  @param {Warning} warning @param {string|null} user */
export const isOwnYes = (warning, user) =>
  warning.authorisation !== null && user !== null && warning.authorisation.by.trim().toLowerCase() === user.trim().toLowerCase();

/** The info in a language, else the first.  @param {Info[]} infos @param {string} language */
const infoIn = (infos, language) => infos.find((info) => (info.language ?? "").startsWith(language)) ?? infos[0];

/** What the words of an exercise begin with; a band and a mark say it beside them. */
const NOT_REAL = /^(LATIHAN|EXERCISE|UJI COBA|TEST)\b[^:]*: /;

/** What a warning is called in a language.  @param {Warning} warning @param {string} language */
export const titleIn = (warning, language) => (infoIn(warning.info, language)?.headline ?? "").replace(NOT_REAL, "") || warning.id;
