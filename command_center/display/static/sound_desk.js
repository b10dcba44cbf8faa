// @ts-check
// What is heard at this screen: the horn, its mute, and what is told of both, here and to the server.

import { PAGE, byId, setData, setText } from "./dom.js";
import { EMBEDDED } from "./embedded.js";
import { Horn } from "./horn.js";
import { SoundPlan } from "./sound_plan.js";
import { language, pick, t } from "./text.js";

/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./bands.js").Band} Band */

const LOCALES = { id: "id-ID", en: "en-GB" };

export class SoundDesk {
  #horn = new Horn();
  #plan = new SoundPlan();
  #told = "";
  /** @type {Alarm[]} */
  #alarms = [];
  /** @type {"on"|"muted"|"dead"} */
  state = "on";

  /**
   * @param {string} screen its name
   * @param {(text: string) => boolean} send to the server; whether it went out
   * @param {() => void} redraw
   */
  constructor(screen, send, redraw) {
    this.screen = screen;
    this.send = send;
    byId(PAGE.sound).addEventListener("click", () => {
      if (this.state === "muted") this.#plan.unmute();
      else if (this.state === "on") this.#plan.mute(performance.now());
      redraw();
    });
  }

  /**
   * Once a second, and when alarms have changed.
   * @param {Iterable<Alarm>} alarms
   * @param {boolean} lost
   */
  draw(alarms, lost) {
    if (EMBEDDED) return;
    const at_ms = performance.now();
    this.#alarms = [...alarms];
    const call = this.#plan.call(this.#alarms, lost, at_ms);
    const words = call.speak ? [call.speak.exercise ? t("tag.exercise") : "", pick(call.speak.text)].filter(Boolean).join(". ") : "";
    this.#horn.sound(call, words, LOCALES[language()]);
    const muted_ms = this.#plan.muted_ms(this.#alarms, at_ms);
    this.state = !this.#horn.plays() ? "dead" : muted_ms > 0 ? "muted" : "on";
    const button = byId(PAGE.sound);
    setData(button, "state", this.state);
    const left_s = Math.ceil(muted_ms / 1000);
    const time = `${Math.floor(left_s / 60)}:${String(left_s % 60).padStart(2, "0")}`;
    const said = { on: () => t("sound.on"), muted: () => t("sound.muted", { time }), dead: () => t("sound.dead") };
    setText(button, said[this.state]());
    button.title = this.state === "on" ? t("sound.mute") : this.state === "muted" ? t("sound.unmute") : t("sound.deadText");
    this.#tell();
  }

  /** Another connection: it has to be told anew. */
  forget() {
    this.#told = "";
  }

  /**
   * As large as an alarm: nobody will be called.
   * @returns {Band[]}
   */
  bands() {
    return this.state === "dead" ? [{ key: "sound", look: "sound", title: t("sound.deadTitle"), text: t("sound.deadText") }] : [];
  }

  #tell() {
    if (this.state !== this.#told && this.send(JSON.stringify({ sound: this.state, screen: this.screen }))) this.#told = this.state;
  }
}
