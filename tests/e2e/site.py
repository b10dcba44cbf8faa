"""A site: one data directory, one city, and the processes that work on them, started one by one or by `siaga run`."""

import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.api import PASSWORD, Api
from tests.e2e.broker import Broker, start_mosquitto, start_nats
from tests.e2e.processes import Process, Processes, children_of, free_port, until
from tests.e2e.small_city import write_city
from tests.e2e.victoria import Victoria, start_victoria

NO_SETTINGS: Mapping[str, str] = {}


@dataclass(slots=True)
class Run:
    """A `siaga run` that has said that it is ready."""

    process: Process
    api: Api
    broker: Broker

    def child(self, name: str) -> int:
        """The pid of the child whose command line has `name` in it."""
        return until(
            lambda: next((pid for pid, line in children_of(self.process.pid).items() if name in line), 0),
            f"a child {name!r} of siaga run",
        )

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.signal(signal.SIGINT)


@dataclass(slots=True)
class Site:
    """What a test may start; everything ends with the test."""

    folder: Path
    processes: Processes
    apis: list[Api] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        """The data directory, the same for every process started here."""
        return self.folder / "data"

    @property
    def city(self) -> Path:
        """The small city's folder; written at first use, a test may change it before a start."""
        folder = self.folder / "kota-uji"
        return folder if folder.exists() else write_city(folder)

    def start_nats(self, port: int | None = None) -> Broker:
        """The embedded broker; with the port of an earlier one it is the same broker again."""
        return start_nats(self.processes, self.data_dir, port)

    def start_mosquitto(self, port: int | None = None, more: str = "") -> Broker:
        """Debian's Mosquitto; with the port of an earlier one it is the same broker again."""
        return start_mosquitto(self.processes, self.folder / "mosquitto", port, more)

    def start_gateway(self, broker: Broker, *, city: str = "", **settings: str) -> Process:
        """`siaga gateway`; returns when it is connected.  `settings` are environment variables."""
        arguments = ("gateway", "--data-dir", self.data_dir)
        process = self.processes.siaga(*arguments, environment=self._environment(broker.url, city) | settings)
        process.wait_for_line("connected")
        return process

    def start_victoria(self, port: int | None = None) -> Victoria:
        """Debian's VictoriaMetrics; with the port of an earlier one it is the same server again."""
        return start_victoria(self.processes, self.folder / "victoria", port, "-memory.allowedBytes=268435456")

    def start_sink(self, victoria: Victoria, **settings: str) -> Process:
        """`siaga sink`; returns when it follows the log."""
        environment = {
            "SIAGA_INFLUX_URL": victoria.url,
            "SIAGA_INFLUX_INTERVAL_S": "0.1",
            "SIAGA_INFLUX_RETRY_MAX_S": "1",
        }
        process = self.processes.siaga("sink", "--data-dir", self.data_dir, environment=environment | settings)
        process.wait_for_line("following log")
        return process

    def start_command_center(
        self, settings: Mapping[str, str] = NO_SETTINGS, *, city: str = "", port: int | None = None, **more: str
    ) -> tuple[Process, Api]:
        """`siaga command-center`; returns when /readyz says yes."""
        port = port or free_port()
        process = self.spawn_command_center(settings, city=city, port=port, **more)
        return process, self._ready_api(process, port)

    def spawn_command_center(
        self, settings: Mapping[str, str] = NO_SETTINGS, *, city: str = "", port: int, **more: str
    ) -> Process:
        """The same, and not waited for."""
        environment = self._environment("", city) | {"SIAGA_HTTP_PORT": str(port)} | dict(settings) | more
        return self.processes.siaga("command-center", "--data-dir", self.data_dir, environment=environment)

    def start_run(self, *options: object, city: str = "", **settings: str) -> Run:
        """`siaga run` on free ports and the small city, without a simulator unless `options` are given; has greeted."""
        http_port, mqtt_port = free_port(), free_port()
        process = self.processes.siaga(
            *("run", "--data-dir", self.data_dir, "--city", city or self.city),
            *("--http-port", http_port, "--mqtt-port", mqtt_port),
            *(options or ("--no-simulator",)),
            environment={"SIAGA_ADMIN_PASSWORD": PASSWORD} | settings,
        )
        greeting = process.wait_for_line("  wall ")
        url = re.search(r"http://\S+", greeting)
        assert url is not None
        process.wait_for_line("Ctrl-C")
        return Run(process, self._api(url[0].rstrip("/")), Broker(process, mqtt_port))

    def close(self) -> None:
        """End everything."""
        for api in self.apis:
            api.close()
        self.processes.close()

    def _environment(self, broker_url: str, city: str) -> dict[str, str]:
        return {
            "SIAGA_CITY": city or str(self.city),
            "SIAGA_MQTT_URL": broker_url,
            "SIAGA_ADMIN_PASSWORD": PASSWORD,
            "SIAGA_MQTT_RECONNECT_MAX_S": "0.5",
        }

    def _api(self, url: str) -> Api:
        api = Api(url)
        self.apis.append(api)
        return api

    def _ready_api(self, process: Process, port: int) -> Api:
        api = self._api(f"http://127.0.0.1:{port}")
        until(lambda: api.is_ready() or process.exit_code is not None, "the command center's /readyz")
        assert process.exit_code is None, process.output
        return api


@contextmanager
def shared_site(folder: Path) -> Iterator[Site]:
    """A site that several tests share."""
    site = Site(folder, Processes(folder))
    try:
        yield site
    finally:
        site.close()
