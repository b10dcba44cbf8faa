// @ts-check
// For a page without the live view: is the server there, and does it hear the gateway?  A hundred bytes, about each second.

import { ApiError, get } from "./api.js";
import { CHECK_EVERY_MS, judge } from "./freshness.js";

/** @typedef {import("./freshness.js").Freshness} Freshness */

/** Well below what freshness.js calls lost. */
const EVERY_MS = 800;
/** An answer that takes longer is none. */
const PATIENCE_MS = 2500;

export class Pulse {
  /** @type {Freshness} */
  freshness = { state: "waiting", since_ms: Number.NaN };
  #heard_at = Number.NEGATIVE_INFINITY;
  #time_ms = Number.NaN;
  /** Since when nothing has been heard although somebody looks. */
  #silent_since = 0;
  #wake = () => {};
  /** @type {{gateway: {connected: boolean, last_frame_ms: number|null}}|null} */
  #status = null;

  /** @param {() => void} onChange called when it is lost, and when it is there again */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Asks for as long as the page lives; nobody looks at a page that is hidden. */
  start() {
    void this.#run();
    setInterval(() => this.#judge(), CHECK_EVERY_MS);
    document.addEventListener("visibilitychange", () => this.#seen());
  }

  get isLost() {
    return this.freshness.state === "server" || this.freshness.state === "gateway";
  }

  /** The server's time now, as far as it is known. */
  get now_ms() {
    return this.#time_ms + (performance.now() - this.#heard_at);
  }

  /** Nobody asked while it was hidden: that is no silence.  What was lost before is lost until an answer comes. */
  #seen() {
    if (document.hidden) return;
    if (!this.isLost) this.#silent_since = performance.now();
    this.#wake();
  }

  async #run() {
    for (;;) {
      const begun_at = performance.now();
      if (!document.hidden) await this.#ask();
      const left_ms = Math.max(0, EVERY_MS - (performance.now() - begun_at));
      await new Promise((resolve) => {
        this.#wake = () => resolve(null);
        setTimeout(resolve, left_ms);
      });
    }
  }

  async #ask() {
    try {
      const told = await get("/pulse", AbortSignal.timeout(PATIENCE_MS));
      if (told === null) throw new Error("/pulse: expected JSON, got an answer of another kind: whose is it?");
      this.#heard();
      this.#time_ms = Date.parse(told.time);
      this.#status = { gateway: { connected: told.gateway_connected, last_frame_ms: told.gateway_heard_at === null ? null : Date.parse(told.gateway_heard_at) } };
    } catch (error) {
      this.#failed(error);
    }
    this.#judge();
  }

  #heard() {
    this.#heard_at = this.#silent_since = performance.now();
  }

  /** Whatever it was, it is asked again: what was heard last grows old meanwhile.  @param {unknown} error */
  #failed(error) {
    if (error instanceof ApiError) {
      // Who must log in first is answered, and told so by the page itself.
      if (error.status !== 401) return;
      this.#heard();
      this.#status = null;
    } else if (!(error instanceof DOMException)) reportError(error); // a DOMException: it took too long
  }

  #judge() {
    if (document.hidden) return;
    const before = this.freshness.state;
    this.freshness = judge({
      silent_ms: performance.now() - this.#silent_since,
      page_ms: performance.now() - this.#silent_since,
      frame_ms: this.#time_ms,
      // Between two answers time goes on; beyond that it is the server that is silent, and not the gateway.
      status_ms: this.#time_ms + Math.min(EVERY_MS, performance.now() - this.#heard_at),
      status: this.#status,
    });
    if (this.freshness.state !== before) this.onChange();
  }
}
