// @ts-check
// The maintainer's page: which station to visit next, who sends without a row, what could not be read.

import { ApiError, get } from "./api.js";
import { drawBands } from "./bands.js";
import { PAGE, byId, setData, setText } from "./dom.js";
import { clockTime, setZone, whole, zoneLabel } from "./format.js";
import { drawLanguages } from "./header.js";
import { drawLetters, drawUnknown } from "./letters.js";
import { levelName } from "./levels.js";
import { Login } from "./login.js";
import { readOptions } from "./options.js";
import { setPropertyNames } from "./properties.js";
import { Pulse } from "./pulse.js";
import { Service } from "./service.js";
import { fillStatic, loadTexts, onLanguage, pick, setLanguage, t } from "./text.js";
import { drawUpkeep } from "./upkeep.js";

/** So often everything is asked for again; the server makes the list at most every 15 s. */
const REFRESH_EVERY_MS = 30_000;

const state = {
  /** @type {import("./types.js").City|null} */
  city: null,
  /** @type {import("./upkeep.js").Upkeep[]} */
  stations: [],
  /** @type {import("./letters.js").Group[]} */
  groups: [],
  /** @type {import("./letters.js").Unknown[]} */
  unknown: [],
  made_ms: Number.NaN,
  exercise: false,
  error: "",
  needsLogin: false,
};

const login = new Login(() => {
  login.draw();
  if (state.error && login.user !== null) void load();
});

const service = new Service(
  login,
  () => void load(),
  (station) => state.stations.find((one) => one.station === station)?.name ?? station,
  (level) => (state.city ? levelName(state.city, level) : level),
);

const pulse = new Pulse(() => {
  drawFreshness();
  if (!pulse.isLost) void load();
});

/** Lost: everything that was data turns grey, and a band says since when.  What was asked for before stays, as old. */
function drawFreshness() {
  setData(document.body, "lost", pulse.isLost);
  drawBands(null, pulse.freshness, pulse.now_ms);
  drawMade();
}

function drawMade() {
  const made = byId("made");
  const isLoaded = !Number.isNaN(state.made_ms);
  setText(made, madeText(`${clockTime(state.made_ms, true)} ${zoneLabel()}`, isLoaded));
  made.dataset.state = state.error || (isLoaded && pulse.isLost) ? "old" : "fresh";
}

function draw() {
  fillStatic();
  drawLanguages();
  login.draw();
  setText(byId(PAGE.city), state.city ? pick(state.city.name) : "");
  document.title = `${t("maintenance.title")} – ${state.city ? pick(state.city.name) : "Siaga"}`;
  byId("exercise-band").hidden = !state.exercise;
  byId("maintenance").hidden = Number.isNaN(state.made_ms); // nothing is known: not even that there is nothing
  drawFreshness();
  drawService();
  drawStations();
  drawUnknown(byId("unknown"), byId("unknown-count"), state.unknown);
  drawLetters(byId("letters"), byId("letters-count"), state.groups, login, (note) => {
    setText(byId("letters-note"), note);
    void load();
  });
}

function drawService() {
  service.draw(byId("service-orders"), byId("service-past"));
  setText(byId("service-count"), whole(service.orders.length));
  byId("service-none").hidden = service.orders.length > 0;
  byId("service-past-part").hidden = service.past.length === 0;
}

/** The stations whose name or id has what was typed: a technician knows where he stands. */
function drawStations() {
  const wanted = /** @type {HTMLInputElement} */ (byId("find")).value.trim().toLowerCase();
  const found = state.stations.filter((one) => `${one.name} ${one.station}`.toLowerCase().includes(wanted));
  setText(byId("found"), wanted ? t("maintenance.found", { n: whole(found.length) }) : "");
  drawUpkeep(byId("upkeep"), found, state.made_ms, service);
}

/** What is said beside the page's name.  @param {string} at  @param {boolean} isLoaded */
function madeText(at, isLoaded) {
  if (isLoaded && pulse.isLost) return t("maintenance.old", { time: at, why: pulse.freshness.state === "gateway" ? t("band.causeGateway") : t("band.causeServer") });
  if (isLoaded && !state.error) return t("maintenance.made", { time: at });
  if (isLoaded) return t("maintenance.old", { time: at, why: state.error });
  if (state.needsLogin) return t("maintenance.login");
  return state.error ? t("maintenance.none", { why: state.error }) : "";
}

async function load() {
  try {
    const [city, upkeep, groups, unknown] = await Promise.all([
      get("/city"),
      get("/maintenance"),
      get("/dead-letters/groups"),
      get("/unknown-devices"),
      service.load(),
    ]);
    Object.assign(state, { city, stations: upkeep.items, groups: groups.items, unknown: unknown.items, error: "" });
    state.made_ms = Date.parse(upkeep.made_at);
    state.exercise = upkeep.exercise;
    setZone(city.time_zone, city.zone_label);
    setPropertyNames(city.properties ?? {});
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    state.error = error.message;
    state.needsLogin = error.status === 401;
    if (state.needsLogin) void login.ask();
  }
  draw();
}

byId("find").addEventListener("input", drawStations);
await loadTexts();
const { language } = readOptions(location.search);
if (language) setLanguage(language);
onLanguage(draw);
draw();
await login.remember();
await load();
pulse.start();
setInterval(() => void load(), REFRESH_EVERY_MS);
setInterval(() => service.tick(), 1000);
