// @ts-check
// Notifications: who was told, by which way, what failed; the contacts with their ways out, and a test of each.

import { get, post } from "../api.js";
import { el } from "../dom.js";
import { moment, whole } from "../format.js";
import { t } from "../text.js";
import { ask } from "./form_dialog.js";
import { Loaded, button, mark, named, table } from "./loaded.js";
import { reasonWord } from "./reason_word.js";

/** @typedef {{at: string, ended_at: string|null, outcome: string, unrecorded: boolean, detail: string}} Try */
/**
 * @typedef {object} Notice  One item of GET /api/v1/notifications.
 * @property {number} number @property {string|null} alarm @property {number} call @property {string} contact
 * @property {string} target @property {string} why @property {number} severity @property {boolean} exercise
 * @property {boolean} late @property {string} planned_at @property {string} progress @property {string|null} done_at
 * @property {string} reason @property {number} attempts @property {Try[]} tries
 */
/** @typedef {{target: string, kind: string, sent: number, failed: number, failing: boolean, waits: number, error: string, no_address: string}} Way */
/** @typedef {{id: string, name: string, group: string, areas: string[], least_severity: number, mass: boolean, test: boolean, canary: boolean, ways: Way[]}} Contact */
/** @typedef {{notices: Notice[], next: string|null, contacts: Contact[], error: string, left_out: number}} Data */

const EVERY_S = 10;
const ON_PAGE = 50;
const MOST = 1000;
/** @type {Record<string, () => string>} */
const WHY = {
  first: () => t("notice.first"),
  escalated: () => t("notice.escalated"),
  repeat: () => t("notice.repeat"),
  released: () => t("notice.released"),
  test: () => t("notice.test"),
};
/** @type {Record<string, () => string>} */
const PROGRESS = { waiting: () => t("notice.waiting"), sent: () => t("notice.sent"), withdrawn: () => t("notice.withdrawn") };
/** @type {Record<string, () => string>} */
const OUTCOME = {
  begun: () => t("try.begun"),
  sent: () => t("try.sent"),
  refused: () => t("try.refused"),
  unknown: () => t("try.unknown"),
};

/** @type {import("./page.js").Page} */
export const NOTICES = {
  id: "notices",
  title: () => t("notices.title"),
  mount(root, context) {
    root.classList.add("office");
    let limit = ON_PAGE;
    const load = async () => {
      const [notices, contacts] = await Promise.all([get(`/notifications?before=&limit=${limit}`), get("/notifications/contacts")]);
      return { notices: notices.items, next: notices.next, contacts: contacts.items, error: contacts.error, left_out: contacts.left_out };
    };
    const more = () => {
      limit = Math.min(MOST, limit + ON_PAGE);
      return part.load();
    };
    /** @param {Contact} contact */
    const test = async (contact) => {
      const send = () => context.as(() => post("/notifications/test", { contact: contact.id }));
      const explain = t("notice.testExplain", { name: contact.name, n: whole(contact.ways.length) });
      if (await ask({ title: t("notice.sendTest"), explain, fields: [], submit: t("notice.sendTest"), send })) context.say(t("notice.testSent"));
      await part.load();
    };
    /** @type {Loaded<Data>} */
    const part = new Loaded(root, context, { load, every_s: EVERY_S, draw: (data) => draw(data, context, test, more) });
    return {
      update: (changed) => part.update(changed),
      unmount: () => {
        root.classList.remove("office");
        part.unmount();
      },
    };
  },
};

/**
 * @param {Data} data @param {import("./page.js").Context} context @param {(contact: Contact) => unknown} test
 * @param {() => unknown} more
 */
function draw(data, context, test, more) {
  const now_ms = context.now();
  /** @type {HTMLElement[]} */
  const nodes = [el("h2", "", t("notices.title"))];
  if (data.error) nodes.push(el("p", "office-bad", t("notice.cannotPlan", { why: data.error })));
  if (data.left_out > 0) nodes.push(el("p", "office-bad", t("notice.leftOut", { n: whole(data.left_out) })));
  const head = [t("notice.contact"), t("notice.group"), t("notice.ways"), t("notice.canary"), ""];
  const contacts = data.contacts.map((contact) => [
    named(contact.name, contact.id),
    contact.group,
    ways(contact.ways),
    contact.canary ? t("notice.daily") : "–",
    context.may("supervisor") ? button(t("notice.sendTest"), `test ${contact.id}`, () => test(contact)) : "",
  ]);
  const names = new Map(data.contacts.map((contact) => [contact.id, contact.name]));
  const told = data.notices.map((notice) => [
    el("span", "office-keep", moment(Date.parse(notice.planned_at), now_ms, true)),
    named(names.get(notice.contact) ?? notice.contact, notice.target),
    about(notice),
    progress(notice),
    tries(notice, now_ms),
  ]);
  nodes.push(table(t("notice.contacts"), head, contacts, t("notice.noContact")));
  const titles = [t("office.time"), t("notice.toWhom"), t("office.what"), t("notice.state"), t("notice.tries")];
  nodes.push(table(t("notice.list"), titles, told, t("notice.none")));
  if (data.next !== null) nodes.push(button(t("office.more"), "more", more));
  return nodes;
}

/** @param {Way[]} list */
function ways(list) {
  const node = el("ul", "office-lines");
  for (const way of list) {
    const line = el("li");
    line.append(el("span", "office-raw", way.kind || way.target), `: ${t("notice.counts", { sent: whole(way.sent), failed: whole(way.failed), waits: whole(way.waits) })} `);
    if (way.no_address) line.append(mark(t("notice.noAddress"), "bad"));
    if (way.failing) line.append(mark(t("notice.failing"), "bad"));
    else if (way.error) line.append(mark(t("notice.failedOnce"), "warn"));
    if (way.error) line.append(el("small", "office-quiet", way.error));
    node.append(line);
  }
  return node;
}

/** What it is about, and what marks it.  @param {Notice} notice */
function about(notice) {
  const node = el("span");
  const why = (WHY[notice.why] ?? (() => notice.why))();
  if (notice.alarm === null) node.append(why);
  else {
    const anchor = el("a", "", `${why} ${notice.call}`);
    anchor.href = `#/alarms/${encodeURIComponent(notice.alarm)}`;
    node.append(anchor);
  }
  if (notice.exercise) node.append(" ", mark(t("tag.exercise"), "exercise"));
  if (notice.late) node.append(" ", mark(t("notice.late"), "warn"));
  return node;
}

/** @param {Notice} notice */
function progress(notice) {
  const failed = notice.progress === "waiting" && notice.attempts > 0;
  const look = notice.progress === "sent" ? "good" : failed ? "bad" : notice.progress === "waiting" ? "warn" : "";
  const node = el("span");
  node.append(mark((PROGRESS[notice.progress] ?? (() => notice.progress))(), look));
  if (notice.reason) node.append(" ", el("small", "office-quiet", reasonWord(notice.reason)));
  return node;
}

/** Every attempt, folded where there are several.  @param {Notice} notice @param {number} now_ms */
function tries(notice, now_ms) {
  if (notice.tries.length === 0) return "–";
  const words = notice.tries.map((one) => {
    const outcome = (OUTCOME[one.outcome] ?? (() => one.outcome))();
    const unrecorded = one.unrecorded ? ` [${t("try.unrecorded")}]` : "";
    return `${moment(Date.parse(one.at), now_ms, true)} ${outcome}${unrecorded}${one.detail ? `: ${one.detail}` : ""}`;
  });
  if (words.length === 1) return words[0];
  const node = el("details");
  const list = el("ol", "office-lines");
  list.append(...words.map((line) => el("li", "", line)));
  node.append(el("summary", "", t("try.several", { n: whole(notice.attempts), last: words[words.length - 1] })), list);
  return node;
}
