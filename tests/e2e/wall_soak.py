"""Simulated time for a wall: the real page, whose connection is fed in the page itself, as fast as it can take it.

The first snapshot is the server's.  From then on the frames are made: one a second of simulated time, a few readings in
each, every minute an alarm that comes, is acknowledged and goes, a status with each.  They go through the page's own
stream, store and views; only the socket below them is not there.
"""

from dataclasses import dataclass

from playwright.sync_api import CDPSession, Page

# Stands before the page's scripts: the connection is the real one until `feed` is called.
FEEDER = """
(() => {
  const Real = window.WebSocket;
  let socket = null, snapshot = null, sequence = 0, n = 0;
  window.WebSocket = class extends Real {
    constructor(url) { super(url); socket = this; }
    set onmessage(take) {
      this.take = take;
      super.onmessage = (event) => {
        if (window.fed) return;
        const frame = JSON.parse(event.data);
        if (frame.type === "snapshot") snapshot = frame;
        sequence = frame.sequence;
        window.last = frame;
        take(event);
      };
    }
  };
  const iso = (ms) => new Date(ms).toISOString();
  const alarmOf = (k, now_ms, state) => {
    const sensor = snapshot.sensors[k % snapshot.sensors.length];
    const level = sensor.levels[0] ?? { name: "silent", rank: 1, severity: 2, value: 1 };
    return {
      id: `soak-${k}`, datastream: sensor.id, station: sensor.station, property: sensor.property,
      incident: `i-${k % 7}`, level: level.name, rank: level.rank, severity: level.severity, priority: "medium",
      state, calls: 1, value: level.value, limit: level.value, unit: sensor.unit, origin: "live", historical: false,
      raised_at: iso(now_ms - 60e3), since: iso(now_ms - 60e3), text: { id: `alarm ${k}`, en: `alarm ${k}` },
      acknowledged_at: state === "unacknowledged" ? null : iso(now_ms),
      acknowledged_by: state === "unacknowledged" ? null : "soak",
      returned_at: state === "normal" ? iso(now_ms) : null,
    };
  };
  window.feed = async (seconds) => {
    window.fed = true;
    const begun_ms = window.begun_ms ?? (window.begun_ms = snapshot.now_ms);
    const sensors = snapshot.sensors.length;
    for (let k = 0; k < seconds; k += 1) {
      n += 1;
      const now_ms = begun_ms + n * 1000;
      const i = Array.from({ length: Math.ceil(sensors / 60) }, (_, j) => (n * 7 + j * 61) % sensors);
      const alarms = [];
      if (n % 60 === 0) alarms.push(alarmOf(n / 60, now_ms, "unacknowledged"));
      if (n % 60 === 20 && n > 60) alarms.push(alarmOf((n - 20) / 60, now_ms, "acknowledged"));
      if (n % 60 === 40 && n > 60) alarms.push(alarmOf((n - 40) / 60, now_ms, "normal"));
      sequence += 1;
      const frame = {
        type: "delta", sequence, now_ms, alarms,
        observations: {
          i, time_ms: i.map(() => now_ms), value: i.map((j) => 50 + ((n * 13 + j) % 100)),
          quality: i.map(() => 1), origin: i.map(() => "live"), incomplete: [],
        },
        sound: { i: [], time_ms: [], value: [] }, beside: [],
        status: { ...snapshot.status, gateway: { ...snapshot.status.gateway, last_frame_ms: now_ms } },
        ...(alarms.length > 0 ? { incidents: [] } : {}),
      };
      socket.take.call(socket, new MessageEvent("message", { data: JSON.stringify(frame) }));
      if (k % 20 === 19) await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    }
    return n;
  };
})();
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What the page holds after a garbage collection."""

    heap_bytes: int
    nodes: int  # of the document, also of what was taken out and is still held
    listeners: int


def feed(page: Page, seconds: int) -> None:
    """Let so many simulated seconds pass."""
    page.evaluate("(seconds) => window.feed(seconds)", seconds)


def held(cdp: CDPSession) -> Held:
    """Collect garbage, then look."""
    cdp.send("HeapProfiler.collectGarbage")
    counters = cdp.send("Memory.getDOMCounters")
    heap = int(cdp.send("Runtime.getHeapUsage")["usedSize"])
    return Held(heap, int(counters["nodes"]), int(counters["jsEventListeners"]))
