// @ts-check
// The data themselves: what could not be read and why, who sends without a row, what is wrong with the city's tables.

import { get, post } from "../api.js";
import { el } from "../dom.js";
import { whole } from "../format.js";
import { drawLetters, drawUnknown } from "../letters.js";
import { t } from "../text.js";
import { ask } from "./form_dialog.js";
import { Loaded, button, table } from "./loaded.js";

/** @typedef {{heard: boolean, version: number|null, faults: {file: string, line: number, column: string, reason: string}[], faults_total: number, reload_error: string}} Catalogue */
/** @typedef {{catalogue: Catalogue, groups: import("../letters.js").Group[], unknown: import("../letters.js").Unknown[]}} Data */
/** @typedef {import("./page.js").Context} Context */

const EVERY_S = 5;

/** @type {import("./page.js").Page} */
export const DATA = {
  id: "data",
  title: () => t("data.title"),
  badge: ({ store }) => {
    const n = store.status?.gateway.city_faults ?? 0;
    return n > 0 ? String(n) : "";
  },
  mount(root, context) {
    root.classList.add("office");
    const load = async () => {
      const [catalogue, groups, unknown] = await Promise.all([get("/catalogue"), get("/dead-letters/groups"), get("/unknown-devices")]);
      return { catalogue, groups: groups.items, unknown: unknown.items };
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
  const line = el("p", "office-acts");
  const upkeep = el("a", "", t("data.upkeep"));
  upkeep.href = "/maintenance";
  line.append(el("h2", "", t("data.title")), upkeep);
  return [line, catalogue(data.catalogue, context, again), ...letters(data, context, again)];
}

/** @param {Catalogue} one @param {Context} context @param {() => Promise<void>} again */
function catalogue(one, context, again) {
  const part = el("section", "office-part");
  const head = el("p", "office-acts");
  const version = one.version === null ? t("data.noGateway") : t("data.version", { n: whole(one.version) });
  head.append(el("span", one.heard ? "" : "office-bad", one.heard ? version : t("data.noGateway")));
  if (context.may("supervisor")) head.append(button(t("data.reload"), "reload", () => reload(context, again)));
  part.append(head);
  if (one.reload_error) part.append(el("p", "office-bad", t("data.reloadFailed", { why: one.reload_error })));
  const rows = one.faults.map((fault) => [fault.file, fault.line ? whole(fault.line) : "–", fault.column || "–", fault.reason]);
  const title = t("data.faults", { n: whole(one.faults_total) });
  part.append(table(title, [t("data.file"), t("data.line"), t("data.column"), t("data.reason")], rows, one.heard ? t("data.noFault") : t("data.noGateway")));
  if (one.faults_total > one.faults.length) part.append(el("p", "office-quiet", t("data.moreFaults", { n: whole(one.faults_total - one.faults.length) })));
  return part;
}

/** @param {Context} context @param {() => Promise<void>} again */
async function reload(context, again) {
  const send = () => context.as(() => post("/catalogue/reload", {}));
  if (await ask({ title: t("data.reload"), explain: t("data.reloadExplain"), fields: [], submit: t("data.reload"), send })) context.say(t("data.reloadAsked"));
  await again();
}

/** Drawn by what /maintenance draws them with.  @param {Data} data @param {Context} context @param {() => Promise<void>} again */
function letters(data, context, again) {
  const [list, count, devices, number] = [el("ol"), el("small"), el("ol"), el("small")];
  drawLetters(list, count, data.groups, context, (note) => {
    context.say(note);
    void again();
  });
  drawUnknown(devices, number, data.unknown);
  const nodes = [];
  for (const [title, counter, body, empty] of /** @type {[string, HTMLElement, HTMLElement, string][]} */ ([
    [t("letters.title"), count, list, t("data.noLetter")],
    [t("unknown.title"), number, devices, t("data.noUnknown")],
  ])) {
    const part = el("section", "office-part");
    const heading = el("h3", "", `${title} `);
    heading.append(counter);
    part.append(heading, body.children.length > 0 ? body : el("p", "office-none", empty));
    nodes.push(part);
  }
  return nodes;
}
