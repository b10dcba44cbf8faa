"""`siaga run`: broker, gateway, command center, sink, simulator on one machine, started so, stopped in reverse."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from command_center.launcher import children
from command_center.launcher.broker_door import canary_of, follow_devices, how_devices_come_in
from command_center.launcher.children import Plan
from command_center.launcher.data_directory import check_city, held, holds_live_readings
from command_center.launcher.greeting import example, greeting, unused_brokers
from command_center.launcher.ports import check_free
from command_center.launcher.printer import Printer
from command_center.launcher.readiness import wait_until_ready
from command_center.launcher.supervisor import Child, Supervisor
from gateway import embedded_broker
from gateway.broker_limits import max_ack_pending
from gateway.canary import Canary
from gateway.devices.opening import opening
from gateway.sources import SOURCE
from gateway.subscription import filters_of
from sensors.catalogue import Catalogue
from sensors.city import load_city
from sensors.running_city import note_city
from sensors.settings import Settings

BROKER_START_S: Final = 20.0
READY_S: Final = 30.0
SAME_SIGNAL_S: Final = 0.3  # one Ctrl-C may come twice: from the terminal and through `timeout`, say
FIRST_USE: Final = "operations.db"  # made by the command center at its first start, when it shows the password

Say = Callable[[str], None]


def run(settings: Settings, *, config: str, simulate: bool) -> int:
    """Run everything until SIGINT or SIGTERM; 0 when it stopped in order, 1 when a second signal killed it.

    StartError, BrokerError or CatalogueError when it cannot start.
    """
    began = time.monotonic()
    os.umask(0o077)  # what is stored is for the user who runs Siaga; the children inherit it
    data_dir = Path(settings.data_dir).absolute()
    catalogue, _faults = load_city(settings.city)  # an unusable city ends here; faulty rows: the gateway
    own = None
    if not settings.mqtt.url:
        pending = max_ack_pending(filters_of(catalogue.city, SOURCE))
        own = replace(opening(settings.broker, settings.mqtt.port, data_dir), max_ack_pending=pending)
    plan = Plan(
        settings=settings,
        data_dir=data_dir,
        config=config,
        simulate=simulate,
        broker_url=own.door.url if own is not None else settings.mqtt.url,
        opening=own,
    )
    with held(plan.data_dir), Printer() as printer:
        check_city(plan.data_dir, catalogue.city.code)
        check_free(settings.http.host, settings.http.port, "the wall (HTTP)", "--http-port")
        if settings.public.port:
            check_free(settings.public.host, settings.public.port, "the public page", "SIAGA_PUBLIC_PORT")
        if own is not None:
            check_free(own.listen_host, settings.mqtt.port, "the broker (MQTT)", "--mqtt-port")
        children.clear_refusal(plan.data_dir)
        note_city(plan.data_dir, settings.city)
        return asyncio.run(_until_stopped(plan, catalogue, began, printer.say))


async def _until_stopped(plan: Plan, catalogue: Catalogue, began: float, print_line: Say) -> int:
    say = _voice(print_line)
    async with Supervisor(print_line) as supervisor:
        signals = _Signals(supervisor, say)
        work = asyncio.create_task(_work(plan, catalogue, began, supervisor, say), name="run.work")
        stopped = asyncio.create_task(signals.first.wait(), name="run.stop")
        try:
            await asyncio.wait((work, stopped), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            work.cancel()
            stopped.cancel()
            await asyncio.wait((work, stopped))
            signals.first.set()
            ended = time.monotonic()
    say(f"stopped in {time.monotonic() - ended:.1f} s")
    return int(signals.killed)


class _Signals:
    """SIGINT and SIGTERM stop, a second one kills; SIGHUP reloads the city, or stops where a terminal is closed."""

    def __init__(self, supervisor: Supervisor, say: Say) -> None:
        self.first = asyncio.Event()
        self.killed = False
        self._stopped_at = 0.0
        self._supervisor = supervisor
        self._say = say
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._stop if os.isatty(0) else self._reload)

    def _stop(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self.first.is_set():
            self._stopped_at = now
            self._say("stopping (once more: killed)")
            self._supervisor.end_restarts()
            self.first.set()
        elif now - self._stopped_at > SAME_SIGNAL_S:
            self.killed = True
            self._supervisor.kill_all()

    def _reload(self) -> None:
        self._supervisor.send("gateway", signal.SIGHUP)


async def _work(plan: Plan, catalogue: Catalogue, began: float, supervisor: Supervisor, say: Say) -> None:
    """Start everything in order, greet, then watch the broker; never returns."""
    for line in unused_brokers(catalogue) if plan.embedded else ():
        say(line)
    if plan.opening is None:
        await _start_and_greet(plan, catalogue, began, supervisor, say)
        await asyncio.Event().wait()
        return
    broker = supervisor.start(children.broker(plan))
    canary = canary_of(plan.data_dir)
    await canary.first_beat(BROKER_START_S)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow_devices(plan.data_dir, plan.opening, broker, say), name="run.devices")
        await _start_and_greet(plan, catalogue, began, supervisor, say)
        while True:
            await _restart_when_failed(broker, canary, plan.data_dir, say)


async def _start_and_greet(plan: Plan, catalogue: Catalogue, began: float, supervisor: Supervisor, say: Say) -> None:
    """Start whoever needs the broker, wait for the wall, and say where everything is."""
    known_admin = (plan.data_dir / FIRST_USE).exists()
    supervisor.start(children.gateway(plan))
    supervisor.start(children.command_center(plan))
    if plan.settings.influx.url:
        supervisor.start(children.sink(plan))
    if plan.settings.public.port:
        supervisor.start(children.public_page(plan))
    if not await wait_until_ready(plan.settings.http.host, plan.settings.http.port, READY_S):
        say(f"the command center is not ready after {READY_S:g} s: its lines above say why; it is kept trying")
    if plan.simulate:
        supervisor.start(children.simulator(plan))
    # What `siaga publish` sends is marked as simulated: not where the readings of the real city are.
    tried = None if holds_live_readings(plan.data_dir) else example(catalogue, datetime.now(UTC).date().isoformat())
    password = _password_from(plan.settings, known_admin=known_admin)
    took_s = time.monotonic() - began
    lines = greeting(plan.settings, plan.broker_url, password, tried, took_s, simulate=plan.simulate)
    lines[-1:-1] = how_devices_come_in(plan.opening, plan.settings) if plan.opening is not None else []
    for line in lines:
        say(line)


async def _restart_when_failed(broker: Child, canary: Canary, data_dir: Path, say: Say) -> None:
    reason = await canary.until_failed(lambda: broker.pid)
    free = shutil.disk_usage(data_dir).free
    if free < embedded_broker.LEAST_FREE_BYTES:
        say(f"the broker fails ({reason}) and the disk is full ({free >> 20} MiB free): no restart until there is room")
        return
    say(f"the broker does not do its work any more ({reason}): restarting it")
    await broker.end_life()


def _password_from(settings: Settings, *, known_admin: bool) -> str:
    if settings.admin.password:
        return "as set (SIAGA_ADMIN_PASSWORD)"
    return "as shown at the first start" if known_admin else "as shown above, this once"


def _voice(print_line: Say) -> Say:
    return lambda line: print_line(f"{'siaga':<14} | {line}")
