// @ts-check
// Sirens and lamps: how each stands, whether it said so, when it was proven; test and set, each with what will sound where.

import { get, post } from "../api.js";
import { datastreamName } from "../datastream_name.js";
import { el } from "../dom.js";
import { levelName } from "../levels.js";
import { limit, moment } from "../format.js";
import { pick, t } from "../text.js";
import { ask } from "./form_dialog.js";
import { Loaded, button, mark, table } from "./loaded.js";

/** @typedef {{id: string, set: string, why: string, alarm: string, by: string, comment: string, attempt: number, state: string, issued_at: string, expires_at: string, sent_at: string|null, confirmed_at: string|null}} Command */
/**
 * @typedef {object} Actuator  One item of GET /api/v1/actuators.
 * @property {string} id @property {"siren"|"lamp"} kind @property {string} station @property {string} area
 * @property {boolean} autonomous @property {import("./page.js").Role} who @property {string} datastream @property {string} level
 * @property {number|null} severity @property {boolean} illustrative @property {string|null} said @property {string|null} said_at
 * @property {Command|null} last @property {string|null} proven_at @property {number|null} proven_days @property {boolean} unproven
 */
/** @typedef {{items: Actuator[], troubles: {actuator: string, text: import("../types.js").Bilingual}[], one: (Actuator & {commands: Command[]})|null}} Data */
/** @typedef {import("./page.js").Context} Context */

const EVERY_S = 3; // somebody waits for a siren's answer
/** @type {Record<string, [() => string, string]>} */
const STATES = {
  waiting: [() => t("command.waiting"), "warn"],
  sent: [() => t("command.sent"), "warn"],
  confirmed: [() => t("command.confirmed"), "good"],
  unconfirmed: [() => t("command.unconfirmed"), "bad"],
  expired: [() => t("command.expired"), "bad"],
  untold: [() => t("command.untold"), ""],
};
/** Troubles of sirens and lamps, among those of all our means. */
const TROUBLES = new Set(["unconfirmed", "expired", "sounds_alone", "broker"]);
/** @type {Record<string, () => string>} */
const WHY = { alarm: () => t("command.byAlarm"), person: () => t("command.byPerson"), test: () => t("command.byTest") };

/** @type {import("./page.js").Page} */
export const SIRENS = {
  id: "sirens",
  title: () => t("sirens.title"),
  badge: ({ store }) => {
    const n = store.duties.troubles.filter((trouble) => TROUBLES.has(trouble.kind)).length;
    return n > 0 ? String(n) : "";
  },
  mount(root, context) {
    root.classList.add("office");
    const load = async () => {
      const id = context.rest()[0];
      const [all, one] = await Promise.all([get("/actuators"), id === undefined ? null : get(`/actuators/${encodeURIComponent(id)}`)]);
      return { items: all.items, troubles: all.troubles, one };
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
  /** @type {HTMLElement[]} */
  const nodes = [el("h2", "", t("sirens.title")), ...data.troubles.map((trouble) => el("p", "office-bad", pick(trouble.text)))];
  const head = [t("siren.name"), t("siren.where"), t("siren.sounds"), t("siren.stands"), t("siren.last"), t("siren.proven"), ""];
  const rows = data.items.map((one) => [
    name(one),
    place(one, context),
    sounds(one, context),
    stands(one, now_ms),
    one.last === null ? "–" : command(one.last, now_ms),
    proven(one, now_ms),
    buttons(one, context, again),
  ]);
  nodes.push(table(t("siren.list"), head, rows, t("siren.none")));
  if (data.one) nodes.push(ledger(data.one, now_ms));
  return nodes;
}

/** @param {Actuator} one */
function name(one) {
  const node = el("span");
  const anchor = el("a", "", one.id);
  anchor.href = `#/sirens/${encodeURIComponent(one.id)}`;
  anchor.dataset.focus = `ledger ${one.id}`;
  node.append(anchor, ` ${one.kind === "siren" ? t("siren.siren") : t("siren.lamp")}`);
  if (one.autonomous) node.append(" ", mark(t("siren.autonomous"), ""));
  if (one.illustrative) node.append(" ", mark(t("siren.illustrative"), "exercise"));
  return node;
}

/** @param {Actuator} one @param {Context} context */
function place(one, context) {
  const station = context.city()?.stations.find((station) => station.station === one.station);
  return station ? `${station.name}, ${station.area_name}` : one.area || one.station || "–";
}

/** What sounds it by itself.  @param {Actuator} one @param {Context} context */
function sounds(one, context) {
  const city = context.city();
  if (one.level) return t("siren.atLevel", { level: city ? levelName(city, one.level) : one.level, what: datastreamName(city, context.store, one.datastream || one.station) });
  return one.severity === null ? t("siren.byHand") : t("siren.atSeverity", { n: String(one.severity) });
}

/** What it said last; without a word of its own nobody knows.  @param {Actuator} one @param {number} now_ms */
function stands(one, now_ms) {
  if (one.said === null) return mark(t("siren.silent"), "warn");
  const node = el("span");
  node.append(mark(one.said === "on" ? t("siren.on") : t("siren.off"), one.said === "on" ? "bad" : ""));
  node.append(` ${moment(Date.parse(one.said_at ?? ""), now_ms, true)}`);
  return node;
}

/** @param {Command} told @param {number} now_ms */
function command(told, now_ms) {
  const node = el("span");
  const [words, look] = STATES[told.state] ?? [() => told.state, ""];
  const set = told.set === "on" ? t("siren.on") : t("siren.off");
  const who = told.by || (WHY[told.why] ?? (() => told.why))();
  node.append(`${set} ${moment(Date.parse(told.issued_at), now_ms, true)} (${who}) `, mark(words(), look));
  if (told.state === "sent") node.append(" ", el("small", "office-quiet", t("command.expires", { time: moment(Date.parse(told.expires_at), now_ms, true) })));
  return node;
}

/** @param {Actuator} one @param {number} now_ms */
function proven(one, now_ms) {
  if (one.proven_at === null || one.proven_days === null) return one.autonomous ? "–" : mark(t("siren.never"), "bad");
  const days = t("siren.days", { n: limit(one.proven_days), time: moment(Date.parse(one.proven_at), now_ms) });
  return mark(days, one.unproven ? "bad" : "good");
}

/** @param {Actuator} one @param {Context} context @param {() => Promise<void>} again */
function buttons(one, context, again) {
  const line = el("span", "office-acts");
  if (one.autonomous || !context.may(one.who)) return line;
  line.append(
    button(t("siren.test"), `test ${one.id}`, () => order(one, context, again, "test")),
    button(t("siren.setOn"), `on ${one.id}`, () => order(one, context, again, "on")),
    button(t("siren.setOff"), `off ${one.id}`, () => order(one, context, again, "off")),
  );
  return line;
}

/**
 * Says what will sound where before it does.
 * @param {Actuator} one @param {Context} context @param {() => Promise<void>} again @param {"test"|"on"|"off"} set
 */
async function order(one, context, again, set) {
  const values = { id: one.id, kind: one.kind === "siren" ? t("siren.siren") : t("siren.lamp"), place: place(one, context) };
  const words = {
    test: { title: t("siren.test"), explain: t("siren.testExplain", values) },
    on: { title: t("siren.setOn"), explain: t("siren.onExplain", values) },
    off: { title: t("siren.setOff"), explain: t("siren.offExplain", values) },
  };
  const path = `/actuators/${encodeURIComponent(one.id)}`;
  await ask({
    ...words[set],
    fields: [{ name: "comment", label: set === "test" ? t("field.comment") : t("field.reason"), kind: "area", required: set !== "test" }],
    submit: `${words[set].title}: ${one.id}`,
    send: async (given) => {
      const body = set === "test" ? { comment: given.comment } : { set, comment: given.comment };
      const done = await context.as(() => post(set === "test" ? `${path}/test` : `${path}/set`, body));
      if (done !== null) context.say(t("siren.told", { id: one.id }));
      return done;
    },
  });
  await again();
}

/** Everything that it was told.  @param {Actuator & {commands: Command[]}} one @param {number} now_ms */
function ledger(one, now_ms) {
  const rows = one.commands.map((told) => [
    command(told, now_ms),
    (WHY[told.why] ?? (() => told.why))(),
    String(told.attempt),
    told.confirmed_at ? moment(Date.parse(told.confirmed_at), now_ms, true) : "–",
    told.comment,
  ]);
  const head = [t("siren.last"), t("siren.why"), t("siren.attempt"), t("command.confirmed"), t("field.comment")];
  return table(t("siren.ledger", { id: one.id }), head, rows, t("siren.neverTold"));
}
