// @ts-check
// People and tokens: who there is, in which role; what a screen or an agency may read.  A secret is shown once.

import { get, post } from "../api.js";
import { el } from "../dom.js";
import { moment } from "../format.js";
import { t } from "../text.js";
import { ask } from "./form_dialog.js";
import { Loaded, button, table } from "./loaded.js";

/** @typedef {{name: string, role: string, password_set_at: string}} User */
/** @typedef {{name: string, scopes: string[], made_at: string, made_by: string, used_at: string|null}} Token */
/** @typedef {{users: User[], tokens: Token[]}} Data */
/** @typedef {import("./page.js").Context} Context */
/** @typedef {() => Promise<void>} Again */

const EVERY_S = 60;

/** What a scope is called in the list. @type {Record<string, () => string>} */
const SCOPES = {
  wall: () => t("scopeName.wall"),
  read: () => t("scopeName.read"),
  export: () => t("scopeName.export"),
  metrics: () => t("scopeName.metrics"),
};

/** @returns {[string, string][]} */
const roles = () => [
  ["viewer", t("role.viewer")],
  ["operator", t("role.operator")],
  ["supervisor", t("role.supervisor")],
  ["admin", t("role.admin")],
];
/** @returns {[string, string][]} */
const scopes = () => [
  ["wall", t("scope.wall")],
  ["read", t("scope.read")],
  ["export", t("scope.export")],
  ["metrics", t("scope.metrics")],
];

/** @type {import("./page.js").Page} */
export const PEOPLE = {
  id: "people",
  title: () => t("people.title"),
  mount(root, context) {
    root.classList.add("office");
    const load = async () => {
      const [users, tokens] = await Promise.all([get("/users"), get("/tokens")]);
      return { users: users.items, tokens: tokens.items };
    };
    /** @type {Loaded<Data>} */
    const part = new Loaded(root, context, { load, every_s: EVERY_S, least: "admin", draw: (data) => draw(data, context, () => part.load()) });
    return {
      update: (changed) => part.update(changed),
      unmount: () => {
        root.classList.remove("office");
        part.unmount();
      },
    };
  },
};

/** @param {Data} data @param {Context} context @param {Again} again */
function draw(data, context, again) {
  const now_ms = context.now();
  const words = Object.fromEntries(roles());
  const users = data.users.map((user) => {
    const acts = el("span", "office-acts");
    acts.append(
      button(t("people.role"), `role ${user.name}`, () => setRole(user, context, again)),
      button(t("people.password"), `password ${user.name}`, () => setPassword(user, context, again)),
      button(t("people.remove"), `remove ${user.name}`, () => remove(user, context, again)),
    );
    return [user.name, words[user.role] ?? user.role, moment(Date.parse(user.password_set_at), now_ms), acts];
  });
  const tokens = data.tokens.map((token) => [
    token.name,
    token.scopes.map((scope) => SCOPES[scope]?.() ?? scope).join(", "),
    t("people.madeBy", { by: token.made_by, time: moment(Date.parse(token.made_at), now_ms) }),
    token.used_at ? moment(Date.parse(token.used_at), now_ms) : t("people.neverUsed"),
    button(t("people.revoke"), `revoke ${token.name}`, () => revoke(token, context, again)),
  ]);
  const line = el("p", "office-acts");
  line.append(
    el("h2", "", t("people.title")),
    button(t("people.add"), "add", () => add(context, again)),
    button(t("people.addToken"), "token", () => addToken(context, again)),
  );
  return [
    line,
    table(t("people.users"), [t("people.name"), t("people.roleHead"), t("people.passwordSet"), ""], users, "–"),
    table(t("people.tokens"), [t("people.name"), t("people.scopes"), t("people.made"), t("people.used"), ""], tokens, t("people.noToken")),
  ];
}

/** Shows a secret this once: it is nowhere else.  @param {string} title @param {string} explain @param {string} secret */
async function showOnce(title, explain, secret) {
  await ask({
    title,
    explain,
    fields: [{ name: "secret", label: t("people.secret"), kind: "text", value: secret }],
    submit: t("people.noted"),
    send: async () => true,
  });
}

/** @param {Context} context @param {Again} again */
async function add(context, again) {
  let made = "";
  let name = "";
  const done = await ask({
    title: t("people.add"),
    fields: [
      { name: "name", label: t("people.name"), kind: "text", required: true },
      { name: "role", label: t("people.roleHead"), kind: "choice", choices: roles(), value: "operator" },
      { name: "password", label: t("people.newPassword"), kind: "password", hint: t("people.passwordHint") },
    ],
    submit: t("people.add"),
    send: async (values) => {
      const body = { name: values.name, role: values.role, password: values.password || null };
      const answer = await context.as(() => post("/users", body));
      [made, name] = [answer?.password ?? "", values.name];
      return answer;
    },
  });
  await again();
  if (done && made) await showOnce(t("people.madePassword", { name }), t("people.onceExplain"), made);
}

/** @param {User} user @param {Context} context @param {Again} again */
async function setPassword(user, context, again) {
  let made = "";
  const done = await ask({
    title: t("people.passwordOf", { name: user.name }),
    explain: t("people.sessionsEnd"),
    fields: [{ name: "password", label: t("people.newPassword"), kind: "password", hint: t("people.passwordHint") }],
    submit: t("people.password"),
    send: async (values) => {
      const answer = await context.as(() => post(`/users/${encodeURIComponent(user.name)}/password`, { password: values.password || null }));
      made = answer?.password ?? "";
      return answer;
    },
  });
  await again();
  if (done && made) await showOnce(t("people.madePassword", { name: user.name }), t("people.onceExplain"), made);
}

/** @param {User} user @param {Context} context @param {Again} again */
async function setRole(user, context, again) {
  await ask({
    title: t("people.roleOf", { name: user.name }),
    explain: t("people.sessionsEnd"),
    fields: [{ name: "role", label: t("people.roleHead"), kind: "choice", choices: roles(), value: user.role }],
    submit: t("people.role"),
    send: (values) => context.as(() => post(`/users/${encodeURIComponent(user.name)}/role`, { role: values.role })),
  });
  await again();
}

/** @param {User} user @param {Context} context @param {Again} again */
async function remove(user, context, again) {
  const send = () => context.as(() => post(`/users/${encodeURIComponent(user.name)}/remove`, {}));
  const title = t("people.removeOf", { name: user.name });
  await ask({ title, explain: t("people.removeExplain"), fields: [], submit: t("people.remove"), send });
  await again();
}

/** @param {Context} context @param {Again} again */
async function addToken(context, again) {
  let secret = "";
  let name = "";
  const done = await ask({
    title: t("people.addToken"),
    explain: t("people.tokenExplain"),
    fields: [
      { name: "name", label: t("people.name"), kind: "text", required: true },
      ...scopes().map(([scope, words]) => /** @type {const} */ ({ name: scope, label: words, kind: "check" })),
    ],
    submit: t("people.addToken"),
    check: (values) => (scopes().some(([scope]) => values[scope]) ? "" : t("people.needsScope")),
    send: async (values) => {
      const chosen = scopes().map(([scope]) => scope).filter((scope) => values[scope]);
      const answer = await context.as(() => post("/tokens", { name: values.name, scopes: chosen }));
      [secret, name] = [answer?.token ?? "", values.name];
      return answer;
    },
  });
  await again();
  if (done && secret) await showOnce(t("people.madeToken", { name }), t("people.onceExplain"), secret);
}

/** @param {Token} token @param {Context} context @param {Again} again */
async function revoke(token, context, again) {
  const send = () => context.as(() => post(`/tokens/${encodeURIComponent(token.name)}/revoke`, {}));
  const title = t("people.revokeOf", { name: token.name });
  await ask({ title, explain: t("people.revokeExplain"), fields: [], submit: t("people.revoke"), send });
  await again();
}
