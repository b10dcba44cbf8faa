// @ts-check
// What the audit record calls an act, in words.  The record itself has English words, which its hashes are of.

import { moment } from "../format.js";
import { t } from "../text.js";
import { actWord } from "./warning.js";

/** @type {Record<string, () => string>} */
const ACTS = {
  "action done": () => t("auditAct.actionDone"),
  "action note": () => t("auditAct.actionNote"),
  "action opened": () => t("auditAct.actionOpened"),
  "action taken": () => t("auditAct.actionTaken"),
  "action undone": () => t("auditAct.actionUndone"),
  "actuator off: alarm": () => t("auditAct.actuatorOffAlarm"),
  "actuator off: person": () => t("auditAct.actuatorOff"),
  "actuator off: test": () => t("auditAct.actuatorOffTest"),
  "actuator on: alarm": () => t("auditAct.actuatorOnAlarm"),
  "actuator on: person": () => t("auditAct.actuatorOn"),
  "actuator on: test": () => t("auditAct.actuatorOnTest"),
  "alarm acknowledged": () => t("auditAct.alarmAcknowledged"),
  "alarm back": () => t("auditAct.alarmBack"),
  "alarm closed": () => t("auditAct.alarmClosed"),
  "alarm confirmed": () => t("auditAct.alarmConfirmed"),
  "alarm note": () => t("auditAct.alarmNote"),
  "alarm refuted": () => t("auditAct.alarmRefuted"),
  "alarm released": () => t("auditAct.alarmReleased"),
  "alarm set_aside": () => t("auditAct.alarmSetAside"),
  "alarm shelved": () => t("auditAct.alarmShelved"),
  "alarm unshelved": () => t("auditAct.alarmUnshelved"),
  "catalogue reload asked": () => t("auditAct.catalogueReload"),
  "dead letters retried": () => t("auditAct.lettersRetried"),
  "handed over": () => t("auditAct.handedOver"),
  "handover accepted": () => t("auditAct.handoverAccepted"),
  journal: () => t("auditAct.journal"),
  login: () => t("auditAct.login"),
  logout: () => t("auditAct.logout"),
  "notification test": () => t("auditAct.notificationTest"),
  "out_of_service ended": () => t("auditAct.outOfServiceEnded"),
  "password set": () => t("auditAct.passwordSet"),
  "password set by the settings": () => t("auditAct.passwordBySettings"),
  "reading typed in": () => t("auditAct.readingTyped"),
  "report by chat": () => t("auditAct.reportChat"),
  "report by radio": () => t("auditAct.reportRadio"),
  "role set": () => t("auditAct.roleSet"),
  "suppressed ended": () => t("auditAct.maintenanceEnded"),
  "token made": () => t("auditAct.tokenMade"),
  "token revoked": () => t("auditAct.tokenRevoked"),
  "user made": () => t("auditAct.userMade"),
  "user removed": () => t("auditAct.userRemoved"),
};
/** An order's end stands in its act. @type {Record<string, (time: string) => string>} */
const ORDERS = {
  suppressed: (time) => t("auditAct.maintenance", { time }),
  out_of_service: (time) => t("auditAct.outOfService", { time }),
};
/** What a trouble of the means of warning did; which one it is stays as its detail has it. @type {Record<string, () => string>} */
const TROUBLES = {
  called: () => t("auditAct.troubleCalled"),
  acknowledged: () => t("auditAct.troubleAcknowledged"),
  cleared: () => t("auditAct.troubleCleared"),
  back: () => t("auditAct.troubleBack"),
};

/**
 * @param {string} what as it is on record; what nobody has a word for stays so
 * @param {number} now_ms
 * @returns {string}
 */
export function auditWord(what, now_ms) {
  if (Object.hasOwn(ACTS, what)) return ACTS[what]();
  const [first, ...rest] = what.split(" ");
  if (first === "alert") return t("auditAct.alert", { act: actWord(rest.join(" ")) });
  if (first === "trouble" && Object.hasOwn(TROUBLES, rest[1] ?? "")) return TROUBLES[rest[1]]();
  if (rest[0] === "until" && Object.hasOwn(ORDERS, first)) return ORDERS[first](moment(Date.parse(rest[1]), now_ms));
  return what;
}
