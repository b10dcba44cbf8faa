// @ts-check
// Why the server refused, in words.  Its own sentence is for programs and logs, in English: what nobody has words for stays so.

import { clockTime, date, limit, unitText, zoneLabel } from "./format.js";
import { t } from "./text.js";

/** Refusals that say all by their code (command_center/api/errors.py, gate.py). @type {Record<string, () => string>} */
const CODES = {
  login_required: () => t("console.logIn"),
  unknown_token: () => t("why.unknownToken"),
  foreign_origin: () => t("why.foreignOrigin"),
  wrong_password: () => t("why.wrongPassword"),
  wrong_credentials: () => t("login.refused"),
  too_many_requests: () => t("why.tooManyRequests"),
  gateway_unreachable: () => t("why.gatewayUnreachable"),
  gateway_busy: () => t("why.gatewayBusy"),
  no_log: () => t("why.noLog"),
  not_ready: () => t("why.notReady"),
  busy: () => t("why.busy"),
  dropped: () => t("why.busy"),
  too_large: () => t("why.tooLarge"),
  not_stored: () => t("why.notStored"),
  operations_unreadable: () => t("why.operationsUnreadable"),
  history_unreadable: () => t("why.historyUnreadable"),
  log_unreadable: () => t("why.historyUnreadable"),
  alarm_active: () => t("why.alarmActive"),
  not_found: () => t("why.notFound"),
};
/** Of these the code says what failed, and the server's own text alone why, or which: a full disk, which file. */
const TOLD_WHOLE = new Set(["not_found", "not_stored", "operations_unreadable", "history_unreadable", "log_unreadable"]);
/** @type {Record<string, () => string>} */
const ROLES = { operator: () => t("role.operator"), supervisor: () => t("role.supervisor"), admin: () => t("role.admin"), viewer: () => t("role.viewer") };

/** @type {[RegExp, (...found: string[]) => string][]} */
const SENTENCES = [
  [/^value: expected (\S+) to (\S+) (.*), got (\S+): was it heard or typed wrong\?$/, (low, high, unit, got) => t("why.outOfBounds", { low: bound(low), high: bound(high), unit: unitText(unit), got: bound(got) })],
  [/^time: expected one from (\S+) to now, (\S+), got (\S+)$/, (first, now, got) => (Date.parse(got) < Date.parse(first) ? t("why.tooLongAgo", { first: at(first), got: at(got) }) : t("why.badTime", { now: at(now), got: at(got) }))],
  [/^time: there is a reading of (\S+) already, (\S+), and it stays.*$/, (time, value) => t("why.readAlready", { time: at(time), value: bound(value) })],
  [/^unit: expected (.*) or what converts to it, got ["'](.*)["']$/, (unit, got) => t("why.badUnit", { unit: unitText(unit), got })],
  [/^there is no sensor ["'](.*)["']/, (id) => t("why.noSensor", { id })],
  [/^(\S+) is computed from others: type in what it is computed from$/, (id) => t("why.computed", { id })],
  [/^there is no station '?(.*?)'?$/, (id) => t("why.noStation", { id })],
  [/takes the role (\w+) or above/, (role) => t("why.forbidden", { role: ROLES[role]?.() ?? role })],
  [/^\S+ is for a (\w+), you are (\w+)$/, (role) => t("why.forbidden", { role: ROLES[role]?.() ?? role })],
  [/must not be blank: say in words what and why$/, () => t("why.blank")],
  [/^\S+ is normal: there is nothing to shelve$/, () => t("why.nothingToShelve")],
  [/^\S+ is of the highest level, which is never shelved: it can be refuted$/, () => t("why.neverShelved")],
  [/^\S+ has returned: there is nothing to refute$/, () => t("why.nothingToRefute")],
  [/^\S+ is refuted already, by (.*): it speaks again first$/, (by) => t("why.refutedAlready", { by })],
  [/^\S+ is in no doubt and not of the highest level: shelve it instead$/, () => t("why.noDoubt")],
  [/^(\S+) has \S+ since \S+: say that you take it over$/, (by) => t("why.takenBy", { by })],
  [/^\S+ was taken back by (\S+) at \S+: nothing is left to do$/, (by) => t("why.takenBack", { by })],
  [/^(\S+) is made up \(its source says illustrative\): nothing is sent to it$/, (id) => t("why.madeUp", { id })],
  [/^(\S+) sounds by a switch of its own: it cannot be told anything$/, (id) => t("why.ownSwitch", { id })],
  [/^a handover goes to somebody else$/, () => t("why.toSomebodyElse")],
  [/^handover \d+ goes to (.*): only they can accept it$/, (name) => t("why.onlyReceiver", { name })],
  [/^(\S+) is \w+ and cannot take a shift: that takes an operator$/, (name) => t("why.noOperator", { name })],
  [/^there is no user ["'](.*)["']$/, (name) => t("why.noUser", { name })],
  [/^there is a user ["'](.*)["'] already/, (name) => t("why.userThere", { name })],
  [/^there is a token ["'](.*)["'] already/, (name) => t("why.tokenThere", { name })],
  [/^password: expected (\d+) to (\d+) characters, got (\d+)$/, (least, most, got) => t("why.passwordLength", { least, most, got })],
  [/^name: expected 1 to 64 letters.*got ["'](.*)["']$/, (name) => t("why.badName", { name })],
  [/^(\S+) has authorised it: another person must issue it$/, (by) => t("why.anotherPerson", { by })],
  [/^(?:readings are simulated or replayed now|what holds now is simulated, replayed or made up): only an exercise can be issued$/, () => t("why.onlyExercise")],
  [/^(?:what \S+ warns of holds no longer|what holds now is simulated or made up, and \S+ is Actual): cancel it instead$/, () => t("why.cancelInstead")],
];

/**
 * @param {string} code
 * @param {string} message the server's own
 * @returns {string}
 */
export function whyText(code, message) {
  for (const [form, words] of SENTENCES) {
    const found = form.exec(message);
    if (found) return words(...found.slice(1));
  }
  if (!Object.hasOwn(CODES, code)) return message;
  return TOLD_WHOLE.has(code) ? `${CODES[code]()} (${message})` : CODES[code]();
}

/** A number as Python writes it: a bound that is none is "inf" or "-inf" there.  @param {string} text */
function bound(text) {
  const value = Number(text.replace(/inf$/, "Infinity"));
  return Number.isNaN(value) ? t("why.noNumber") : limit(value);
}

/** With its date: what was typed wrong is as often the day.  @param {string} time RFC 3339 */
const at = (time) => `${date(Date.parse(time))}, ${clockTime(Date.parse(time), true)} ${zoneLabel()}`;
