// @ts-check
// Who sends and is in no row, with rows to paste; and what could not be read, by cause, to be tried again.

import { ApiError, post } from "./api.js";
import { copyText } from "./clipboard.js";
import { el, setChildren, setText } from "./dom.js";
import { refusalDetail } from "./refusal_detail.js";
import { refusalWord } from "./refusal_words.js";
import { moment, whole } from "./format.js";
import { t } from "./text.js";

/**
 * @typedef {object} Group  One item of GET /api/v1/dead-letters/groups.
 * @property {number} id @property {string} source @property {string} reason @property {string} topic
 * @property {string} detail @property {number} count @property {number} kept @property {string} first_at
 * @property {string} last_at @property {number} retried @property {string} example @property {string} payload
 */
/**
 * @typedef {object} Unknown  One item of GET /api/v1/unknown-devices.
 * @property {string} device @property {string} name @property {string} source @property {number} count
 * @property {string} last_at @property {{field: string, value: string, unit: string}[]} samples
 * @property {string} station_row @property {string[]} datastream_rows @property {string} stations_header
 * @property {string} datastreams_header
 */

/** @typedef {{as: <T>(action: () => Promise<T>) => Promise<T|null>}} Acting  Who asks for a login where it takes one. */

const SHOWN = 100;

/** @param {HTMLElement} list @param {HTMLElement} count @param {Unknown[]} devices */
export function drawUnknown(list, count, devices) {
  setText(count, whole(devices.length));
  setChildren(list, devices.slice(0, SHOWN).map(unknown));
}

/** @param {Unknown} device */
function unknown(device) {
  const node = el("li", "letter");
  node.dataset.device = device.device;
  const samples = device.samples.map((s) => `${s.field} ${s.value} ${s.unit}`.trim()).join(", ");
  node.append(el("h3", "", device.name ? `${device.name} (${device.device})` : device.device));
  node.append(el("p", "place", seen(device.count, device.source, device.last_at)), el("p", "place", samples));
  const rows = [
    ["stations.csv", device.stations_header, device.station_row ? [device.station_row] : []],
    ["datastreams.csv", device.datastreams_header, device.datastream_rows],
  ];
  for (const [file, header, lines] of /** @type {[string, string, string[]][]} */ (rows)) {
    if (lines.length) node.append(paste(file, header, lines));
  }
  if (!device.station_row && !device.datastream_rows.length) node.append(el("p", "", t("unknown.noRow")));
  return node;
}

/** @param {string} file @param {string} header @param {string[]} lines */
function paste(file, header, lines) {
  const box = el("div", "paste");
  const button = el("button", "", t("unknown.copy", { file }));
  button.type = "button";
  const text = el("pre", "", lines.join("\n"));
  text.title = header;
  button.addEventListener("click", async () => setText(button, (await copyText(text)) ? t("unknown.copied") : t("unknown.marked")));
  box.append(button, text);
  return box;
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} count
 * @param {Group[]} groups
 * @param {Acting} login
 * @param {(note: string) => void} onRetried
 */
export function drawLetters(list, count, groups, login, onRetried) {
  setText(count, whole(groups.reduce((sum, group) => sum + group.count - group.retried, 0)));
  setChildren(list, groups.slice(0, SHOWN).map((group) => letter(group, login, onRetried)));
}

/** @param {Group} group @param {Acting} login @param {(note: string) => void} onRetried */
function letter(group, login, onRetried) {
  const node = el("li", "letter");
  node.dataset.group = String(group.id);
  node.append(el("h3", "", `${refusalWord(group.reason)} × ${whole(group.count)}`));
  node.append(el("p", "place", seen(group.kept, group.source, group.last_at)));
  node.append(el("p", "topic", group.topic || t("letters.various")), ...newest(group));
  if (group.kept > 0) {
    const button = el("button", "", t("letters.retry", { n: whole(group.kept) }));
    button.type = "button";
    button.addEventListener("click", () => void retry(group, login, onRetried));
    node.append(button);
  }
  return node;
}

/** What is wrong with the newest that is kept, and how what it sent begins.  @param {Group} group */
function newest(group) {
  const detail = group.example || group.detail;
  const why = el("p", "", refusalDetail(detail));
  why.title = detail;
  if (!group.payload) return [why];
  const sent = el("p", "place", `${t("detail.sent")} `);
  sent.append(el("code", "topic", group.payload));
  return [why, sent];
}

/** @param {Group} group @param {Acting} login @param {(note: string) => void} onRetried */
async function retry(group, login, onRetried) {
  try {
    const result = await login.as(() => post("/dead-letters/retry", { group: group.id }));
    if (result === null) return;
    onRetried(t("letters.retried", { observed: whole(result.observed), failed: whole(result.failed + result.cut) }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    onRetried(t("letters.failed", { why: error.message }));
  }
}

/** @param {number} n @param {string} source @param {string} at */
function seen(n, source, at) {
  return t("letters.seen", { n: whole(n), source, time: moment(Date.parse(at), Date.now()) });
}
