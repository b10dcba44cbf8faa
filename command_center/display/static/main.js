// @ts-check
// Wiring: frames go into the store, the store marks views dirty, one animation frame draws them.

import { AlarmPanel } from "./alarms.js";
import { inTurn, liveUrl, post } from "./api.js";
import { drawBands } from "./bands.js";
import { ChartDesk } from "./chart_desk.js";
import { CitySource } from "./city_source.js";
import { heard, now } from "./clock.js";
import { PAGE, byId, setData } from "./dom.js";
import { drawDuties } from "./duties.js";
import { setZone } from "./format.js";
import { CHECK_EVERY_MS, judge } from "./freshness.js";
import { drawCity, drawClock, drawCounts, drawLanguages, drawLink, drawLogin, drawTheme } from "./header.js";
import { drawHeadline } from "./headline.js";
import { Login } from "./login.js";
import { MapPanel } from "./map.js";
import { watchCut } from "./more.js";
import { readOptions } from "./options.js";
import { setPropertyNames } from "./properties.js";
import { Receipts } from "./receipts.js";
import { StationPanel } from "./rows.js";
import { afterDrawing, view } from "./scheduler.js";
import { SoundDesk } from "./sound_desk.js";
import { Stage } from "./stage.js";
import { datastreamsByStation } from "./standing.js";
import { Store } from "./store.js";
import { LiveStream } from "./stream.js";
import { fillStatic, loadTexts, onLanguage, setLanguage } from "./text.js";
import { onTheme, startTheme } from "./theme.js";
import { troubleNow } from "./trouble.js";

/** @typedef {import("./types.js").City} City */
/** @typedef {import("./types.js").Alarm} Alarm */
/** @typedef {import("./types.js").Frame} Frame */
/** While the city or the connection is missing, it is asked for so often. */
const RETRY_EVERY_S = 3;
/** The chart's right edge is now; so often it moves on when nothing comes in. */
const CHART_EVERY_S = 5;
/** So often the chart's history is fetched anew: data that came late are in it, and not in the live stream. */
const HISTORY_EVERY_S = 300;
/** So often the server is asked who is logged in, and until when. */
const LOGIN_EVERY_S = 60;

const options = readOptions(location.search);
startTheme(options.theme);
const store = new Store((i, time_ms, value, quality) => chart.append(i, time_ms, value, quality));
/** @type {City|null} */
let city = null;
/** @type {import("./freshness.js").Freshness} */
let freshness = { state: "waiting", since_ms: Number.NaN };

const login = new Login(() => {
  redraw.clock();
  if (login.user === null || freshness.state === "fresh") return;
  stream.restart();
  void cities.load();
});
const stations = new StationPanel((datastream) => chart.choose(datastream));
const stage = new Stage(options.rotate_s, { choose: (datastream) => chart.choose(datastream), redraw: () => [redraw.stage, redraw.rows].forEach((draw) => draw()) });
const alarms = new AlarmPanel((datastream) => chart.choose(datastream), acknowledge, acknowledgeAll, () => redraw.alarms());
const chart = new ChartDesk(store, {
  redraw: () => redraw.chart(),
  now,
  first: () => stations.first(store),
  onShown: (i) => stations.select(i),
});
const map = new MapPanel(chooseStation, () => redraw.mapLayout(), () => redraw.map());
const cities = new CitySource(drawCityAnew, () => login.ask());
const stream = new LiveStream(liveUrl(), onFrame);
const receipts = new Receipts((text) => stream.send(text));
const sound = new SoundDesk(options.screen, (text) => stream.send(text), () => redraw.sound());
const cuts = [watchCut(PAGE.alarms, PAGE.alarmsMore, ".alarm"), watchCut(PAGE.duties, PAGE.dutiesMore, ".duty")];

const isLost = () => freshness.state === "server" || freshness.state === "gateway";
const redraw = {
  clock: view(() => {
    drawClock(now());
    drawLogin(login, now());
  }),
  link: view(drawFreshness),
  counts: view(() => drawCounts(store.status)),
  headline: view(() => drawHeadline(city, store, now())),
  rows: view(() => {
    if (city) stations.draw(city, store, now());
  }),
  stage: view(() => {
    if (city && store.sensors.length > 0) stage.draw(city, store, now(), troubleNow(city, store.alarms.values(), isLost()));
  }),
  alarms: view(() => {
    // Without a picture there is nothing to say, least of all that there are no alarms.
    if (city && store.sensors.length > 0) alarms.draw(city, store, now());
    requestAnimationFrame(() => receipts.painted(byId(PAGE.alarms), store.alarms));
    for (const count of cuts) afterDrawing(count);
  }),
  duties: view(() => city && drawDuties(city, store.duties, now(), acknowledgeTroubles)),
  sound: view(() => {
    sound.draw(store.alarms.values(), isLost());
    redraw.link();
  }),
  map: view(() => city && map.draw(city, store)),
  mapLayout: view(() => map.layout()),
  chart: view(() => city && chart.draw(city)),
};

/** @param {Frame} frame */
function onFrame(frame) {
  heard(frame.now_ms);
  const changed = store.apply(frame);
  if (changed.sensors) {
    chart.forget();
    receipts.forget();
    sound.forget();
    void cities.load();
    layOut();
  }
  if (changed.alarms || changed.waves) stage.age();
  if (changed.rows || changed.waves) {
    redraw.stage();
    redraw.rows();
    redraw.headline();
  }
  if (changed.alarms) {
    redraw.alarms();
    redraw.sound();
    redraw.map();
    chart.pick();
  }
  if (changed.duties) redraw.duties();
  if (changed.status) redraw.counts();
  checkFreshness();
}
/** Everything that is laid out by the catalogue or worded in a language. */
function layOut() {
  drawCity(city);
  drawLanguages();
  drawTheme();
  fillStatic();
  if (city && store.sensors.length > 0) {
    stations.build(city, store);
    stage.build(city, store);
    chart.pick();
  }
  for (const draw of Object.values(redraw)) draw();
}

/** @param {City} fresh */
async function drawCityAnew(fresh) {
  city = fresh;
  setZone(city.time_zone, city.zone_label);
  setPropertyNames(city.properties ?? {});
  layOut();
  await map.build(city);
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
  if (freshness.state === before.state) return;
  redraw.link();
  redraw.sound();
  redraw.stage();
}

function drawFreshness() {
  setData(document.body, "lost", isLost());
  drawLink(freshness);
  drawBands(store.status, freshness, now(), store.origin, sound.bands(), city?.pace);
}

/** @param {string} station */
function chooseStation(station) {
  const indices = datastreamsByStation(store).get(station) ?? [];
  const i = indices.find((index) => store.level[index]) ?? indices[0];
  if (i !== undefined) chart.choose(store.sensors[i].id);
}

/** @param {Alarm} alarm */
async function acknowledge(alarm) {
  const path = `/alarms/${encodeURIComponent(alarm.id)}/acknowledge`;
  const updated = await login.as(() => post(path, { comment: "" }));
  if (updated?.id === alarm.id && updated.state) accept([updated]);
}

/** What its card stands for: the highest level is listed by itself. @param {string} incident */
async function acknowledgeAll(incident) {
  const path = `/incidents/${encodeURIComponent(incident)}/acknowledge`;
  const updated = await login.as(() => post(path, { comment: "", folded: true }));
  accept(updated?.items ?? []);
}

/** @param {Alarm[]} updated as the server answered */
function accept(updated) {
  for (const alarm of updated) store.acceptAlarm(alarm);
  redraw.rows();
  redraw.headline();
}

/** @param {string[]} ids */
const acknowledgeTroubles = (ids) => void inTurn(ids, (id) => login.as(() => post(`/troubles/${encodeURIComponent(id)}/acknowledge`, {})));

let checked_at = performance.now();
/** Late itself: the page was held up, and frames may still be waiting behind this timer.  They go first. */
function checkRegularly() {
  const late = performance.now() - checked_at > 2 * CHECK_EVERY_MS;
  checked_at = performance.now();
  if (!late) checkFreshness();
}

let seconds = 0;
function everySecond() {
  seconds += 1;
  stations.age();
  stage.age();
  for (const draw of [redraw.clock, redraw.sound, redraw.headline, redraw.stage, redraw.rows, redraw.alarms, redraw.duties]) draw();
  if (seconds % CHART_EVERY_S === 0) chart.pick();
  if (seconds % RETRY_EVERY_S === 0 && (!city || freshness.state === "server")) void cities.load();
  if (seconds % HISTORY_EVERY_S === 0) chart.load();
  if (seconds % LOGIN_EVERY_S === 0) void login.remember();
}

await loadTexts();
if (options.language) setLanguage(options.language);
onLanguage(() => {
  chart.renew();
  layOut();
  if (city) map.drawWords(city);
});
onTheme(() => {
  chart.renew();
  layOut();
  if (city) void map.build(city);
});
layOut();
void login.remember();
void cities.load();
stream.start();
setInterval(checkRegularly, CHECK_EVERY_MS);
setInterval(everySecond, 1000);
