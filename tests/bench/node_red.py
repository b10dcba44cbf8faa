"""Node-RED as a peer: mqtt in → json → switch → function, nothing stored.

Nothing here installs it: `SIAGA_BENCH_NODE_RED=FOLDER` names a folder in which `npm install node-red` was run.
"""

import json
import os
import re
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from tests.bench.brokers import BenchBroker
from tests.bench.subjects import Load, Result, cpu_s
from tests.e2e.processes import free_port, until

IDLE_S: Final = 3.0
EVERY: Final = 1_000
_FUNCTION: Final = (
    "let c = context.get('c') || 0; c += 1; context.set('c', c);"
    f" if (c % {EVERY} === 0) {{ node.log('count ' + c); }} return null;"
)


def is_there() -> bool:
    """Whether the variable names an installation."""
    return _program().exists()


def _program() -> Path:
    return Path(os.environ.get("SIAGA_BENCH_NODE_RED", "/nowhere")) / "node_modules/node-red/red.js"


def _flow(port: int) -> list[dict[str, object]]:
    rules: list[dict[str, object]] = [{"t": "gte", "v": str(limit), "vt": "num"} for limit in (600, 500, 400, 300)]
    choice = {"property": "payload.value", "propertyType": "msg", "rules": [*rules, {"t": "else"}], "outputs": 5}
    broker = {"broker": "127.0.0.1", "port": str(port), "clientid": "bench-node-red", "keepalive": "600"}
    return [
        {"id": "tab", "type": "tab", "label": "bench"},
        {"id": "broker", "type": "mqtt-broker", "cleansession": True, "protocolVersion": "4", **broker},
        _node("in", "mqtt in", [["json"]], topic="telemetry/#", qos="1", datatype="utf8", broker="broker"),
        _node("json", "json", [["switch"]], property="payload", action="obj"),
        _node("switch", "switch", [["count"]] * 5, checkall="false", **choice),
        _node("count", "function", [[]], func=_FUNCTION, outputs=1),
    ]


def _node(name: str, kind: str, wires: list[list[str]], **more: object) -> dict[str, object]:
    return {"id": name, "type": kind, "z": "tab", "x": 1, "y": 1, "wires": wires, **more}


def under(broker: BenchBroker, load: Load) -> Result:
    """Node-RED under a load; counted to the thousand."""
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
        (Path(folder) / "flows.json").write_text(json.dumps(_flow(broker.port)), encoding="utf-8")
        argv = ["node", str(_program()), "--userDir", folder, "--port", str(free_port()), "flows.json"]
        seen: list[tuple[float, int]] = []
        connected = threading.Event()
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:

            def read() -> None:
                assert process.stdout is not None
                for line in process.stdout:
                    if "Connected to broker" in line:
                        connected.set()
                    if found := re.search(r"count (\d+)", line):
                        seen.append((time.perf_counter(), int(found[1])))

            reader = threading.Thread(target=read, daemon=True)
            reader.start()
            try:
                assert connected.wait(60), "Node-RED does not connect"
                time.sleep(2)
                before_s = cpu_s(process.pid)
                load()
                until(lambda: seen, "a count of Node-RED's function")
                while time.perf_counter() - seen[-1][0] < IDLE_S:
                    time.sleep(0.1)
                used_s = cpu_s(process.pid) - before_s
            finally:
                process.terminate()
                reader.join(10)
        first, last = seen[0], seen[-1]
        return Result(last[1], (last[0] - first[0]) * last[1] / max(1, last[1] - first[1]), used_s)
