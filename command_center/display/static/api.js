// @ts-check
// Requests to /api/v1; every failure becomes one error with a code, as the server's error shape has it.

const ROOT = "/api/v1";

export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0 = no answer
   * @param {string} code
   * @param {string} message
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
 * @param {string} path below /api/v1
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(ROOT + path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error instanceof TypeError) throw new ApiError(0, "unreachable", error.message);
    throw error;
  }
  const text = await response.text();
  const body = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
  if (response.ok) return body;
  throw refusal(response.status, body);
}

/** What the server says against it, in its one error shape.  @param {number} status @param {any} body null = it has another */
const refusal = (status, body) => new ApiError(status, body?.error?.code ?? "", body?.error?.message ?? `HTTP ${status}`, body?.error?.where ?? "");

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
