// @ts-check
// Where the city comes from: asked for at the start, after each snapshot, and until it can be had.

import { ApiError, get } from "./api.js";

/** @typedef {import("./types.js").City} City */

export class CitySource {
  #text = "";
  #loading = false;
  #asked = false;

  /**
   * @param {(city: City) => Promise<void>} onCity a city that is new, or another than before
   * @param {() => Promise<boolean>} askLogin
   */
  constructor(onCity, askLogin) {
    this.onCity = onCity;
    this.askLogin = askLogin;
  }

  /** Fetches the city.  A server that shows nothing without a login is asked for one here. */
  async load() {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const city = await get("/city");
      this.#asked = false;
      const text = JSON.stringify(city);
      if (text === this.#text) return;
      this.#text = text;
      await this.onCity(city);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 401 || this.#asked) return;
      // Asked once; whoever calls it off finds the login in the header.
      this.#asked = true;
      await this.askLogin();
    } finally {
      this.#loading = false;
    }
  }
}
