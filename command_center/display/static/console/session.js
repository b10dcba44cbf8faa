// @ts-check
// Who is logged in, in which role, and until when.

import { ApiError, get } from "../api.js";
import { byId, setData, setText } from "../dom.js";
import { age, moment } from "../format.js";
import { t } from "../text.js";

/** @typedef {import("./page.js").Me} Me */
/** @typedef {import("./page.js").Role} Role */

/** @type {readonly Role[]} */
const ROLES = ["viewer", "operator", "supervisor", "admin"];
/** A session that ends so soon is said aloud: it must not run out into an alarm that nobody can acknowledge. */
const SOON_MS = 30 * 60e3;
/** @type {Me} */
const NOBODY = { user: null, role: null, expires_at: null, ends_at: null };
const WORDS = {
  viewer: () => t("role.viewer"),
  operator: () => t("role.operator"),
  supervisor: () => t("role.supervisor"),
  admin: () => t("role.admin"),
};

/** @param {string} role */
export const roleWord = (role) => WORDS[/** @type {Role} */ (role)]?.() ?? role;

export class Session {
  /** @type {Me} */
  me = NOBODY;

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Asks the server; one that does not answer leaves what was known. */
  async refresh() {
    try {
      const before = this.me;
      const said = await get("/me");
      this.me = said?.user ? said : NOBODY;
      if (before.user !== this.me.user || before.role !== this.me.role) this.onChange();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 401 || this.me === NOBODY) return;
      this.me = NOBODY;
      this.onChange();
    }
  }

  /** @param {Role} least */
  may(least) {
    return this.me.role !== null && ROLES.indexOf(this.me.role) >= ROLES.indexOf(least);
  }

  /** @param {number} now_ms */
  draw(now_ms) {
    const node = byId("session");
    const { role, ends_at } = this.me;
    if (role === null) {
      setText(node, t("session.nobody"));
      setData(node, "look", "nobody");
      return;
    }
    const ends_ms = ends_at === null ? Number.NaN : Date.parse(ends_at);
    const isSoon = ends_ms - now_ms < SOON_MS;
    const until = Number.isFinite(ends_ms) ? t("session.until", { time: moment(ends_ms, now_ms) }) : "";
    const left = isSoon ? t("session.left", { age: age(ends_ms - now_ms) }) : "";
    setText(node, [WORDS[role](), until, left].filter(Boolean).join(" · "));
    setData(node, "look", isSoon ? "soon" : "");
  }
}


