// @ts-check
// The shift: its journal, and the handover with its digest, taken by the one it is handed to.

import { get, post } from "../api.js";
import { el } from "../dom.js";
import { moment, whole } from "../format.js";
import { language, pick, t } from "../text.js";
import { ask } from "./form_dialog.js";
import { Loaded, button, link, mark, table } from "./loaded.js";

/** @typedef {import("../types.js").Bilingual} Bilingual */
/** @typedef {{number: number, at: string, by: string, text: string}} Note */
/** @typedef {{number: number, at: string, by: string, to: string, text: string, accepted_at: string|null, since: string|null, sections: {name: string, title: Bilingual, lines: Bilingual[], left_out: number}[]}} Handover */
/** @typedef {{notes: Note[], handovers: Handover[]}} Data */
/** @typedef {import("./page.js").Context} Context */

const EVERY_S = 15;
const HANDOVERS = 5;
const NOTES = 100;

/** @type {import("./page.js").Page} */
export const SHIFT = {
  id: "shift",
  title: () => t("shift.title"),
  mount(root, context) {
    root.classList.add("office");
    /** @type {string} `next` behind the oldest note that is still shown */
    let behind = "";
    /** @type {Note[]} */
    let notes = [];
    const load = async () => {
      // The journal is read onwards from what is known, page by page; of all of it the newest stay.
      for (;;) {
        const page = await get(`/journal?after=${behind}&limit=1000`);
        notes = [...notes, ...page.items].slice(-NOTES);
        if (page.next !== null) behind = page.next;
        if (page.items.length < 1000) break;
      }
      const handovers = await get(`/handovers?limit=${HANDOVERS}`);
      return { notes, handovers: handovers.items };
    };
    /** @type {Loaded<Data>} */
    const part = new Loaded(root, context, { load, every_s: EVERY_S, draw: (data) => draw(data, context, () => part.load()) });
    return {
      update: (changed) => part.update(changed),
      unmount: () => {
        root.classList.remove("office");
        part.unmount();
      },
    };
  },
};

/** @param {Data} data @param {Context} context @param {() => Promise<void>} again */
function draw(data, context, again) {
  const now_ms = context.now();
  const line = el("p", "office-acts");
  line.append(el("h2", "", t("shift.title")));
  if (context.may("operator")) {
    line.append(
      button(t("shift.write"), "write", () => write(context, again)),
      button(t("shift.handOver"), "hand over", () => handOver(context, again)),
    );
  }
  const rows = [...data.notes].reverse().map((note) => [moment(Date.parse(note.at), now_ms), note.by, el("span", "office-text", note.text)]);
  const both = el("div", "office-both");
  const right = el("div", "office-detail");
  right.append(el("h3", "", t("shift.handovers")));
  if (data.handovers.length === 0) right.append(el("p", "office-none", t("shift.noHandover")));
  right.append(...data.handovers.map((one, i) => handover(one, i === 0, context, again)));
  const left = el("div", "office-list");
  left.append(table(t("shift.journal"), [t("office.time"), t("office.who"), t("shift.note")], rows, t("shift.noNote")));
  both.append(left, right);
  return [line, both];
}

/** @param {Handover} one @param {boolean} isNewest @param {Context} context @param {() => Promise<void>} again */
function handover(one, isNewest, context, again) {
  const now_ms = context.now();
  const node = el("article", "handover");
  node.dataset.handover = String(one.number);
  const head = el("p", "office-acts");
  const values = { n: whole(one.number), by: one.by, to: one.to, time: moment(Date.parse(one.at), now_ms) };
  head.append(el("strong", "", t("shift.fromTo", values)));
  if (one.accepted_at) head.append(mark(t("shift.accepted", { time: moment(Date.parse(one.accepted_at), now_ms) }), "good"));
  else head.append(mark(t("shift.notAccepted"), "warn"));
  if (!one.accepted_at && one.to === context.me().user) {
    head.append(button(t("shift.accept"), `accept ${one.number}`, () => accept(one, context, again), "main-act"));
  }
  const path = `/api/v1/handovers/${one.number}/digest`;
  head.append(link(t("shift.print"), `${path}.html?language=${language()}`), link("PDF", `${path}.pdf?language=${language()}`));
  node.append(head);
  if (one.text) node.append(el("p", "office-text", one.text));
  const digest = el("details");
  digest.open = isNewest;
  digest.append(el("summary", "", t("shift.digest")));
  for (const section of one.sections) {
    const list = el("ul", "office-lines");
    list.append(...section.lines.map((words) => el("li", "", pick(words))));
    if (section.left_out) list.append(el("li", "", t("shift.leftOut", { n: whole(section.left_out) })));
    digest.append(el("h4", "", `${pick(section.title)} (${whole(section.lines.length + section.left_out)})`), list);
  }
  node.append(digest);
  return node;
}

/** @param {Context} context @param {() => Promise<void>} again */
async function write(context, again) {
  /** @param {Record<string, string>} values */
  const send = (values) => context.as(() => post("/journal", { text: values.text }));
  const done = await ask({ title: t("shift.write"), fields: [{ name: "text", label: t("shift.note"), kind: "area", required: true }], submit: t("shift.write"), send });
  if (done) context.say(t("shift.written"));
  await again();
}

/** @param {Context} context @param {() => Promise<void>} again */
async function handOver(context, again) {
  /** @param {Record<string, string>} values */
  const send = (values) => context.as(() => post("/handover", { to: values.to, text: values.text }));
  const done = await ask({
    title: t("shift.handOver"),
    explain: t("shift.explain"),
    fields: [
      { name: "to", label: t("shift.to"), kind: "text", required: true },
      { name: "text", label: t("shift.message"), kind: "area" },
    ],
    submit: t("shift.handOver"),
    send,
  });
  if (done) context.say(t("shift.handedOver"));
  await again();
}

/** @param {Handover} one @param {Context} context @param {() => Promise<void>} again */
async function accept(one, context, again) {
  await context.act(() => post(`/handover/${one.number}/accept`, {}), t("shift.acceptedDone"));
  await again();
}
