// @ts-check
// A station's camera, as the catalogue names it.  Nothing but http and https is opened or loaded, and nothing of this
// page is told to it.

import { el, setText } from "../dom.js";
import { clockTime } from "../format.js";
import { t } from "../text.js";

const STILL = /\.(jpe?g|png|webp|gif)$/i;
/** A still picture is fetched anew so often. */
const AGAIN_MS = 10_000;

/**
 * @param {string} camera a URL, or the name of a camera in another system
 * @returns {{kind: "none"}|{kind: "name", name: string}|{kind: "link"|"still", url: string}}
 */
export function cameraOf(camera) {
  if (camera === "") return { kind: "none" };
  let url;
  try {
    url = new URL(camera);
  } catch (error) {
    if (error instanceof TypeError) return { kind: "name", name: camera };
    throw error;
  }
  const isWeb = (url.protocol === "http:" || url.protocol === "https:") && url.username === "" && url.password === "";
  if (!isWeb) return { kind: "name", name: camera };
  return { kind: STILL.test(url.pathname) ? "still" : "link", url: url.href };
}

export class CameraView {
  node = el("div", "camera");
  #words = el("p");
  #link = el("a");
  #image = el("img");
  #camera = "";
  #loaded_ms = Number.NaN;
  #asked_at = 0;
  #failed = false;

  /** @param {() => number} now server's clock */
  constructor(now) {
    this.#link.rel = "noopener noreferrer";
    this.#link.target = "_blank";
    this.#image.referrerPolicy = "no-referrer";
    this.#image.addEventListener("load", () => {
      this.#loaded_ms = now();
      this.#failed = false;
    });
    this.#image.addEventListener("error", () => {
      this.#failed = true;
    });
    this.node.append(this.#words, this.#link, this.#image);
  }

  /** @param {string} camera */
  draw(camera) {
    const found = cameraOf(camera);
    if (camera !== this.#camera) {
      this.#camera = camera;
      this.#loaded_ms = Number.NaN;
      this.#asked_at = 0;
      this.#failed = false;
      this.#image.removeAttribute("src");
    }
    this.#link.hidden = found.kind !== "link" && found.kind !== "still";
    this.#image.hidden = found.kind !== "still" || this.#failed || !Number.isFinite(this.#loaded_ms);
    if (found.kind === "link" || found.kind === "still") {
      this.#link.href = found.url;
      setText(this.#link, t("camera.open"));
    }
    if (found.kind === "still") this.#refresh(found.url);
    setText(this.#words, this.#told(found));
  }

  /** @param {ReturnType<typeof cameraOf>} found */
  #told(found) {
    if (found.kind === "none") return t("camera.none");
    if (found.kind === "name") return t("camera.name", { name: found.name });
    if (found.kind === "link") return t("camera.link");
    if (this.#failed) return t("camera.failed");
    return Number.isFinite(this.#loaded_ms) ? t("camera.at", { time: clockTime(this.#loaded_ms, true) }) : t("camera.loading");
  }

  /** @param {string} url */
  #refresh(url) {
    if (performance.now() - this.#asked_at < AGAIN_MS && this.#asked_at > 0) return;
    this.#asked_at = performance.now();
    const fresh = new URL(url);
    fresh.searchParams.set("siaga", String(Math.floor(this.#asked_at)));
    this.#image.alt = t("camera.still");
    this.#image.src = fresh.href;
  }
}
