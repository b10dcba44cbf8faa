// @ts-check
// Warnings to the public (CAP 1.2): ours from draft to end, and those of others beside.

import { get } from "../api.js";
import { el } from "../dom.js";
import { moment, whole } from "../format.js";
import { language, t } from "../text.js";
import { Loaded, button, link, mark, table } from "./loaded.js";
import { capWord, isOpen, kindWord, stateWord, statusWord, titleIn } from "./warning.js";
import { draft } from "./warning_acts.js";
import { detail } from "./warning_detail.js";

/** @typedef {import("./warning.js").Warning} Warning */
/** @typedef {{feed: string, identifier: string, sender_name: string, sender: string, sent: string, status: string, msg_type: string, event: string, severity: string, headline: string, description: string, stale: boolean, expires?: string|null}} Incoming */
/** @typedef {{items: Warning[], next: string|null, incoming: Incoming[], feeds: {name: string, error: string, credit?: string}[], one: Warning|null, pages: number}} Data */

const EVERY_S = 10;
const ON_PAGE = 50;
/** A storm drafts a warning for every gauge: so many stand in the list unasked, those that wait for an issue first. */
const UNFOLDED = 5;
const GRAVITY = ["Extreme", "Severe", "Moderate", "Minor"];

/** @type {import("./page.js").Page} */
export const WARNINGS = {
  id: "warnings",
  title: () => t("warnings.title"),
  mount(root, context) {
    root.classList.add("office");
    let pages = 1;
    let folded = true;
    const load = async () => {
      const [ours, others] = await Promise.all([get(`/alerts?limit=${ON_PAGE * pages}`), get("/alerts/incoming")]);
      const id = context.rest()[0];
      const one = id === undefined ? null : await get(`/alerts/${encodeURIComponent(id)}`);
      return { items: ours.items, next: ours.next, incoming: others.items, feeds: others.feeds, one, pages };
    };
    /** @param {Warning} [open] */
    const onDone = (open) => {
      if (open) context.go("warnings", open.id);
      void part.load();
    };
    const more = () => {
      pages += 1;
      return part.load();
    };
    const fold = () => {
      folded = !folded;
      part.draw();
    };
    /** @type {Loaded<Data>} */
    const part = new Loaded(root, context, { load, every_s: EVERY_S, draw: (data) => draw(data, context, onDone, more, { folded, fold }) });
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
 * @param {Data} data @param {import("./page.js").Context} context @param {(open?: Warning) => void} onDone
 * @param {() => unknown} more @param {{folded: boolean, fold: () => void}} drafts
 */
function draw(data, context, onDone, more, drafts) {
  const now_ms = context.now();
  const list = el("div", "office-list");
  const top = el("p", "office-acts");
  top.append(el("h2", "", t("warnings.title")));
  if (context.may("operator")) top.append(button(t("warning.new"), "new", () => draft(context, onDone)));
  list.append(top, ...waiting(data, now_ms, drafts), ...out(data, now_ms));
  if (data.items.length === 0) list.append(el("p", "office-none", t("warnings.none")));
  if (data.next !== null) list.append(button(t("office.more"), "more", more));
  list.append(...others(data, now_ms));
  const side = el("div", "office-detail");
  side.append(...(data.one ? detail(data.one, context, onDone) : [el("p", "office-none", t("warnings.choose"))]));
  const both = el("div", "office-both");
  both.append(list, side);
  return [both];
}

/**
 * Those that wait for somebody: what is authorised first, then the gravest.
 * @param {Data} data @param {number} now_ms @param {{folded: boolean, fold: () => void}} drafts
 */
function waiting(data, now_ms, { folded, fold }) {
  const open = data.items.filter(isOpen).sort((a, b) => urgency(a) - urgency(b));
  if (open.length === 0) return [];
  const hidden = folded ? open.slice(UNFOLDED).filter((one) => one.id !== data.one?.id) : [];
  /** @type {HTMLElement[]} */
  const nodes = [el("h3", "", t("warnings.open", { n: whole(open.length) })), rows(data, open.filter((one) => !hidden.includes(one)), now_ms)];
  if (hidden.length > 0) nodes.push(button(t("warnings.foldMore", { n: whole(hidden.length) }), "fold", fold));
  else if (open.length > UNFOLDED && !folded) nodes.push(button(t("warnings.foldLess"), "fold", fold));
  return nodes;
}

/** @param {Data} data @param {number} now_ms */
function out(data, now_ms) {
  const over = data.items.filter((one) => !isOpen(one));
  return over.length === 0 ? [] : [el("h3", "", t("warnings.out")), rows(data, over, now_ms)];
}

/** @param {Warning} warning less is sooner */
function urgency(warning) {
  const gravity = GRAVITY.indexOf(warning.info[0]?.severity ?? "");
  return (warning.state === "authorised" ? 0 : GRAVITY.length + 1) + (gravity < 0 ? GRAVITY.length : gravity);
}

/** @param {Data} data @param {Warning[]} warnings @param {number} now_ms */
function rows(data, warnings, now_ms) {
  const items = el("ol", "warning-rows");
  items.append(...warnings.map((one) => row(one, data.one?.id ?? "", now_ms)));
  return items;
}

/** @param {Warning} warning @param {string} shown @param {number} now_ms */
function row(warning, shown, now_ms) {
  const node = el("li", "warning-row");
  const anchor = el("a", "", titleIn(warning, language()));
  anchor.href = `#/warnings/${encodeURIComponent(warning.id)}`;
  anchor.dataset.focus = `row ${warning.id}`;
  if (warning.id === shown) anchor.setAttribute("aria-current", "true");
  const marks = el("p", "office-quiet");
  marks.append(mark(stateWord(warning.state), isOpen(warning) ? "warn" : ""), " ");
  if (warning.status !== "Actual") marks.append(mark(statusWord(warning.status), "exercise"), " ");
  marks.append(`${kindWord(warning.msg_type)} · ${moment(Date.parse(warning.issued_at ?? warning.made_at), now_ms)}`);
  if (warning.faults.length > 0) marks.append(" ", mark(t("warning.hasFaults"), "bad"));
  node.append(anchor, marks);
  node.dataset.warning = warning.id;
  return node;
}

/** @param {Data} data @param {number} now_ms */
function others(data, now_ms) {
  const lines = data.incoming.map((one) => [
    moment(Date.parse(one.sent), now_ms),
    one.sender_name || one.sender,
    one.headline || one.event,
    one.stale ? mark(t("incoming.stale"), "") : mark(one.status === "Actual" ? capWord(one.severity) : statusWord(one.status), one.status === "Actual" ? "" : "exercise"),
  ]);
  const head = [t("office.time"), t("incoming.from"), t("office.what"), t("incoming.severity")];
  const failed = data.feeds.filter((feed) => feed.error).map((feed) => el("p", "office-bad", t("incoming.failed", { name: feed.name, why: feed.error })));
  const credits = data.feeds.map((feed) => feed.credit).filter(Boolean).join(" · ");
  const empty = data.feeds.length === 0 ? t("incoming.noFeed") : t("incoming.none");
  const line = el("p", "office-quiet", credits);
  line.append(" ", link(t("warnings.atom"), "/alerts.atom"));
  return [table(t("incoming.title"), head, lines, empty), ...failed, line];
}
