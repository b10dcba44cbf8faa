// @ts-check
// Who is at the desk.  The server knows by its cookie; the wall only asks and shows.

import { ApiError, get, post } from "./api.js";
import { PAGE, byId, setText } from "./dom.js";
import { EMBEDDED } from "./embedded.js";
import { loginDialog } from "./login_dialog.js";
import { t } from "./text.js";

const UNAUTHORISED = new Set([401, 403]);

export class Login {
  /** @type {string|null} */
  user = null;
  /** When the login ends, whatever is done with it; NaN = nobody is logged in. */
  ends_ms = Number.NaN;
  #parts = loginDialog();
  #dialog = this.#parts.dialog;
  #form = this.#parts.form;
  #message = this.#parts.message;
  /** @type {((done: boolean) => void)[]} */
  #waiting = [];

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    byId(PAGE.user).addEventListener("click", () => void this.ask());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#parts.out.addEventListener("click", () => void this.#leave());
    this.#parts.cancel.addEventListener("click", () => this.#dialog.close());
    // The event comes in a task of its own: by then a refusal may have opened the dialog again, and that asking is not over.
    this.#dialog.addEventListener("close", () => this.#dialog.open || this.#finish(false));
  }

  /** Asks the server whom the cookie belongs to; a server that does not say so has nobody logged in. */
  async remember() {
    try {
      const me = await get("/me");
      this.user = me?.user ?? null;
      this.ends_ms = Date.parse(me?.ends_at ?? "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.user = null;
    }
    this.onChange();
  }

  /**
   * Opens the dialog.
   * @param {string} why what it says; else who is logged in
   * @returns {Promise<boolean>} whether somebody is logged in now
   */
  ask(why = this.user === null ? "" : t("login.as", { user: this.user })) {
    if (EMBEDDED) return Promise.resolve(false);
    this.#message.textContent = why;
    this.#parts.out.hidden = this.user === null;
    if (!this.#dialog.open) this.#dialog.showModal();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Runs a request that needs a name; asks for the login first, or again where the server no longer knows it.
   * @template T
   * @param {() => Promise<T>} action
   * @returns {Promise<T|null>} null where the login was called off, or the page stands in a frame
   */
  async as(action) {
    if (EMBEDDED) return null;
    if (this.user === null && !(await this.ask())) return null;
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof ApiError) || !UNAUTHORISED.has(error.status)) throw error;
      if (error.code === "forbidden") {
        return (await this.ask(t("login.forbidden", { user: this.user ?? "" }))) ? action() : null;
      }
      this.user = null;
      this.onChange();
      return (await this.ask()) ? action() : null;
    }
  }

  draw() {
    this.#parts.draw();
    setText(byId(PAGE.user), this.user ?? t("login.open"));
  }

  async #send() {
    const data = new FormData(this.#form);
    const user = String(data.get("user") ?? "").trim();
    this.#message.textContent = t("login.sending");
    try {
      const session = await post("/login", { user, password: String(data.get("password") ?? "") });
      this.ends_ms = Date.parse(session?.ends_at ?? "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const refused = UNAUTHORISED.has(error.status);
      this.#message.textContent = refused ? t("login.refused") : t("login.failed", { why: error.message });
      return;
    }
    this.user = user;
    this.#finish(true);
    this.#dialog.close();
    this.onChange();
  }

  /** Ends the session: the next one at this desk acts under their own name. */
  async #leave() {
    try {
      await post("/logout", {});
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!UNAUTHORISED.has(error.status)) {
        this.#message.textContent = t("login.failed", { why: error.message });
        return;
      }
    }
    this.user = null;
    this.#dialog.close();
    this.onChange();
  }

  /** @param {boolean} done */
  #finish(done) {
    this.#form.reset();
    for (const resolve of this.#waiting.splice(0)) resolve(done);
  }
}
