// @ts-check
// The console's pages, in the order of the navigation.  A page is one module and one line here.

import { ACTIONS } from "./actions_page.js";
import { ALARMS } from "./alarms_page.js";
import { AUDIT } from "./audit_page.js";
import { DATA } from "./data_page.js";
import { KPIS } from "./kpis_page.js";
import { NOTICES } from "./notices_page.js";
import { PEOPLE } from "./people_page.js";
import { SHIFT } from "./shift_page.js";
import { SIRENS } from "./sirens_page.js";
import { STATIONS } from "./stations_page.js";
import { WARNINGS } from "./warnings_page.js";

/** @type {import("./page.js").Page[]} */
export const PAGES = [
  ALARMS,
  ACTIONS,
  STATIONS,
  WARNINGS,
  NOTICES,
  SIRENS,
  SHIFT,
  KPIS,
  DATA,
  AUDIT,
  PEOPLE,
];
