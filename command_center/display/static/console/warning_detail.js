// @ts-check
// One warning: what it is, may it go out, its words in every language, where it holds, its XML, and who did what.

import { text } from "../api.js";
import { el } from "../dom.js";
import { moment, whole } from "../format.js";
import { language, t } from "../text.js";
import { button, link, mark, table } from "./loaded.js";
import { drawPolygons } from "./polygon.js";
import { actWord, capWord, commentWords, isOpen, kindWord, meansWord, stateWord, statusWord, titleIn } from "./warning.js";
import { actsOf, rightOf } from "./warning_acts.js";

/** @typedef {import("./warning.js").Warning} Warning */
/** @typedef {import("./page.js").Context} Context */

/**
 * What is no real warning says so as large as an alarm.
 * @param {string} status
 * @returns {HTMLElement[]}
 */
export function bandOf(status) {
  if (status === "Actual") return [];
  const words = status === "Exercise" ? t("warning.bandExercise") : status === "Test" ? t("warning.bandTest") : statusWord(status);
  const band = el("p", "warning-band", words);
  band.dataset.status = status;
  return [band];
}

/**
 * @param {Warning} warning
 * @param {Context} context
 * @param {(open?: Warning) => void} onDone
 * @returns {HTMLElement[]}
 */
export function detail(warning, context, onDone) {
  const now_ms = context.now();
  const head = el("div", "warning-head");
  head.append(el("h2", "", `${kindWord(warning.msg_type)}: ${titleIn(warning, language())}`));
  head.append(mark(stateWord(warning.state), isOpen(warning) ? "warn" : ""), mark(statusWord(warning.status), warning.status === "Actual" ? "" : "exercise"));
  const acts = el("p", "office-acts");
  acts.append(...actsOf(warning, context, onDone));
  return [...bandOf(warning.status), head, facts(warning, now_ms), right(warning, context), acts, faults(warning), ...languages(warning, context), xml(warning), story(warning, now_ms)];
}

/** @param {Warning} warning @param {Context} context */
function right(warning, context) {
  return el("p", "warning-right", rightOf(warning, context));
}

/** @param {Warning} warning @param {number} now_ms */
function facts(warning, now_ms) {
  const yes = warning.authorisation;
  const said = yes && { by: yes.by, means: meansWord(yes.means), who: yes.recorded_by, time: moment(Date.parse(yes.at), now_ms) };
  const issued = warning.issued_at && { by: warning.issued_by, time: moment(Date.parse(warning.issued_at), now_ms) };
  /** @type {[string, string][]} */
  const all = [
    [t("warning.id"), `${warning.id} (${t("warning.revision", { n: warning.revision })})`],
    [t("warning.made"), `${warning.made_by || t("warning.byRule")}, ${moment(Date.parse(warning.made_at), now_ms)}`],
    [t("warning.yes"), said ? t("warning.yesBy", said) : t("warning.noYes")],
    [t("warning.sent"), issued ? t("warning.sentBy", issued) : t("warning.notSent")],
    [t("warning.valid"), warning.expires_at ? validity(warning, now_ms) : t("warning.validFor", { n: whole(warning.valid_min) })],
    [t("warning.references"), warning.references || "–"],
  ];
  const list = el("dl", "office-facts");
  for (const [name, words] of all) list.append(el("dt", "", name), el("dd", "", words));
  return list;
}

/** @param {Warning} warning @param {number} now_ms */
function validity(warning, now_ms) {
  const time = moment(Date.parse(warning.expires_at ?? ""), now_ms);
  return warning.expired ? t("warning.expired", { time }) : t("warning.until", { time });
}

/** Every fault against CAP's schema and our own rules, where it is.  @param {Warning} warning */
function faults(warning) {
  if (!isOpen(warning)) return el("p", "");
  if (warning.faults.length === 0) return el("p", "office-good", t("warning.noFaults"));
  const part = el("section", "warning-faults");
  const list = el("ul");
  list.append(...warning.faults.map((fault) => el("li", "", `${fault.where}: ${fault.what}`)));
  part.append(el("h3", "", t("warning.faults", { n: whole(warning.faults.length) })), list);
  return part;
}

/** @param {Warning} warning @param {Context} context */
function languages(warning, context) {
  const side = el("div", "warning-languages");
  for (const info of warning.info) {
    const part = el("article", "warning-info");
    part.lang = (info.language ?? "").slice(0, 2);
    part.append(el("h3", "", `${info.language ?? ""}: ${info.headline ?? ""}`));
    part.append(el("p", "", info.description ?? ""), el("p", "warning-instruction", info.instruction ?? ""));
    const values = [info.severity, info.urgency, info.certainty, ...(info.responseType ?? [])].map(capWord);
    const line = el("p", "office-quiet", values.join(" · "));
    line.lang = language();
    part.append(line);
    side.append(part);
  }
  const areas = warning.info[0]?.area ?? [];
  const where = el("figure", "warning-where");
  const names = areas.map((area) => area.areaDesc).join("; ");
  const map = drawPolygons(areas.flatMap((area) => area.polygon ?? []), context.city(), names);
  where.append(map ?? el("p", "office-none", t("warning.noPolygon")), el("figcaption", "", names));
  const codes = areas.flatMap((area) => area.geocode ?? []).map((code) => code.value);
  if (codes.length) where.append(el("p", "office-quiet", t("warning.codes", { codes: codes.join(", ") })));
  side.append(where);
  return [side];
}

/** The message as XML: a draft as it would be, what was issued as it went out.  @param {Warning} warning */
function xml(warning) {
  const part = el("section", "office-part");
  const path = warning.xml ?? `/api/v1/alerts/${encodeURIComponent(warning.id)}/preview.xml`;
  const shown = el("pre", "warning-xml");
  shown.hidden = true;
  shown.tabIndex = 0;
  const show = async () => {
    shown.textContent = await text(path);
    shown.hidden = false;
  };
  const line = el("p", "office-acts");
  line.append(button(t("warning.showXml"), `${warning.id} xml`, show), link(t("warning.xmlFile"), path, true));
  part.append(line, shown);
  return part;
}

/** @param {Warning} warning @param {number} now_ms */
function story(warning, now_ms) {
  const rows = (warning.acts ?? []).map((act) => [
    moment(Date.parse(act.at), now_ms, true),
    actWord(act.act),
    act.by || t("warning.byRule"),
    String(act.revision),
    commentWords(act.comment),
  ]);
  const head = [t("office.time"), t("office.what"), t("office.who"), t("warning.revisionHead"), t("field.comment")];
  return table(t("warning.story"), head, rows, "–");
}
