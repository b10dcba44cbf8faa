// @ts-check
// Warnings to the public (CAP 1.2): ours from draft to end, and those of others beside.

import { get } from "../api.js";
import { el } from "../dom.js";
import { moment } from "../format.js";
import { language, t } from "../text.js";
import { Loaded, button, link, mark, table } from "./loaded.js";
import { infoIn, isOpen, kindWord, stateWord } from "./warning.js";
import { draft } from "./warning_acts.js";
import { detail } from "./warning_detail.js";

/** @typedef {import("./warning.js").Warning} Warning */
/** @typedef {{feed: string, identifier: string, sender_name: string, sender: string, sent: string, status: string, msg_type: string, event: string, severity: string, headline: string, description: string, stale: boolean, expires?: string|null}} Incoming */
/** @typedef {{items: Warning[], next: string|null, incoming: Incoming[], feeds: {name: string, error: string, credit?: string}[], one: Warning|null, pages: number}} Data */

const EVERY_S = 10;
const ON_PAGE = 50;

/** @type {import("./page.js").Page} */
export const WARNINGS = {
  id: "warnings",
  title: () => t("warnings.title"),
  mount(root, context) {
    root.classList.add("office");
    let pages = 1;
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
    /** @type {Loaded<Data>} */
    const part = new Loaded(root, context, { load, every_s: EVERY_S, draw: (data) => draw(data, context, onDone, more) });
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
 * @param {() => unknown} more
 */
function draw(data, context, onDone, more) {
  const now_ms = context.now();
  const list = el("div", "office-list");
  const top = el("p", "office-acts");
  top.append(el("h2", "", t("warnings.title")));
  if (context.may("operator")) top.append(button(t("warning.new"), "new", () => draft(context, onDone)));
  const items = el("ol", "warning-rows");
  items.append(...data.items.map((one) => row(one, data.one?.id ?? "", now_ms)));
  list.append(top, items);
  if (data.items.length === 0) list.append(el("p", "office-none", t("warnings.none")));
  if (data.next !== null) list.append(button(t("office.more"), "more", more));
  list.append(...others(data, now_ms));
  const side = el("div", "office-detail");
  side.append(...(data.one ? detail(data.one, context, onDone) : [el("p", "office-none", t("warnings.choose"))]));
  const both = el("div", "office-both");
  both.append(list, side);
  return [both];
}

/** @param {Warning} warning @param {string} shown @param {number} now_ms */
function row(warning, shown, now_ms) {
  const node = el("li", "warning-row");
  const info = infoIn(warning.info, language());
  const anchor = el("a", "", info?.headline || warning.id);
  anchor.href = `#/warnings/${encodeURIComponent(warning.id)}`;
  anchor.dataset.focus = `row ${warning.id}`;
  if (warning.id === shown) anchor.setAttribute("aria-current", "true");
  const marks = el("p", "office-quiet");
  marks.append(mark(stateWord(warning.state), isOpen(warning) ? "warn" : ""), " ");
  if (warning.status !== "Actual") marks.append(mark(warning.status.toUpperCase(), "exercise"), " ");
  marks.append(`${kindWord(warning.msg_type)} · ${moment(Date.parse(warning.issued_at ?? warning.made_at), now_ms)}`);
  if (warning.faults.length > 0) marks.append(" ", mark(t("warning.hasFaults"), "bad"));
  node.append(anchor, marks);
  node.dataset.warning = warning.id;
  return node;
}

/** @param {Data} data @param {number} now_ms */
function others(data, now_ms) {
  const rows = data.incoming.map((one) => [
    moment(Date.parse(one.sent), now_ms),
    one.sender_name || one.sender,
    one.headline || one.event,
    one.stale ? mark(t("incoming.stale"), "") : mark(one.status === "Actual" ? one.severity : one.status.toUpperCase(), one.status === "Actual" ? "" : "exercise"),
  ]);
  const head = [t("office.time"), t("incoming.from"), t("office.what"), t("incoming.severity")];
  const failed = data.feeds.filter((feed) => feed.error).map((feed) => el("p", "office-bad", t("incoming.failed", { name: feed.name, why: feed.error })));
  const credits = data.feeds.map((feed) => feed.credit).filter(Boolean).join(" · ");
  const empty = data.feeds.length === 0 ? t("incoming.noFeed") : t("incoming.none");
  const line = el("p", "office-quiet", credits);
  line.append(" ", link(t("warnings.atom"), "/alerts.atom"));
  return [table(t("incoming.title"), head, rows, empty), ...failed, line];
}
