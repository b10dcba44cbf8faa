// @ts-check
// What is done about a warning: each act says beforehand what it needs and does, and afterwards what the server said.

import { post } from "../api.js";
import { t } from "../text.js";
import { ask } from "./form_dialog.js";
import { button } from "./loaded.js";
import { isOpen, isOwnYes, meansChoices, statusWord } from "./warning.js";

/** @typedef {import("./warning.js").Warning} Warning */
/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("./form_dialog.js").Field} Field */

/** @param {Warning} warning */
const at = (warning) => `/alerts/${encodeURIComponent(warning.id)}`;
/** @returns {Field} */
const comment = () => ({ name: "comment", label: t("field.comment"), kind: "area" });

/**
 * The buttons that fit its state and who is logged in, and why others are missing.
 * @param {Warning} warning
 * @param {Context} context
 * @param {(open?: Warning) => void} onDone with the warning that is to be shown then
 * @returns {HTMLElement[]}
 */
export function actsOf(warning, context, onDone) {
  /** @param {string} words @param {string} name @param {() => Promise<unknown>} does @param {string} [look] */
  const act = (words, name, does, look = "") => button(words, `${warning.id} ${name}`, does, look);
  if (isOpen(warning)) {
    const found = [act(t("warning.edit"), "edit", () => edit(warning, context, onDone))];
    if (context.may("supervisor")) found.push(act(t("warning.authorise"), "authorise", () => authorise(warning, context, onDone)));
    const own = isOwnYes(warning, context.me().user);
    if (warning.state === "authorised" && !own) {
      found.push(act(t("warning.issue"), "issue", () => issue(warning, context, onDone), "main-act"));
    }
    found.push(act(t("warning.discard"), "discard", () => discard(warning, context, onDone)));
    return found;
  }
  if (warning.state !== "issued" || warning.msg_type === "Cancel") return [];
  return [
    act(t("warning.makeUpdate"), "update", () => follow(warning, "update", context, onDone)),
    act(t("warning.makeCancel"), "cancel", () => follow(warning, "cancel", context, onDone)),
  ];
}

/** By what right it may go on, or what it still waits for.  @param {Warning} warning @param {Context} context */
export function rightOf(warning, context) {
  if (warning.state === "draft") return context.may("supervisor") ? t("warning.needsYesYou") : t("warning.needsYes");
  if (warning.state !== "authorised" || warning.authorisation === null) return "";
  const by = warning.authorisation.by;
  return isOwnYes(warning, context.me().user) ? t("warning.ownYes") : t("warning.mayIssue", { by });
}

/** @param {Warning} warning @param {Context} context @param {(open?: Warning) => void} onDone */
async function edit(warning, context, onDone) {
  /** @type {Field[]} */
  const fields = warning.info.flatMap((info, i) => {
    const language = info.language ?? "";
    return /** @type {Field[]} */ ([
      { name: `headline${i}`, label: t("warning.headlineIn", { language }), kind: "text", value: info.headline ?? "" },
      { name: `description${i}`, label: t("warning.descriptionIn", { language }), kind: "area", value: info.description ?? "" },
      { name: `instruction${i}`, label: t("warning.instructionIn", { language }), kind: "area", value: info.instruction ?? "" },
    ]);
  });
  fields.push({ name: "valid_min", label: t("warning.validMin"), kind: "text", value: String(warning.valid_min), required: true });
  fields.push(comment());
  const explain = warning.state === "authorised" ? t("warning.editVoids") : "";
  /** @param {Record<string, string>} values */
  const send = (values) => {
    const info = warning.info.map((one, i) => ({
      ...one,
      headline: values[`headline${i}`],
      description: values[`description${i}`],
      instruction: values[`instruction${i}`],
    }));
    const body = { revision: warning.revision, info, valid_min: Number(values.valid_min), comment: values.comment };
    return context.as(() => post(`${at(warning)}/edit`, body));
  };
  /** @param {Record<string, string>} values */
  const check = (values) => (/^\d+$/.test(values.valid_min) ? "" : t("warning.validWrong"));
  if (await ask({ title: t("warning.edit"), explain, fields, submit: t("warning.save"), check, send })) {
    context.say(t("warning.edited"));
  }
  onDone(); // whatever came of it: another may have changed it meanwhile
}

/** @param {Warning} warning @param {Context} context @param {(open?: Warning) => void} onDone */
async function authorise(warning, context, onDone) {
  const user = context.me().user ?? "";
  /** @type {Field[]} */
  const fields = [
    { name: "authorised_by", label: t("warning.whoSaysYes"), kind: "text", value: user, required: true, hint: t("warning.whoHint", { user }) },
    { name: "means", label: t("warning.byMeans"), kind: "choice", choices: meansChoices() },
    comment(),
  ];
  /** @param {Record<string, string>} values */
  const send = (values) => {
    const isMine = values.authorised_by.toLowerCase() === user.toLowerCase();
    const body = { revision: warning.revision, authorised_by: isMine ? "" : values.authorised_by, comment: values.comment };
    return context.as(() => post(`${at(warning)}/authorise`, isMine ? body : { ...body, means: values.means }));
  };
  const done = await ask({ title: t("warning.authorise"), explain: t("warning.authoriseExplain"), fields, submit: t("warning.authorise"), send });
  if (done) context.say(t("warning.authorisedDone"));
  onDone();
}

/** @param {Warning} warning @param {Context} context @param {(open?: Warning) => void} onDone */
async function issue(warning, context, onDone) {
  const values = { status: statusWord(warning.status), areas: areas(warning), by: warning.authorisation?.by ?? "" };
  const explain = warning.status === "Actual" ? t("warning.issueActual", values) : t("warning.issueExercise", values);
  const send = () => context.as(() => post(`${at(warning)}/issue`, {}));
  if (await ask({ title: t("warning.issue"), explain, fields: [], submit: t("warning.issueNow"), send })) context.say(t("warning.issuedDone"));
  onDone();
}

/** @param {Warning} warning @param {Context} context @param {(open?: Warning) => void} onDone */
async function discard(warning, context, onDone) {
  /** @param {Record<string, string>} values */
  const send = (values) => context.as(() => post(`${at(warning)}/discard`, { comment: values.comment }));
  if (await ask({ title: t("warning.discard"), fields: [comment()], submit: t("warning.discard"), send })) context.say(t("warning.discardedDone"));
  onDone();
}

/**
 * The update or the end of what was issued: a draft that has to be authorised and issued as any other.
 * @param {Warning} warning @param {"update"|"cancel"} kind @param {Context} context @param {(open?: Warning) => void} onDone
 */
async function follow(warning, kind, context, onDone) {
  /** @type {Warning|null} */
  let made = null;
  /** @param {Record<string, string>} values */
  const send = async (values) => {
    made = await context.as(() => post(`${at(warning)}/${kind}`, { comment: values.comment }));
    return made;
  };
  const title = kind === "update" ? t("warning.makeUpdate") : t("warning.makeCancel");
  const done = await ask({ title, explain: t("warning.followExplain"), fields: [comment()], submit: t("warning.makeDraft"), send });
  if (done) context.say(t("warning.drafted"));
  onDone(made ?? undefined);
}

/** @param {Warning} warning */
const areas = (warning) => [...new Set(warning.info.flatMap((info) => (info.area ?? []).map((area) => area.areaDesc)))].join("; ");

/**
 * A draft for an alarm that is open, or in one's own words as an exercise or a test.
 * @param {Context} context
 * @param {(open?: Warning) => void} onDone
 */
export async function draft(context, onDone) {
  const open = [...context.store.alarms.values()].filter((alarm) => alarm.returned_at === null && !alarm.historical);
  /** @type {[string, string][]} */
  const choices = open.map((alarm) => [alarm.id, `${alarm.station} ${alarm.property}: ${alarm.level}`]);
  if (choices.length === 0) return context.warn(t("warning.noAlarm"));
  /** @type {Warning|null} */
  let made = null;
  /** @param {Record<string, string>} values */
  const send = async (values) => {
    made = await context.as(() => post("/alerts", { alarm: values.alarm }));
    return made;
  };
  /** @type {Field[]} */
  const fields = [{ name: "alarm", label: t("warning.forAlarm"), kind: "choice", choices }];
  const explain = t("warning.draftExplain");
  if (await ask({ title: t("warning.new"), explain, fields, submit: t("warning.makeDraft"), send })) context.say(t("warning.drafted"));
  onDone(made ?? undefined);
}
