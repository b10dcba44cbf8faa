// @ts-check
// What is wrong with a message, in words: the gateway writes it down in English, once, for its log and its terminal.

import { whole } from "./format.js";
import { t } from "./text.js";

/** What was expected or came, as the gateway names it. @type {Record<string, () => string>} */
const KINDS = {
  float: () => t("kind.number"),
  int: () => t("kind.whole"),
  str: () => t("kind.text"),
  bool: () => t("kind.bool"),
  null: () => t("kind.null"),
  object: () => t("kind.object"),
  array: () => t("kind.array"),
  "a number": () => t("kind.number"),
  "a finite number": () => t("kind.finite"),
  nothing: () => t("kind.nothing"),
  "an object": () => t("kind.object"),
  "an array": () => t("kind.array"),
  "an array of records": () => t("kind.array"),
  text: () => t("kind.text"),
  "text or data": () => t("kind.text"),
  bytes: () => t("kind.bytes"),
  None: () => t("kind.null"),
  True: () => t("kind.bool"),
  False: () => t("kind.bool"),
  "a number, an object or an array": () => t("kind.reading"),
  "an epoch or RFC 3339": () => t("kind.time"),
  "an object or an array of them": () => t("kind.objects"),
};

/** Why what came is no JSON. @type {Record<string, () => string>} */
const JSON_FAULTS = {
  "invalid character": () => t("json.character"),
  "trailing characters": () => t("json.trailing"),
  "expected ':'": () => t("json.colon"),
  "expected ',' or '}'": () => t("json.endOfObject"),
  "expected ',' or ']'": () => t("json.endOfArray"),
};

/** @type {[RegExp, (...found: string[]) => string][]} */
const SENTENCES = [
  [/^no station ["'](.*)["'] in the catalogue$/, (station) => t("detail.noStation", { station })],
  [/^no property ["'](.*)["'] at station ["'](.*)["']; known are (.*)$/, (property, station, known) => t("detail.noProperty", { property, station, known: known === "none" ? t("detail.noneKnown") : known })],
  [/^["'](.*)["'] at station ["'](.*)["'] is derived: .*$/, (property, station) => t("detail.derived", { property, station })],
  [/^device ["'](.*)["'] is in no row of the catalogue(?:; it sends (.*))?$/, (device, sends) => t("detail.noDevice", { device }) + also(sends)],
  [/^none of the mapped fields (.*) in it(?:; it sends (.*))?$/, (fields, sends) => t("detail.noField", { fields }) + also(sends)],
  [/^JSON is malformed: (.*) \(byte (\d+)\)$/, (why, at) => t("detail.badJson", { why: JSON_FAULTS[why]?.() ?? why, n: whole(Number(at) + 1) })],
  [/^Input data was truncated$/, () => t("detail.cutOff")],
  [/^Object missing required field `(.*?)`(?: - at `(.*)`)?$/, (field, at) => where("", at) + t("detail.missing", { field })],
  [/^(?:expected a finite number: )?Number out of range(?: - at `(.*)`)?$/, (at) => where("", at) + t("detail.outOfRange")],
  [/^unit: expected one that converts to (.*?)(?:, got ["'](.*)["'])?$/, (unit, got) => t("detail.unit", { unit }) + (got ? t("detail.came", { what: `\u201c${got}\u201d` }) : "")],
  [/^(.*): expected from source ["'](.*)["'], got from ["'](.*)["']$/, (sensor, wanted, got) => t("detail.source", { sensor, wanted, got })],
  [/^(?:(.*?): )?expected at most (\d+) (?:\w+)(?:, got (\d+))?$/, (at, most, got) => where(at) + t("detail.atMost", { n: whole(Number(most)) }) + (got ? t("detail.came", { what: whole(Number(got)) }) : "")],
  [/^(?:([^`']*?): )?[Ee]xpected (.*?)(?:, got (.*?))?(?: - at `(.*)`)?$/, (name, wanted, got, at) => where(name, at) + t("detail.expected", { what: kinds(wanted) }) + (got ? t("detail.came", { what: kinds(got) }) : "")],
  [/^no reading in it$/, () => t("detail.noReading")],
  [/^nested too deeply$/, () => t("refusal.tooDeep")],
  [/^delivered from the broker's memory, (\d+) of its readings without a time$/, (n) => t("detail.timeless", { n: whole(Number(n)) })],
  [/^simulated or replayed, and this data directory holds readings from the field$/, () => t("detail.exercise")],
];

/**
 * A refusal's detail in the chosen language; one that nobody has words for stays as the gateway wrote it.
 * @param {string} detail
 * @returns {string}
 */
export function refusalDetail(detail) {
  for (const [form, words] of SENTENCES) {
    const found = form.exec(detail);
    if (found) return words(...found.slice(1));
  }
  return detail;
}

/** Where in the message.  @param {string} [name]  @param {string} [path] of msgspec, "$.values.level" */
function where(name, path) {
  const at = name || path?.replace(/^\$\.?/, "");
  return at ? `${t("detail.at", { where: at })}: ` : "";
}

/** @param {string} words "`int | str | null`", "a number", "'12,5'" */
function kinds(words) {
  const bare = words.replaceAll("`", "");
  if (KINDS[bare]) return KINDS[bare]();
  const parts = bare.split(" | ");
  if (parts.every((part) => KINDS[part])) return oneOf(parts.map((part) => KINDS[part]()));
  return bare.replace(/^'(.*)'$/, "\u201c$1\u201d");
}

/** "a", "a or b", "a, b or c".  @param {string[]} words */
const oneOf = (words) => [words.slice(0, -1).join(", "), words[words.length - 1]].filter(Boolean).join(t("kind.or"));

/** @param {string} [sends] the fields that a stranger's message offers */
const also = (sends) => (sends ? t("detail.sends", { sends }) : "");
