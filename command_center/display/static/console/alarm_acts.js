// @ts-check
// What an operator does about alarms: each act asks what it must know, goes out under a name, and says what came of it.

import { post } from "../api.js";
import { isUnacknowledged } from "../alarm_order.js";
import { datastreamName } from "../datastream_name.js";
import { whole } from "../format.js";
import { t } from "../text.js";
import { ask } from "./form_dialog.js";

/** @typedef {import("./alarm.js").FullAlarm} FullAlarm */
/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("./form_dialog.js").Field} Field */

/** Minutes offered: what the server takes at most stands in command_center/alarms/acts.py and orders.py. */
const SHELF_MIN = ["15", "30", "60", "120", "240", "480", "1440"];
const REFUTED_MIN = ["10", "20", "30", "60"];
const MAINTENANCE_MIN = ["30", "60", "120", "240"];
const SERVICE_MIN = ["240", "1440", "4320", "10080", "43200", "129600"];

/** @returns {[string, string][]} */
export const seenBy = () => [
  ["camera", t("seen.camera")],
  ["radio", t("seen.radio")],
  ["neighbour", t("seen.neighbour")],
  ["on_site", t("seen.onSite")],
];

/** @param {FullAlarm} alarm */
const at = (alarm) => `/alarms/${encodeURIComponent(alarm.id)}`;

export class AlarmActs {
  /**
   * @param {Context} context
   * @param {(alarm: FullAlarm) => string} nameOf an alarm in a few words
   */
  constructor(context, nameOf) {
    this.context = context;
    this.nameOf = nameOf;
  }

  /**
   * Acknowledges at once, without a question: at three in the morning a comment can follow as a note.
   * @param {readonly FullAlarm[]} alarms
   */
  async acknowledge(alarms) {
    const ids = alarms.filter(isUnacknowledged).map((alarm) => alarm.id);
    if (ids.length === 0) {
      this.context.warn(t("act.nothingToAcknowledge"));
      return;
    }
    const done = ids.length === 1 ? t("act.acknowledged", { what: this.#what(alarms) }) : t("act.acknowledgedAll", { n: whole(ids.length) });
    this.#take(await this.context.act(() => post("/alarms/acknowledge", { ids, comment: "" }), done));
  }

  /** @param {string} incident @param {number} n */
  async acknowledgeIncident(incident, n) {
    const path = `/incidents/${encodeURIComponent(incident)}/acknowledge`;
    this.#take(await this.context.act(() => post(path, { comment: "" }), t("act.acknowledgedAll", { n: whole(n) })));
  }

  /** @param {readonly FullAlarm[]} alarms */
  acknowledgeWithComment(alarms) {
    const ids = alarms.map((alarm) => alarm.id);
    return this.#ask(alarms, t("act.acknowledge"), "", [comment(t("field.comment"), false)], t("act.acknowledged", { what: this.#what(alarms) }), (values) =>
      post("/alarms/acknowledge", { ids, comment: values.comment }),
    );
  }

  /** @param {readonly FullAlarm[]} alarms */
  note(alarms) {
    return this.#each(alarms, t("act.note"), "", [comment(t("field.note"))], t("act.noted"), "note", ({ comment }) => ({ comment }));
  }

  /** @param {readonly FullAlarm[]} alarms */
  shelve(alarms) {
    const fields = [comment(t("field.reason")), minutes(SHELF_MIN, "30")];
    return this.#each(alarms, t("act.shelve"), t("act.shelveExplain"), fields, t("act.shelved", { what: this.#what(alarms) }), "shelve", timed);
  }

  /** @param {FullAlarm} alarm */
  unshelve(alarm) {
    return this.#each([alarm], t("act.unshelve"), "", [comment(t("field.comment"), false)], t("act.unshelved", { what: this.nameOf(alarm) }), "unshelve", ({ comment }) => ({ comment }));
  }

  /** @param {FullAlarm} alarm */
  refute(alarm) {
    const fields = [
      choice("seen", t("field.seen"), seenBy()),
      comment(t("field.whatSeen")),
      minutes(REFUTED_MIN, "30"),
    ];
    return this.#each([alarm], t("act.refute"), t("act.refuteExplain"), fields, t("act.refuted", { what: this.nameOf(alarm) }), "refute", (values) => ({ ...timed(values), seen: values.seen }));
  }

  /** @param {FullAlarm} alarm */
  confirm(alarm) {
    return this.#each([alarm], t("act.confirm"), t("act.confirmExplain"), [comment(t("field.whatSeen"))], t("act.confirmed", { what: this.nameOf(alarm) }), "confirm", ({ comment }) => ({ comment }));
  }

  /** @param {FullAlarm} alarm */
  close(alarm) {
    const explain = alarm.returned_at === null ? t("act.closeActive") : "";
    return this.#each([alarm], t("act.close"), explain, [comment(t("field.comment"), false)], t("act.closed", { what: this.nameOf(alarm) }), "close", ({ comment }) => ({ comment }));
  }

  /**
   * Maintenance of the station, or this datastream out of service, perhaps with the ticket of a fault.
   * @param {FullAlarm} alarm
   * @param {"suppressed"|"out_of_service"} aside
   */
  setAside(alarm, aside) {
    const isMaintenance = aside === "suppressed";
    const fields = [
      comment(t("field.reason")),
      isMaintenance ? minutes(MAINTENANCE_MIN, "60") : minutes(SERVICE_MIN, "1440"),
      ...(isMaintenance ? [] : [ticket()]),
    ];
    const title = isMaintenance ? t("act.maintenance") : t("act.outOfService");
    const explain = isMaintenance ? t("act.maintenanceExplain", { station: this.#named(alarm.station) }) : t("act.outOfServiceExplain", { what: this.#named(alarm.datastream) });
    return this.#ask([alarm], title, explain, fields, t("act.setAside", { what: this.nameOf(alarm) }), (values) =>
      post("/service-orders", {
        aside,
        scope: isMaintenance ? alarm.station : alarm.datastream,
        minutes: Number(values.minutes),
        comment: values.comment,
        ticket: values.ticket ?? "",
      }),
    );
  }

  /** @param {string} id a datastream's or a station's */
  #named(id) {
    return datastreamName(this.context.city(), this.context.store, id);
  }

  /** @param {number} order @param {string} scope a datastream's id or a station's */
  endOrder(order, scope) {
    return this.context.act(() => post(`/service-orders/${order}/end`, {}), t("act.orderEnded", { what: this.#named(scope) }));
  }

  /** @param {readonly FullAlarm[]} alarms */
  #what(alarms) {
    return alarms.length === 1 ? this.nameOf(alarms[0]) : t("act.several", { n: whole(alarms.length) });
  }

  /**
   * One request for each alarm; the first that is refused stops the rest, and the dialog says which it was.
   * @param {readonly FullAlarm[]} alarms @param {string} title @param {string} explain @param {Field[]} fields
   * @param {string} done @param {string} act the last part of the path @param {(values: Record<string, string>) => object} body
   */
  #each(alarms, title, explain, fields, done, act, body) {
    const left = [...alarms];
    return this.#ask(alarms, title, explain, fields, done, async (values) => {
      while (left.length > 0) {
        this.#take(await post(`${at(left[0])}/${act}`, body(values)));
        left.shift();
      }
      return true;
    });
  }

  /**
   * @param {readonly FullAlarm[]} alarms @param {string} title @param {string} explain @param {Field[]} fields
   * @param {string} done @param {(values: Record<string, string>) => Promise<any>} send
   */
  async #ask(alarms, title, explain, fields, done, send) {
    const sent = (/** @type {Record<string, string>} */ values) => this.context.as(async () => this.#take(await send(values)) ?? true);
    const heading = `${title}: ${this.#what(alarms)}`;
    if (await ask({ title: heading, explain, fields, submit: title, send: sent })) this.context.say(done);
  }

  /**
   * What the server answered is shown at once; the live stream says the same a moment later.
   * @param {any} answer
   */
  #take(answer) {
    const alarms = answer?.items ?? (answer?.id && answer?.state ? [answer] : []);
    for (const alarm of alarms) this.context.store.acceptAlarm(alarm);
    if (alarms.length > 0) this.context.update();
    return answer;
  }
}

/** @param {string} label @returns {Field} */
const comment = (label, required = true) => ({ name: "comment", label, kind: "area", required });

/** @param {string[]} offered @param {string} value @returns {Field} */
const minutes = (offered, value) => ({ ...choice("minutes", t("field.until"), offered.map((n) => [n, span(Number(n))])), value });

/** @param {string} name @param {string} label @param {[string, string][]} choices @returns {Field} */
const choice = (name, label, choices) => ({ name, label, kind: "choice", choices });

/** @returns {Field} */
const ticket = () => ({ name: "ticket", label: t("field.ticket"), kind: "text", hint: t("field.ticketHint") });

/** @param {number} n */
function span(n) {
  if (n < 120) return t("age.min", { n });
  return n < 48 * 60 ? t("age.h", { n: n / 60 }) : t("age.d", { n: n / 1440 });
}

/** @param {Record<string, string>} values */
const timed = (values) => ({ comment: values.comment, minutes: Number(values.minutes) });
