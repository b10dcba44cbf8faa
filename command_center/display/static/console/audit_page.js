// @ts-check
// Who did what, the newest first, with the state of the hash chain.  For supervisors.

import { get } from "../api.js";
import { el } from "../dom.js";
import { moment, whole } from "../format.js";
import { t } from "../text.js";
import { auditDetail } from "./audit_detail.js";
import { auditWord } from "./audit_words.js";
import { Loaded, button, table } from "./loaded.js";

/** @typedef {{number: number, at: string, who: string, what: string, detail: string, sha256: string}} Record_ */
/** @typedef {{items: Record_[], next: string|null, head: {number: number, sha256: string}, verdict: {head: {number: number}, fault: string|null}|null}} Data */

const EVERY_S = 30;
const ON_PAGE = 100;

/** @type {import("./page.js").Page} */
export const AUDIT = {
  id: "audit",
  title: () => t("audit.title"),
  mount(root, context) {
    root.classList.add("office");
    let before = "";
    /** @type {Data["verdict"]} */
    let verdict = null;
    const { form, who, search } = filter(() => jump(""));
    root.append(form);
    const load = async () => {
      const wanted = new URLSearchParams({ before, limit: String(ON_PAGE), who: who.value.trim(), search: search.value.trim() });
      return { ...(await get(`/audit?${wanted}`)), verdict };
    };
    /** @param {string} to below which record; "" = the newest */
    const jump = (to) => {
      before = to;
      return part.load();
    };
    const verify = async () => {
      verdict = await context.load(() => get("/audit/verify"));
      await part.load();
    };
    /** @type {Loaded<Data>} */
    const part = new Loaded(root, context, { load, every_s: EVERY_S, least: "supervisor", draw: (data) => draw(data, context, before, jump, verify) });
    return {
      update(changed) {
        form.relabel(changed.language);
        part.update(changed);
      },
      unmount: () => {
        root.classList.remove("office");
        part.unmount();
      },
    };
  },
};

/** The filter stands outside of what is drawn anew: nobody loses what he types.  @param {() => unknown} onChange */
function filter(onChange) {
  const form = Object.assign(el("form", "office-acts"), { relabel: (/** @type {boolean} */ _changed) => {} });
  const [who, search] = [el("input"), el("input")];
  const [whoName, searchName, submit] = [el("span"), el("span"), el("button")];
  for (const [input, name] of /** @type {[HTMLInputElement, HTMLElement][]} */ ([[who, whoName], [search, searchName]])) {
    const label = el("label", "office-field");
    input.type = "search";
    input.autocomplete = "off";
    input.maxLength = 200;
    label.append(name, input);
    form.append(label);
  }
  form.append(submit);
  form.relabel = (changed) => {
    if (!changed) return;
    whoName.textContent = t("audit.who");
    searchName.textContent = t("audit.search");
    submit.textContent = t("audit.filter");
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void onChange();
  });
  return { form, who, search };
}

/**
 * @param {Data} data @param {import("./page.js").Context} context @param {string} before
 * @param {(before: string) => unknown} jump @param {() => unknown} verify
 */
function draw(data, context, before, jump, verify) {
  const now_ms = context.now();
  const head = el("p", "office-acts");
  head.append(button(t("audit.verify"), "verify", verify), verdictOf(data));
  const rows = data.items.map((one) => [
    keep(whole(one.number)),
    keep(moment(Date.parse(one.at), now_ms, true)),
    one.who || t("audit.itself"),
    auditWord(one.what, now_ms),
    auditDetail(context, one.what, one.detail),
    el("code", "office-keep", one.sha256.slice(0, 12)),
  ]);
  const titles = ["#", t("office.time"), t("office.who"), t("office.what"), t("audit.detail"), "SHA-256"];
  const pages = el("p", "office-acts");
  if (before) pages.append(button(t("audit.newest"), "newest", () => jump("")));
  const next = data.next;
  if (next !== null) pages.append(button(t("audit.older"), "older", () => jump(next)));
  return [head, table(t("audit.title"), titles, rows, t("audit.none")), pages];
}

/** Never broken over two lines.  @param {string} words */
const keep = (words) => el("span", "office-keep", words);

/** @param {Data} data */
function verdictOf(data) {
  const at = t("audit.head", { n: whole(data.head.number), sha: data.head.sha256.slice(0, 12) });
  if (data.verdict === null) return el("span", "office-quiet", at);
  if (data.verdict.fault) return el("strong", "office-bad", t("audit.broken", { why: data.verdict.fault }));
  return el("strong", "office-good", t("audit.whole", { n: whole(data.verdict.head.number) }));
}
