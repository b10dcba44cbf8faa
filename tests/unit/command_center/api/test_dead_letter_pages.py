"""A page of dead letters is bounded in bytes, whatever the payloads are, and none is passed over."""

import hashlib
from pathlib import Path

from gateway.log.rows import DeadLetter, Entry
from tests.unit.command_center.little_city import NOW_US, batch
from tests.unit.command_center.running import running

WORST = b"\x00" * 65_536  # each byte is six of JSON, and more than one of base64


def test_a_page_of_large_payloads_ends_early_and_goes_on(tmp_path: Path) -> None:
    letters = tuple(
        DeadLetter(
            received_us=NOW_US, source="main", topic=f"telemetry/x{n}", reason="not_json", detail="byte 0",
            payload=WORST, length=len(WORST), sha256=hashlib.sha256(WORST).hexdigest(),
        )
        for n in range(30)
    )  # fmt: skip
    with running(tmp_path) as center:
        center.gateway.append(Entry(NOW_US, "observations", 1, batch([]), dead_letters=letters))
        center.wait_ready()
        seen: list[int] = []
        after: str | None = ""
        while after is not None:
            answer = center.client.get("/dead-letters", params={"limit": 500} | ({"after": after} if after else {}))
            assert len(answer.content) <= 4 * 1024 * 1024 + 10_000
            page = answer.json()
            assert page["items"]
            seen += [item["id"] for item in page["items"]]
            after = page["next"]
        assert len(center.get("/dead-letters", limit=7)["items"]) == 7
    assert len(seen) == len(set(seen)) == 30
    assert seen == sorted(seen, reverse=True)
