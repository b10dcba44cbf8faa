// @ts-check
// What a page of the console is, and what it is given.  Types only: nothing runs here.

/** @typedef {"viewer"|"operator"|"supervisor"|"admin"} Role */

/**
 * @typedef {object} Me  Who is logged in, as GET /api/v1/me says.
 * @property {string|null} user @property {Role|null} role
 * @property {string|null} expires_at when the session runs out if nothing is done with it
 * @property {string|null} ends_at when it runs out whatever is done with it
 */

/**
 * @typedef {object} Changed  What has changed since a page was last updated; all true on mount and after a login.
 * @property {boolean} sensors a fresh snapshot: the rows of the store are others @property {boolean} rows values
 * @property {boolean} alarms @property {boolean} waves @property {boolean} duties @property {boolean} status
 * @property {boolean} language @property {boolean} second a second has gone by: ages and countdowns
 * @property {boolean} city the catalogue (GET /api/v1/city) @property {boolean} me who is logged in
 * @property {boolean} place what stands behind the page's id in the address
 */

/**
 * @typedef {object} Context  What every page is given.
 * @property {import("../store.js").Store} store what the live stream says now
 * @property {() => import("../types.js").City|null} city null until it was loaded
 * @property {() => number} now milliseconds at the server; NaN before the first frame
 * @property {() => Me} me
 * @property {(least: Role) => boolean} may whether who is logged in has that role or a higher one
 * @property {() => string[]} rest what stands behind the page's id in the address, decoded
 * @property {(page: string, ...rest: string[]) => void} go
 * @property {(words: string) => void} say something that was done, in the status line (spoken by a screen reader)
 * @property {(words: string) => void} warn something that failed, in the same place, and it stays until the next
 * @property {<T>(request: () => Promise<T>, done?: string) => Promise<T|null>} act runs a request under the name that is
 *   logged in (asks for the login first); says `done`, or what the server said against it; null = it did not happen
 * @property {<T>(request: () => Promise<T>) => Promise<T|null>} as the same without words: raises ApiError where the
 *   server refuses (for a dialog that shows it itself); null = the login was called off
 * @property {<T>(request: () => Promise<T>) => Promise<T|null>} load runs a request that only reads; where it needs a
 *   login, or fails, that is said
 * @property {() => void} update draws the page again, in the next frame
 */

/**
 * @typedef {object} Mounted  A page on the screen.
 * @property {(changed: Changed) => void} update draws what has changed; called once per animation frame at most
 * @property {() => void} unmount lets go of timers and requests; the element is emptied by the shell
 * @property {(event: KeyboardEvent) => boolean} [key] a key outside of fields and dialogs; whether it was taken
 * @property {() => [string, string][]} [keys] the page's keys and what they do, for the help
 */

/**
 * @typedef {object} Page
 * @property {string} id in the address: /console#/ID
 * @property {() => string} title
 * @property {(context: Context) => string} [badge] beside the title in the navigation: a count, "" = nothing
 * @property {(root: HTMLElement, context: Context) => Mounted} mount
 */

export {};
