// @ts-check
// Requests to /api/v1; every failure becomes one error with a code, as the server's error shape has it.

import { t } from "./text.js";
import { whyText } from "./why.js";

const ROOT = "/api/v1";

export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0 = no answer
   * @param {string} code
   * @param {string} message in the chosen language where there are words for it
   * @param {string} [where] which part of the request
   */
  constructor(status, code, message, where = "") {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.where = where;
  }
}

/**
 * @template T
 * @param {string} path below /api/v1
 * @param {RequestInit} options
 * @param {(response: Response) => Promise<T>} take of an answer that is no refusal
 * @returns {Promise<T>}
 */
async function asked(path, options, take) {
  try {
    const response = await fetch(ROOT + path, { credentials: "same-origin", ...options });
    if (response.ok) return await take(response);
    const { error = {} } = (await json(response)) ?? {};
    const code = error.code ?? "";
    throw new ApiError(response.status, code, error.message ? whyText(code, error.message) : `HTTP ${response.status}`, error.where ?? "");
  } catch (error) {
    if (error instanceof TypeError) throw new ApiError(0, "unreachable", `${t("api.unreachable")} (${error.message})`);
    throw error;
  }
}

/** The body; null where it is no JSON.  @param {Response} response @returns {Promise<any>} */
async function json(response) {
  const text = await response.text();
  return response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
}

/**
 * @param {string} path below /api/v1
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
const request = (path, options = {}) => asked(path, options, json);

/**
 * A file, whole: one that breaks off is none.
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<Blob>}
 */
export const file = (path, signal) => asked(path, { signal }, (response) => response.blob());

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export const get = (path, signal) => request(path, { signal });

/**
 * @param {string} path
 * @param {object} body
 */
export const post = (path, body) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/**
 * What an address of ours says, as text.
 * @param {string} path from the root
 * @returns {Promise<string>}
 */
export async function text(path) {
  const response = await fetch(path, { credentials: "same-origin" });
  if (!response.ok) throw new ApiError(response.status, "", `HTTP ${response.status}`);
  return response.text();
}

/** Where the live stream is, for the page's own scheme and host. */
export const liveUrl = () => `${location.origin.replace(/^http/, "ws")}${ROOT}/live`;

/**
 * One act after the other, until one is not done: whoever may not is told once, not for each.
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Promise<unknown>} act answers null where it was not done
 */
export async function inTurn(items, act) {
  for (const item of items) {
    if ((await act(item)) === null) return;
  }
}
