"""`/metrics`: read off the parts when asked for, in a registry of our own; the gateway's figures as it told them."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from command_center.actuators.desk import ActuatorDesk
from command_center.actuators.figures import actuator_metrics
from command_center.actuators.link import ActuatorLinks
from command_center.alarms.desk import AlarmDesk
from command_center.alerts.listening import Listening
from command_center.alerts.office import AlertOffice
from command_center.alerts.watch import AlertWatch
from command_center.api.rate_limit import RateLimit
from command_center.api.streamed import Streams
from command_center.clock import now_us
from command_center.gateway_link import GatewayLink
from command_center.gateway_metrics import gateway_metrics
from command_center.history.figures import history_metrics
from command_center.live import LiveView
from command_center.mqtt_out.alarms import AlarmFeed
from command_center.mqtt_out.figures import out_metrics
from command_center.mqtt_out.observations import ObservationFeed
from command_center.mqtt_out.service import MqttOut
from command_center.notify.figures import notify_metrics
from command_center.notify.service import Notifier
from command_center.picture.picture import Picture
from command_center.picture.tail import Tail
from command_center.public.writer import PublicPage
from command_center.screens import Sound
from command_center.troubles.desk import TroubleDesk
from command_center.troubles.figures import trouble_metrics
from command_center.wall_status import StatusBoard
from sensors.times import NEVER, SECOND_US

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class WarningParts(NamedTuple):
    """What has to do with warnings to the public."""

    office: AlertOffice
    watch: AlertWatch
    listening: Listening


class OutParts(NamedTuple):
    """What leaves over MQTT."""

    out: MqttOut
    alarms: AlarmFeed
    observations: ObservationFeed


class MeansParts(NamedTuple):
    """The means of warning: sirens, and what is wrong with any of them."""

    actuators: ActuatorDesk
    links: ActuatorLinks
    troubles: TroubleDesk


class HttpParts(NamedTuple):
    """What keeps those who ask within bounds."""

    limit: RateLimit
    streams: Streams


class Metrics(Collector):
    """Collects from the parts; keeps no figure itself."""

    def __init__(
        self,
        desk: AlarmDesk,
        picture: Picture,
        tail: Tail,
        link: GatewayLink,
        live: LiveView,
        board: StatusBoard,
        warnings: WarningParts,
        notifier: Notifier,
        out: OutParts,
        means: MeansParts,
        public: PublicPage,
        http: HttpParts,
    ) -> None:
        self._desk, self._picture, self._tail = desk, picture, tail
        self._link, self._live, self._board = link, live, board
        self._warning_parts, self._notifier = warnings, notifier
        self._out, self._means, self._public = out, means, public
        self._keeper = link.keeper
        self._http_parts = http
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks for."""
        yield from self._log()
        yield from self._memory()
        yield from history_metrics(self._keeper)
        yield from self._alarms()
        yield from self._warnings()
        yield from self._sensors()
        yield from notify_metrics(self._notifier)
        yield from self._public_page()
        yield from out_metrics(*self._out)
        yield from actuator_metrics(self._means.actuators, self._means.links, now_us())
        yield from trouble_metrics(self._means.troubles)
        yield from self._http()
        yield from self._gateway()

    def _log(self) -> Iterator[Metric]:
        tail = self._tail
        yield _gauge("log_applied_seq", "newest row of the log that is applied", tail.seq)
        yield _counter("log_rows_missing", "rows that were gone before they were read here", tail.rows_missing)
        yield _counter("log_rows_damaged", "rows whose observations are damaged", self._picture.damaged_rows)
        yield _gauge("dead_letters", "dead letters ever, as the log counts them", tail.dead_letters)

    def _memory(self) -> Iterator[Metric]:
        history = self._picture.history
        yield _gauge("history_observations", "observations in memory", history.observations)
        yield _counter("history_forgotten", "observations dropped from memory to stay within bounds", history.forgotten)
        yield _counter("history_expired", "observations dropped from memory because of their age", history.expired)
        yield _gauge("history_rows_left_out", "recent rows that did not fit into memory", self._tail.rows_left_out)
        conflicts = sum(history.conflicts.values())
        yield _gauge("conflicts", "other values that came for a time that has one, in memory", conflicts)
        yield _gauge("live_viewers", "clients of the live view", self._live.viewers)
        yield self._screens()
        yield _counter("live_snapshots", "snapshots encoded for the live view", self._live.snapshots)
        yield _counter("live_behind", "times a slow client was brought to a fresh snapshot", self._live.fallen_behind)

    def _screens(self) -> Metric:
        screens = GaugeMetricFamily("siaga_screens", "open screens by what can be heard there", labels=["sound"])
        said = [screen.sound for screen in self._live.screens.open()]
        for sound in Sound:
            screens.add_metric([sound], said.count(sound))
        return screens

    def _alarms(self) -> Iterator[Metric]:
        states = GaugeMetricFamily("siaga_alarms", "open alarms", labels=["state", "priority"])
        counted: dict[tuple[str, str], int] = {}
        for alarm in self._desk.open_alarms():
            key = (str(alarm.state), alarm.priority)
            counted[key] = counted.get(key, 0) + 1
        for key, count in counted.items():
            states.add_metric(key, count)
        yield states
        yield _counter("alarm_calls", "annunciations that were heard", self._desk.calls)
        unseen = self._live.receipts.unseen(self._desk.open_alarms(), now_us())
        yield _gauge("alarms_unseen", "annunciations that no screen has painted for 30 s", len(unseen))
        yield _counter("receipts_refused", "messages of screens that cannot be read", self._live.screens.refused)
        yield _gauge("alarm_events_pending", "alarm events that operations.db has not taken", self._desk.pending)
        yield _counter("alarm_twins", "alarms whose id an alarm of lost rows had already", self._desk.twins)
        yield _counter("rebased", "datastreams judged anew as their time lay ahead of our clock", self._desk.rebased)
        yield _counter("unnamed_transitions", "transitions of datastreams that no catalogue names", self._desk.unnamed)

    def _warnings(self) -> Iterator[Metric]:
        office, watch, listening = self._warning_parts
        yield _counter("alerts_issued", "CAP messages that were issued", office.issued)
        yield _counter(
            "alerts_published", "CAP messages and clearings published over MQTT", self._out.out.published["alert"]
        )
        yield _gauge("alert_broker_connected", "the broker that warnings are published to", self._out.out.connected)
        yield _gauge("alert_rules_failing", "no warnings are drafted by rule just now", bool(watch.error))
        failures = GaugeMetricFamily("siaga_cap_feed_failures", "failed rounds in a row", labels=["feed"])
        refused = CounterMetricFamily("siaga_cap_feed_refused", "what was no CAP message", labels=["feed"])
        for state in listening.states():
            failures.add_metric([state.name], state.failures)
            refused.add_metric([state.name], state.refused)
        yield failures
        yield refused

    def _sensors(self) -> Iterator[Metric]:
        counts = self._board.counts()
        yield _gauge("sensors", "sensors of the catalogue in force", counts.total)
        yield _gauge("sensors_silent", "sensors that are silent", counts.silent)
        yield _gauge("sensors_never_heard", "sensors never heard", counts.never_heard)

    def _public_page(self) -> Iterator[Metric]:
        page = self._public
        yield _counter("public_page_failures", "rounds in which the public page could not be written", page.failures)
        written_s = 0.0 if page.written_us == NEVER else page.written_us / SECOND_US
        yield _gauge("public_page_written_timestamp_seconds", "when it was written last; 0: not yet, or off", written_s)

    def _http(self) -> Iterator[Metric]:
        limit, streams = self._http_parts
        yield _counter("http_limited", "requests that were refused because their caller asks too often", limit.limited)
        yield _counter("http_unread", "streamed answers cut off because nobody read them", streams.cut_off)
        yield _gauge("http_callers", "callers whose requests are counted", limit.callers)
        yield _counter("http_callers_forgotten", "callers forgotten to stay within bounds", limit.forgotten)

    def _gateway(self) -> Iterator[Metric]:
        frame = self._link.frame
        yield _gauge("gateway_up", "the gateway is linked", self._link.connected)
        if frame is None:
            return
        yield _gauge("gateway_silent_seconds", "since its newest frame", self._link.silent_s(now_us()))
        yield from gateway_metrics(frame)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"siaga_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"siaga_{name}", text, value=value)
