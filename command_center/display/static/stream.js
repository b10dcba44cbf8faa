// @ts-check
// The live connection: frames in order, or a fresh start.  It never repairs a gap, it reconnects; the server then sends
// a whole picture.

/** @typedef {import("./types.js").Frame} Frame */

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;
/** No frame for so long on an open connection: it is dead, whatever TCP believes. */
const DEAD_AFTER_MS = 4000;
const WATCH_EVERY_MS = 500;

export class LiveStream {
  /** @type {WebSocket|null} */
  #socket = null;
  #sequence = -1;
  #heard_at = 0;
  #attempts = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #retry;

  /**
   * @param {string} url
   * @param {(frame: Frame) => void} onFrame called for every frame that follows on the one before
   */
  constructor(url, onFrame) {
    this.url = url;
    this.onFrame = onFrame;
  }

  /** Connects, and keeps connected for as long as the page lives. */
  start() {
    setInterval(() => this.#watch(), WATCH_EVERY_MS);
    this.#connect();
  }

  /** Drops the connection, if any, and connects at once (after a login). */
  restart() {
    this.#attempts = 0;
    this.#drop(0);
  }

  /**
   * Says something to the server; whether it went out.
   * @param {string} text
   */
  send(text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  /** Milliseconds since the last good frame; Infinity before the first. */
  get silent_ms() {
    return this.#heard_at ? performance.now() - this.#heard_at : Infinity;
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#sequence = -1;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    this.opened_at = performance.now();
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#accept(JSON.parse(event.data));
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#drop();
    };
  }

  /** @param {Frame} frame */
  #accept(frame) {
    const first = this.#sequence < 0;
    if (first ? frame.type !== "snapshot" : frame.sequence !== this.#sequence + 1) {
      console.warn(`live: frame ${frame.sequence} after ${this.#sequence}, starting over`);
      this.#drop();
      return;
    }
    this.#sequence = frame.sequence;
    this.#heard_at = performance.now();
    this.#attempts = 0;
    this.onFrame(frame);
  }

  /** @param {number} [wait_ms] */
  #drop(wait_ms) {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    // Full jitter: after a restart of the command center the walls of a city must not all knock at once.
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), wait_ms ?? Math.random() * most);
  }

  #watch() {
    if (!this.#socket) return;
    const since = Math.max(this.#heard_at, this.opened_at ?? 0);
    if (performance.now() - since > DEAD_AFTER_MS) this.#drop();
  }
}
