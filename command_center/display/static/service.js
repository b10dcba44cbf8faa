// @ts-check
// Maintenance from a technician's phone: put a station in it, see it counted down and what it kept quiet, end it.

import { ApiError, get, post } from "./api.js";
import { byId, el, setChildren, setText } from "./dom.js";
import { clockTime, moment, whole } from "./format.js";
import { left } from "./left.js";
import { propertyName } from "./properties.js";
import { t } from "./text.js";

/** @typedef {{at: string, alarm: string, datastream: string, level: string, severity: number}} Quiet */
/**
 * @typedef {object} Order  One item of GET /api/v1/service-orders.
 * @property {number} number @property {"suppressed"|"out_of_service"} aside @property {string} scope @property {string} by
 * @property {string} reason @property {string} ticket @property {string} since @property {string} until
 * @property {string|null} ended_at @property {string|null} ended_by @property {Quiet[]} would_have_called
 */

/** Ended ones that are still shown, newest first. */
const PAST_SHOWN = 10;
const QUIET_SHOWN = 20;

export class Service {
  /** @type {Order[]} */
  orders = [];
  /** @type {Order[]} */
  past = [];
  /** The server's clock less the phone's, ms. */
  #ahead_ms = 0;
  /** @type {string} station of the dialog */
  #station = "";
  #dialog = /** @type {HTMLDialogElement} */ (byId("service"));
  #form = /** @type {HTMLFormElement} */ (this.#dialog.querySelector("form"));

  /**
   * @param {import("./login.js").Login} login
   * @param {() => void} onChange called where the server has another list
   * @param {(station: string) => string} nameOf
   * @param {(level: string) => string} levelOf
   */
  constructor(login, onChange, nameOf, levelOf) {
    this.login = login;
    this.onChange = onChange;
    this.nameOf = nameOf;
    this.levelOf = levelOf;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#begin();
    });
    this.#dialog.querySelector(".service-cancel")?.addEventListener("click", () => this.#dialog.close());
  }

  async load() {
    const answer = await get("/service-orders");
    this.orders = answer.items;
    this.past = answer.past.slice(0, PAST_SHOWN);
    this.#ahead_ms = Date.parse(answer.now) - Date.now();
  }

  /** @param {string} station @returns {Order|undefined} what is in force for all of it */
  of(station) {
    return this.orders.find((order) => order.scope === station);
  }

  /** @param {string} station */
  open(station) {
    this.#station = station;
    setText(byId("service-station"), this.nameOf(station));
    setText(byId("service-message"), "");
    this.#form.reset();
    this.#dialog.showModal();
  }

  /** @param {HTMLElement} list @param {HTMLElement} past */
  draw(list, past) {
    setChildren(list, this.orders.map((order) => this.#card(order)));
    setChildren(past, this.past.map((order) => this.#card(order)));
    this.tick();
  }

  /** Counts down, once a second. */
  tick() {
    const now_ms = Date.now() + this.#ahead_ms;
    for (const node of document.querySelectorAll("[data-until]")) {
      if (node instanceof HTMLElement) setText(node, left(Date.parse(node.dataset.until ?? "") - now_ms));
    }
  }

  /** @param {Order} order */
  #card(order) {
    const node = el("li", "service-order");
    node.dataset.order = String(order.number);
    node.dataset.state = order.ended_at === null ? "on" : "over";
    const now_ms = Date.now() + this.#ahead_ms;
    const name = this.nameOf(order.scope.split(":")[0]);
    const what = order.aside === "suppressed" ? t("service.maintenance") : t("service.outOfService");
    node.append(el("h3", "", `${name}: ${what}`));
    if (order.ended_at === null) {
      const count = el("p", "service-left");
      const digits = el("b");
      digits.dataset.until = order.until;
      digits.setAttribute("role", "timer");
      count.append(digits, el("span", "", t("service.until", { time: moment(Date.parse(order.until), now_ms) })));
      node.append(count);
    }
    const who = { by: order.by, time: moment(Date.parse(order.since), now_ms), why: order.reason };
    node.append(el("p", "place", t("service.by", who) + (order.ticket ? ` [${order.ticket}]` : "")));
    if (order.ended_at !== null) {
      const ended = { time: moment(Date.parse(order.ended_at), now_ms), by: order.ended_by ?? "" };
      node.append(el("p", "place", order.ended_by ? t("service.endedBy", ended) : t("service.ended", ended)));
    }
    node.append(...this.#quiet(order));
    if (order.ended_at === null) {
      const button = el("button", "", t("service.end"));
      button.type = "button";
      button.addEventListener("click", () => void this.#end(order));
      node.append(button);
    }
    return node;
  }

  /** What would have called: listed, not sent.  @param {Order} order @returns {HTMLElement[]} */
  #quiet(order) {
    const quiet = order.would_have_called;
    if (quiet.length === 0) return [el("p", "place", t("service.nothingQuiet"))];
    const list = el("ul", "service-quiet");
    list.append(
      ...quiet.slice(-QUIET_SHOWN).map((one) => {
        const property = propertyName(one.datastream.split(":")[1] ?? "");
        const level = this.levelOf(one.level);
        return el("li", "", `${clockTime(Date.parse(one.at), true)} ${property}: ${level}`);
      }),
    );
    return [el("p", "service-warn", t("service.quiet", { n: whole(quiet.length) })), list];
  }

  async #begin() {
    const data = new FormData(this.#form);
    const body = {
      aside: "suppressed",
      scope: this.#station,
      minutes: Number(data.get("minutes")),
      comment: String(data.get("comment") ?? "").trim(),
      ticket: String(data.get("ticket") ?? "").trim(),
    };
    if (!body.comment) return setText(byId("service-message"), t("service.needsReason"));
    const answer = await this.#act(() => post("/service-orders", body), byId("service-message"));
    if (answer !== null) this.#dialog.close();
  }

  /** @param {Order} order */
  async #end(order) {
    await this.#act(() => post(`/service-orders/${order.number}/end`, {}), byId("service-note"));
  }

  /**
   * What the server says against it is said where the hand is; the list is asked for again in any case.
   * @param {() => Promise<any>} request
   * @param {HTMLElement} note
   */
  async #act(request, note) {
    setText(note, "");
    try {
      return await this.login.as(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(note, t("service.failed", { why: error.message }));
      return null;
    } finally {
      this.onChange();
    }
  }
}
