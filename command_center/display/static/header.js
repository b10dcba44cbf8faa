// @ts-check
// The top line: which city, what time it is there, whether the link holds, and the counts.

import { PAGE, byId, el, setChildren, setData, setText } from "./dom.js";
import { clockTime, date, whole, zoneLabel } from "./format.js";
import { LANGUAGES, language, pick, setLanguage, t } from "./text.js";
import { nextTheme, theme } from "./theme.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./freshness.js").Freshness} Freshness */

/** @param {number} now_ms NaN = not known yet */
export function drawClock(now_ms) {
  const known = Number.isFinite(now_ms);
  setText(byId(PAGE.clock), known ? `${clockTime(now_ms, true)} ${zoneLabel()}` : "--:--:--");
  setText(byId(PAGE.date), known ? date(now_ms) : "");
}

/** @param {City|null} city */
export function drawCity(city) {
  setText(byId(PAGE.city), city ? pick(city.name) : "");
  document.title = city ? `Siaga – ${pick(city.name)}` : "Siaga";
}

/** @param {Freshness} freshness */
export function drawLink(freshness) {
  const words = {
    fresh: () => t("link.fresh"),
    waiting: () => t("link.waiting"),
    server: () => t("link.lost"),
    gateway: () => t("link.gatewayLost"),
  };
  setText(byId(PAGE.link), words[freshness.state]());
  setData(byId(PAGE.link), "state", freshness.state);
}

let drawn_counts = "";

/** @param {Status|null} status */
export function drawCounts(status) {
  const counts = status
    ? [
        { name: t("count.sensors"), count: status.sensors.total, look: false },
        { name: t("count.silent"), count: status.sensors.silent, look: status.sensors.silent > 0 },
        { name: t("count.neverHeard"), count: status.sensors.never_heard, look: status.sensors.never_heard > 0 },
        { name: t("count.deadLetters", { n: String(status.dead_letters) }), count: status.dead_letters, look: false },
      ]
    : [];
  const picture = JSON.stringify([counts, t("maintenance.title")]);
  if (picture === drawn_counts) return;
  drawn_counts = picture;
  const nodes = counts.map(({ name, count, look }) => {
    const node = el("span", "count");
    setData(node, "look", look);
    node.append(el("b", "", whole(count)), ` ${name}`);
    return node;
  });
  const link = el("a", "count", t("maintenance.title"));
  link.href = "/maintenance";
  setChildren(byId(PAGE.counts), [...nodes, link]);
}

/** The language switch; both languages are always there to be seen, the current one is pressed. */
export function drawLanguages() {
  const names = { id: "Indonesia", en: "English" };
  const buttons = LANGUAGES.map((code) => {
    const button = el("button", "language", code.toUpperCase());
    button.type = "button";
    button.lang = code;
    button.title = names[code];
    button.setAttribute("aria-pressed", String(code === language()));
    button.addEventListener("click", () => setLanguage(code));
    return button;
  });
  setChildren(byId(PAGE.languages), buttons);
}

/** The switch between dark room, light room and what the system says. */
export function drawTheme() {
  const words = { auto: () => t("theme.auto"), dark: () => t("theme.dark"), light: () => t("theme.light") };
  const button = byId(PAGE.theme);
  setText(button, words[theme()]());
  button.onclick = nextTheme;
}

/** A login that ends so soon is told: the next one is begun before an alarm needs it. */
const ENDS_SOON_MS = 30 * 60e3;

/**
 * Who is logged in, and that it ends soon.
 * @param {{user: string|null, ends_ms: number, draw: () => void}} login
 * @param {number} now_ms
 */
export function drawLogin(login, now_ms) {
  const soon = login.user !== null && login.ends_ms - now_ms < ENDS_SOON_MS;
  const button = byId(PAGE.user);
  setData(button, "soon", soon);
  if (soon) setText(button, t("login.ends", { user: login.user ?? "", time: clockTime(login.ends_ms) }));
  else login.draw();
}
