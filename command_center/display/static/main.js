// @ts-check
// Wiring: frames go into the store, the store marks views dirty, one animation frame draws them.

import { AlarmPanel } from "./alarms.js";
import { liveUrl, post } from "./api.js";
import { drawBands } from "./bands.js";
import { Chart } from "./chart.js";
import { drawChartButtons, drawChartHead } from "./chart_head.js";
import { CitySource } from "./city_source.js";
import { heard, now } from "./clock.js";
import { PAGE, byId, setData } from "./dom.js";
import { drawDuties } from "./duties.js";
import { setZone } from "./format.js";
import { CHECK_EVERY_MS, judge } from "./freshness.js";
import { drawCity, drawClock, drawCounts, drawLanguages, drawLink } from "./header.js";
import { drawHeadline } from "./headline.js";
import { Login } from "./login.js";
import { MapPanel } from "./map.js";
import { watchCut } from "./more.js";
import { setPropertyNames } from "./properties.js";
import { Receipts } from "./receipts.js";
import { StationPanel } from "./rows.js";
import { view } from "./scheduler.js";
import { Selection } from "./selection.js";
import { datastreamsByStation } from "./standing.js";
import { Store } from "./store.js";
import { LiveStream } from "./stream.js";
import { fillStatic, loadTexts, onLanguage } from "./text.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Frame} Frame */

/** While the city or the connection is missing, it is asked for so often. */
const RETRY_EVERY_S = 3;
/** The chart's right edge is now; so often it moves on when nothing comes in. */
const CHART_EVERY_S = 5;
/** So often the chart's history is fetched anew: data that came late are in it, and not in the live stream. */
const HISTORY_EVERY_S = 300;

const store = new Store((i, time_ms, value, quality) => {
  if (i === charted) chart.append(time_ms, value, quality);
});
const selection = new Selection();
/** @type {City|null} */
let city = null;
/** @type {import("./freshness.js").Freshness} */
let freshness = { state: "waiting", since_ms: Number.NaN };
let charted = -1;
let all_rows = false;

const login = new Login(() => {
  login.draw();
  if (login.user === null || freshness.state === "fresh") return;
  stream.restart();
  void cities.load();
});
const stations = new StationPanel(choose);
const alarms = new AlarmPanel(choose, acknowledge, acknowledgeAll, () => redraw.alarms());
const chart = new Chart(byId(PAGE.chart), () => redraw.chart());
const map = new MapPanel(chooseStation, () => redraw.mapLayout());
const cities = new CitySource(drawCityAnew, () => login.ask());
const stream = new LiveStream(liveUrl(), onFrame);
const receipts = new Receipts((text) => stream.send(text));
const cuts = [
  watchCut(PAGE.stations, PAGE.stationsMore, ".row"),
  watchCut(PAGE.alarms, PAGE.alarmsMore, ".alarm"),
  watchCut(PAGE.duties, PAGE.dutiesMore, ".duty"),
];

const redraw = {
  clock: view(() => drawClock(now())),
  link: view(drawFreshness),
  counts: view(() => drawCounts(store.status)),
  headline: view(() => drawHeadline(city, store, now())),
  rows: view(() => {
    if (city) stations.draw(city, store, now(), all_rows);
    all_rows = false;
  }),
  alarms: view(() => {
    // Without a picture there is nothing to say, least of all that there are no alarms.
    if (city && store.sensors.length > 0) alarms.draw(city, store, now());
    requestAnimationFrame(() => receipts.painted(byId(PAGE.alarms), store.alarms));
    for (const count of cuts) count();
  }),
  duties: view(() => city && drawDuties(city, store.duties, now(), acknowledgeTrouble)),
  map: view(() => city && map.draw(city, store)),
  mapLayout: view(() => map.layout()),
  chart: view(drawChart),
};

/** @param {Frame} frame */
function onFrame(frame) {
  heard(frame.now_ms);
  const changed = store.apply(frame);
  if (changed.sensors) {
    charted = -1;
    receipts.forget();
    void cities.load();
    layOut();
  }
  if (changed.rows || changed.waves) {
    redraw.rows();
    redraw.headline();
  }
  if (changed.alarms) {
    redraw.alarms();
    redraw.map();
    pickChart();
  }
  if (changed.duties) redraw.duties();
  if (changed.status) redraw.counts();
  checkFreshness();
}

/** Everything that is laid out by the catalogue or worded in a language. */
function layOut() {
  drawCity(city);
  drawLanguages();
  fillStatic();
  login.draw();
  if (city && store.sensors.length > 0) {
    stations.build(city, store);
    pickChart();
  }
  all_rows = true;
  for (const draw of Object.values(redraw)) draw();
}

/** @param {City} fresh */
async function drawCityAnew(fresh) {
  city = fresh;
  setZone(city.time_zone, city.zone_label);
  setPropertyNames(city.properties ?? {});
  layOut();
  await map.build(city);
  redraw.map();
}

function checkFreshness() {
  const before = freshness;
  freshness = judge({
    silent_ms: stream.silent_ms,
    page_ms: performance.now(),
    frame_ms: store.frame_ms,
    status_ms: store.status_ms,
    status: store.status,
  });
  if (freshness.state !== before.state) redraw.link();
}

function drawFreshness() {
  setData(document.body, "lost", freshness.state === "server" || freshness.state === "gateway");
  drawLink(freshness);
  drawBands(store.status, freshness, now(), store.origin);
}

/** @param {string} datastream */
function choose(datastream) {
  selection.choose(datastream);
  pickChart();
}

/** @param {string} station */
function chooseStation(station) {
  const indices = datastreamsByStation(store).get(station) ?? [];
  const i = indices.find((index) => store.level[index]) ?? indices[0];
  if (i !== undefined) choose(store.sensors[i].id);
}

/** Shows the datastream that is due in the chart; fetches its history where it is another one, or after a snapshot. */
function pickChart() {
  const i = selection.current(store, stations.first(store));
  if (i >= 0 && i !== charted) {
    charted = i;
    stations.select(i);
    void chart.load(store.sensors[i], now());
  }
  redraw.chart();
}

function drawChart() {
  if (!city || charted < 0) return;
  drawChartHead(city, store, charted, chart.note, now());
  drawChartButtons(chart.hours, selection.manual, setHours, () => choose(""));
  chart.draw(city, now());
}

/** @param {number} hours */
function setHours(hours) {
  chart.hours = hours;
  if (charted >= 0) void chart.load(store.sensors[charted], now());
}

/** @param {Alarm} alarm */
async function acknowledge(alarm) {
  const path = `/alarms/${encodeURIComponent(alarm.id)}/acknowledge`;
  const updated = await login.as(() => post(path, { comment: "" }));
  if (updated?.id !== alarm.id || !updated.state) return;
  store.acceptAlarm(updated);
  redraw.rows();
  redraw.headline();
}

/** What its card stands for: the highest level is listed by itself. @param {string} incident */
async function acknowledgeAll(incident) {
  const path = `/incidents/${encodeURIComponent(incident)}/acknowledge`;
  const updated = await login.as(() => post(path, { comment: "", folded: true }));
  for (const alarm of updated?.items ?? []) store.acceptAlarm(alarm);
  redraw.rows();
  redraw.headline();
}

/** @param {string} id */
const acknowledgeTrouble = (id) => void login.as(() => post(`/troubles/${encodeURIComponent(id)}/acknowledge`, {}));

let checked_at = performance.now();
function checkRegularly() {
  // Late itself: the page was held up, and frames may still be waiting behind this timer.  They go first.
  const late = performance.now() - checked_at > 2 * CHECK_EVERY_MS;
  checked_at = performance.now();
  if (!late) checkFreshness();
}

let seconds = 0;
function everySecond() {
  seconds += 1;
  all_rows = true;
  redraw.clock();
  redraw.link();
  redraw.headline();
  redraw.rows();
  redraw.alarms();
  redraw.duties();
  if (seconds % CHART_EVERY_S === 0) pickChart();
  if (seconds % RETRY_EVERY_S === 0 && (!city || freshness.state === "server")) void cities.load();
  if (seconds % HISTORY_EVERY_S === 0 && charted >= 0) void chart.load(store.sensors[charted], now());
}

await loadTexts();
onLanguage(() => {
  chart.note = "";
  layOut();
  if (city) map.drawWords(city);
});
layOut();
void login.remember();
void cities.load();
stream.start();
setInterval(checkRegularly, CHECK_EVERY_MS);
setInterval(everySecond, 1000);
