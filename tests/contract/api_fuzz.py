"""Schemathesis against a running command center; by hand and longer: `make fuzz-api ARGS="--examples 200"`."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from tests.contract.api_city import Filled, filled

ROOT: Final = Path(__file__).parents[2]
# method and path template of what cannot be driven, and why
EXCLUDED: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/api/v1/logout"): "it ends the very session that asks",
    ("POST", "/api/v1/dead-letters/retry"): "a gateway has to answer; tests/e2e/test_dead_letters_retried.py drives it",
    ("POST", "/api/v1/sensors/{sensor_id}/observations"): "a gateway has to take the reading that was heard",
}


def fuzz(filled: Filled, who: str, examples: int, phases: str) -> subprocess.CompletedProcess[str]:
    """Run it as `who`; what it printed tells every failure with the request that brings it about."""
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(Path(__file__).with_name("api_fuzz.toml")),
    ]
    command += ["run", f"{filled.center.url}/openapi.json", "--max-examples", str(examples), "--phases", phases]
    for name, value in filled.logins[who].items():
        command += ["--header", f"{name}: {value}"]
    for method, path in EXCLUDED:
        command += ["--exclude-name", f"{method} {path}"]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.contract.api_hooks",
        "SIAGA_API_KNOWN": msgspec.json.encode(filled.known).decode(),
        "PYTHONPATH": str(ROOT),
    }
    with tempfile.TemporaryDirectory() as empty:  # it keeps what it found where it runs, and would begin with that
        return subprocess.run(command, env=environment, cwd=empty, capture_output=True, text=True, check=False)


def main() -> int:
    """The longer run, as everybody."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="of each operation")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--who", nargs="*", default=["admin", "viewer", "nobody"])
    arguments = parser.parse_args()
    failed = 0
    for who in arguments.who:
        with tempfile.TemporaryDirectory() as folder, filled(Path(folder) / "data") as made:
            found = fuzz(made, who, arguments.examples, arguments.phases)
        print(f"==== {who}\n{found.stdout}{found.stderr}")
        failed |= found.returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
