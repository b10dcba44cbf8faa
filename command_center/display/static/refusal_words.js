// @ts-check
// Why a message became a dead letter, in words (gateway/readings.py Refusal).

import { t } from "./text.js";

/** @type {Record<string, () => string>} */
const REASONS = {
  empty: () => t("refusal.empty"),
  too_large: () => t("refusal.tooLarge"),
  not_utf8: () => t("refusal.notUtf8"),
  not_json: () => t("refusal.notJson"),
  not_cbor: () => t("refusal.notCbor"),
  not_protobuf: () => t("refusal.notProtobuf"),
  not_finite: () => t("refusal.notFinite"),
  too_deep: () => t("refusal.tooDeep"),
  wrong_type: () => t("refusal.wrongType"),
  too_many: () => t("refusal.tooMany"),
  bad_time: () => t("refusal.badTime"),
  unknown_unit: () => t("refusal.unknownUnit"),
  unknown_origin: () => t("refusal.unknownOrigin"),
  bad_topic: () => t("refusal.badTopic"),
  unknown_station: () => t("refusal.unknownStation"),
  unknown_property: () => t("refusal.unknownProperty"),
  unknown_device: () => t("refusal.unknownDevice"),
  unknown_alias: () => t("refusal.unknownAlias"),
  unsupported: () => t("refusal.unsupported"),
  announcement: () => t("refusal.announcement"),
  wrong_source: () => t("refusal.wrongSource"),
  retained_without_time: () => t("refusal.retainedWithoutTime"),
  exercise: () => t("refusal.exercise"),
  unusable_rule: () => t("refusal.unusableRule"),
  our_fault: () => t("refusal.ourFault"),
};

/** @param {string} reason what nobody has a word for stays as it is */
export const refusalWord = (reason) => (Object.hasOwn(REASONS, reason) ? REASONS[reason]() : reason);
