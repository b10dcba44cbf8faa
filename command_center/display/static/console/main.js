// @ts-check
// The console's wiring: as on the wall, frames go into the store and one animation frame draws; a router shows one page.

import { ApiError, liveUrl } from "../api.js";
import { drawBands } from "../bands.js";
import { CitySource } from "../city_source.js";
import { heard, now } from "../clock.js";
import { byId, el, setChildren, setData, setText } from "../dom.js";
import { setZone } from "../format.js";
import { CHECK_EVERY_MS, judge } from "../freshness.js";
import { drawCity, drawClock, drawLanguages, drawLink } from "../header.js";
import { Login } from "../login.js";
import { setPropertyNames } from "../properties.js";
import { Receipts } from "../receipts.js";
import { view } from "../scheduler.js";
import { Store } from "../store.js";
import { LiveStream } from "../stream.js";
import { fillStatic, loadTexts, onLanguage, t } from "../text.js";
import { listen } from "./keys.js";
import { say, warn } from "./notice.js";
import { PAGES } from "./pages.js";
import { ALL, Router, hashOf } from "./router.js";
import { Session } from "./session.js";

/** While the city is missing it is asked for so often; who is logged in is asked so often. */
const RETRY_EVERY_S = 3;
const SESSION_EVERY_S = 60;

const store = new Store(() => {});
/** @type {import("../types.js").City|null} */
let city = null;
/** @type {import("../freshness.js").Freshness} */
let freshness = { state: "waiting", since_ms: Number.NaN };

const session = new Session(() => {
  redraw.head();
  router.note(ALL);
  redraw.page();
});
const login = new Login(() => {
  login.draw();
  void session.refresh();
  if (login.user === null || freshness.state === "fresh") return;
  stream.restart();
  void cities.load();
});
const cities = new CitySource(takeCity, () => login.ask());
const stream = new LiveStream(liveUrl(), onFrame);
const receipts = new Receipts((text) => stream.send(text));

const redraw = {
  head: view(drawHead),
  link: view(drawFreshness),
  pages: view(drawPages),
  page: view(() => {
    router.draw();
    const [list, frame] = [document.getElementById("alarm-rows"), document.getElementById("alarm-grid")];
    if (list && frame) requestAnimationFrame(() => receipts.painted(list, store.alarms, frame));
  }),
};

/** @type {import("./page.js").Context} */
const context = {
  store,
  city: () => city,
  now,
  me: () => session.me,
  may: (least) => session.may(least),
  rest: () => router.rest,
  go: (page, ...rest) => {
    location.hash = hashOf(page, rest);
  },
  say,
  warn,
  act: async (request, done = "") => {
    const answer = await refusable(() => login.as(request));
    if (answer !== null && done) say(done);
    return answer;
  },
  as: (request) => login.as(request),
  load: (request) => refusable(request),
  update: () => redraw.page(),
};
const router = new Router(PAGES, byId("page"), context, () => {
  redraw.pages();
  byId("page").scrollTop = 0;
});

/**
 * What the server said against a request is said to whoever asked.
 * @template T
 * @param {() => Promise<T|null>} request
 * @returns {Promise<T|null>}
 */
async function refusable(request) {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    warn(error.status === 401 ? t("console.logIn") : t("console.refused", { why: error.message }));
    return null;
  }
}

/** @param {import("../types.js").Frame} frame */
function onFrame(frame) {
  heard(frame.now_ms);
  const changed = store.apply(frame);
  if (changed.sensors) {
    receipts.forget();
    void cities.load();
  }
  router.note(changed);
  redraw.page();
  if (changed.alarms || changed.duties) redraw.pages();
  if (changed.status) redraw.head();
  checkFreshness();
}

/** @param {import("../types.js").City} fresh */
async function takeCity(fresh) {
  city = fresh;
  setZone(city.time_zone, city.zone_label);
  setPropertyNames(city.properties ?? {});
  router.note({ city: true, language: true });
  drawWords();
}

function drawWords() {
  fillStatic();
  drawLanguages();
  login.draw();
  for (const draw of Object.values(redraw)) draw();
}

function drawHead() {
  drawCity(city);
  drawClock(now());
  session.draw(now());
  const load = store.status?.load;
  setText(byId("load"), load?.flood ? t("alarms.flood", { calls: load.calls_10_min }) : "");
}

function drawPages() {
  const links = PAGES.map((page) => {
    const link = el("a");
    link.href = hashOf(page.id);
    link.append(el("span", "page-title", page.title()));
    const badge = page.badge?.(context) ?? "";
    if (badge) link.append(el("span", "page-badge", badge));
    if (page === router.page) link.setAttribute("aria-current", "page");
    return link;
  });
  // Links that say the same stay: whoever has the focus on one keeps it.
  const old = [...byId("pages").children];
  setChildren(byId("pages"), links.map((link, i) => (old[i]?.isEqualNode(link) ? old[i] : link)));
}

function checkFreshness() {
  const before = freshness.state;
  freshness = judge({
    silent_ms: stream.silent_ms,
    page_ms: performance.now(),
    frame_ms: store.frame_ms,
    status_ms: store.status_ms,
    status: store.status,
  });
  if (freshness.state !== before) redraw.link();
}

function drawFreshness() {
  setData(document.body, "lost", freshness.state === "server" || freshness.state === "gateway");
  drawLink(freshness);
  drawBands(store.status, freshness, now(), store.origin, [], city?.pace);
}

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
  router.note({ second: true });
  redraw.page();
  redraw.head();
  redraw.link();
  if (seconds % RETRY_EVERY_S === 0 && (!city || freshness.state === "server")) void cities.load();
  if (seconds % SESSION_EVERY_S === 0) void session.refresh();
}

await loadTexts();
onLanguage(() => {
  router.note({ language: true });
  drawWords();
});
router.start();
drawWords();
listen(router);
void login.remember();
void cities.load();
stream.start();
setInterval(checkRegularly, CHECK_EVERY_MS);
setInterval(everySecond, 1000);
