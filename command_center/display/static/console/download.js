// @ts-check
// The range of a chart as a file: how far it is while it comes, and a way to call it off.

import { ApiError, file, get } from "../api.js";
import { el, setText } from "../dom.js";
import { whole } from "../format.js";
import { t } from "../text.js";

/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("./range_bar.js").Range} Range */
/** GET /api/v1/export/progress?name=… @typedef {{busy: boolean, rows: number, share: number}} Progress */

const EVERY_MS = 1000;

/** A name that no other export has; `crypto.randomUUID` is missing without TLS.  @returns {string} */
const newName = () => `console-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

export class Download {
  node = el("span", "download");
  /** @type {{format: "csv"|"parquet", words: () => string, button: HTMLButtonElement}[]} */
  #offers = [
    { format: "csv", words: () => t("download.csv"), button: el("button") },
    { format: "parquet", words: () => t("download.parquet"), button: el("button") },
  ];
  #state = el("span", "download-state");
  #bar = el("progress");
  #rows = el("span");
  #cancel = el("button");
  /** @type {{sensor: string, range: Range}|null} */
  #shown = null;
  /** @type {Progress|null} */
  #progress = null;
  /** @type {AbortController|null} of the one that comes */
  #coming = null;
  #isAsking = false;

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    for (const { format, button } of this.#offers) {
      button.type = "button";
      button.addEventListener("click", () => void this.#fetch(format));
      this.node.append(button);
    }
    this.#cancel.type = "button";
    this.#cancel.addEventListener("click", () => this.#coming?.abort());
    this.#state.append(this.#bar, this.#rows, this.#cancel);
    this.node.append(this.#state);
    this.#draw();
  }

  /** What would be fetched.  @param {string} sensor id @param {Range} range */
  offer(sensor, range) {
    this.#shown = { sensor, range };
    this.#draw();
  }

  /** What comes is called off. */
  close() {
    this.#coming?.abort();
  }

  #draw() {
    for (const { words, button } of this.#offers) {
      setText(button, words());
      button.disabled = this.#coming !== null || this.#shown === null;
    }
    this.#state.hidden = this.#coming === null;
    const { share = 0, rows = 0 } = this.#progress ?? {};
    this.#bar.value = share;
    this.#bar.setAttribute("aria-label", t("download.share"));
    setText(this.#rows, t("download.rows", { n: whole(rows) }));
    setText(this.#cancel, t("download.cancel"));
  }

  /** @param {"csv"|"parquet"} format */
  async #fetch(format) {
    if (this.#shown === null || this.#coming !== null) return;
    const { sensor, range } = this.#shown;
    const [name, coming] = [newName(), new AbortController()];
    [this.#coming, this.#progress] = [coming, null];
    this.#draw();
    this.#cancel.focus(); // the button that was pressed can no longer have it
    const asking = setInterval(() => void this.#ask(name, coming.signal), EVERY_MS);
    const [from, to] = [range.from_ms, range.to_ms].map((ms) => new Date(ms).toISOString());
    const path = `/export.${format}?sensor=${encodeURIComponent(sensor)}&from=${from}&to=${to}&name=${name}`;
    try {
      const found = await this.context.load(() => file(path, coming.signal));
      if (found !== null) save(found, `${sensor.replace(":", "-")}.${format}`);
      if (found !== null) this.context.say(t("download.done"));
    } catch (error) {
      if (!coming.signal.aborted) throw error;
      this.context.say(t("download.cancelled"));
    } finally {
      clearInterval(asking);
      const hadFocus = this.#state.contains(document.activeElement);
      [this.#coming, this.#progress] = [null, null];
      this.#draw();
      if (hadFocus) this.#offers.find((one) => one.format === format)?.button.focus();
    }
  }

  /** How far it is; an answer that is not to be had leaves what was known: the file itself says what is wrong.  @param {string} name @param {AbortSignal} signal */
  async #ask(name, signal) {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      /** @type {Progress} */
      const found = await get(`/export/progress?name=${name}`, signal);
      if (!signal.aborted && found.busy) this.#progress = found;
    } catch (error) {
      if (!signal.aborted && !(error instanceof ApiError)) throw error;
    } finally {
      this.#isAsking = false;
    }
    if (this.#coming?.signal === signal) this.#draw();
  }
}

/** @param {Blob} blob @param {string} name of the file */
function save(blob, name) {
  const link = el("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), EVERY_MS); // the browser has taken it by then
}
