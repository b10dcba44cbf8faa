// @ts-check
// The console's pages, in the order of the navigation.  A page is one module and one line here.

import { ACTIONS } from "./actions_page.js";
import { ALARMS } from "./alarms_page.js";

/** @type {import("./page.js").Page[]} */
export const PAGES = [
  ALARMS,
  ACTIONS,
];
