// @ts-check
// Tones and speech.  A browser plays nothing until a person has touched the page, unless it was started for a kiosk; one
// that cannot play must not look as if it could.

/** @typedef {import("./sound_plan.js").Call} Call */

/** Tones by severity: frequencies of the pulses in Hz; higher, more and quicker ones are worse. @type {Record<number, number[]>} */
const PULSES = { 1: [440], 2: [523, 523], 3: [659, 659, 659], 4: [988, 740, 988, 740, 988, 740] };
/** @type {Record<number, number>} */
const PULSE_S = { 1: 0.25, 2: 0.22, 3: 0.18, 4: 0.14 };
const LOUDNESS = 0.4;
const RAMP_S = 0.01;
/** A context that was asked to run, and its clock, are given so long. */
const PATIENCE_MS = 3000;

export class Horn {
  /** @type {AudioContext|null} */
  #context = null;
  #clock_s = 0;
  #moved_ms = 0;
  #spoken_severity = 0;
  /** It has played here: what stopped it was no rule of the browser. */
  #ran = false;

  constructor() {
    this.#moved_ms = performance.now();
    if (typeof AudioContext === "function") this.#context = new AudioContext();
    for (const touch of ["pointerup", "keydown"]) addEventListener(touch, () => this.#wake());
  }

  /**
   * Whether a tone would be heard: its clock runs.  A loudspeaker that is switched off is beyond what a browser can know.
   * @returns {boolean}
   */
  plays() {
    const clock_s = this.#context?.currentTime ?? 0;
    const at_ms = performance.now();
    if (clock_s !== this.#clock_s) {
      this.#clock_s = clock_s;
      this.#moved_ms = at_ms;
      this.#ran = true;
    } else if (this.#ran || navigator.userActivation?.hasBeenActive) {
      this.#wake();
    }
    return this.#context !== null && at_ms - this.#moved_ms < PATIENCE_MS;
  }

  #wake() {
    const context = this.#context;
    if (context === null || context.state !== "suspended") return;
    context.resume().catch((error) => console.warn("sound:", error));
  }

  /**
   * Sounds a call, and says it where the browser has a voice for the language.
   * @param {Call} call
   * @param {string} words
   * @param {string} locale "id-ID"
   */
  sound({ severity }, words, locale) {
    if (severity > 0) this.#tone(severity);
    if (severity > 0 && words) this.#say(words, locale, severity);
  }

  /** @param {number} severity */
  #tone(severity) {
    const context = this.#context;
    if (context === null || context.state !== "running") return;
    PULSES[severity].forEach((frequency, k) => {
      const pulse_s = PULSE_S[severity];
      const from_s = context.currentTime + 0.05 + k * pulse_s * 1.5;
      const oscillator = new OscillatorNode(context, { type: "triangle", frequency });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(0, from_s);
      gain.gain.linearRampToValueAtTime(LOUDNESS, from_s + RAMP_S);
      gain.gain.setValueAtTime(LOUDNESS, from_s + pulse_s - RAMP_S);
      gain.gain.linearRampToValueAtTime(0, from_s + pulse_s);
      oscillator.connect(gain).connect(context.destination);
      oscillator.onended = () => gain.disconnect();
      oscillator.start(from_s);
      oscillator.stop(from_s + pulse_s);
    });
  }

  /**
   * One sentence at a time; a worse one cuts the one before short.
   * @param {string} words
   * @param {string} locale
   * @param {number} severity
   */
  #say(words, locale, severity) {
    if (typeof speechSynthesis === "undefined") return;
    const language = locale.slice(0, 2);
    const voice = speechSynthesis.getVoices().find((one) => one.lang.slice(0, 2).toLowerCase() === language);
    if (!voice || (speechSynthesis.speaking && severity <= this.#spoken_severity)) return;
    speechSynthesis.cancel();
    const said = new SpeechSynthesisUtterance(words);
    said.voice = voice;
    said.lang = locale;
    this.#spoken_severity = severity;
    speechSynthesis.speak(said);
  }
}
