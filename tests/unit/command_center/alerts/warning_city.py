"""A city that may warn, its command center, and what tests do with it."""

from typing import Any

import httpx
from msgspec.structs import replace

from command_center.clock import now_us
from gateway.log.rows import Entry
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.transition import Transition
from sensors.warning_rules import CapRules, SaidTwice
from tests import plain_http
from tests.unit.command_center.little_city import LEVEL, entry, little_city
from tests.unit.command_center.running import Running, until

SENDER = "pusdalops@bpbd.kota.go.id"
CAP = CapRules(
    sender=SENDER,
    sender_name=SaidTwice(id="BPBD Kota Kecil", en="Little City disaster agency"),
    contact="0321-123456",
    web="https://bpbd.kota.go.id/",
)
PHONE = {"authorised_by": "Budi Santoso", "means": "phone"}


def warning_city(**fields: Any) -> Catalogue:
    """The little city with `[cap]`."""
    city = little_city()
    return replace(city, city=replace(city.city, cap=replace(CAP, **fields)))


def row(*transitions: Transition, value: float = 612.0, origin: Origin = Origin.LIVE) -> Entry:
    """A row of now."""
    at_us = now_us()
    stamped = tuple(replace(one, time_us=at_us, at_us=at_us, origin=origin) for one in transitions)
    return entry([(LEVEL, at_us, value)], *stamped, now_us=at_us, origin=origin)


class Office:
    """What a person does over HTTP."""

    def __init__(self, center: Running) -> None:
        self._center = center
        self._headers = center.log_in()

    def post(self, path: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        """The answer of a POST, which must have that status."""
        answer = self._center.client.post(f"/alerts{path}", json=body or {}, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def list(self, **parameters: Any) -> list[dict[str, Any]]:
        """The newest first."""
        found: list[dict[str, Any]] = self._center.get("/alerts", **parameters)["items"]
        return found

    def wait(self, state: str, **fields: Any) -> dict[str, Any]:
        """The newest warning in a state with these fields, once there is one."""

        def found() -> list[dict[str, Any]]:
            return [one for one in self.list(state=state) if all(one[key] == fields[key] for key in fields)]

        until(lambda: bool(found()))
        return found()[0]

    def authorise(self, alert: dict[str, Any], **fields: Any) -> Any:
        """Budi says yes by phone."""
        return self.post(f"/{alert['id']}/authorise", {"revision": alert["revision"], **PHONE, **fields})

    def issue(self, alert: dict[str, Any]) -> Any:
        """Authorised and sent out."""
        self.authorise(alert)
        return self.post(f"/{alert['id']}/issue")

    def public(self, path: str) -> httpx.Response:
        """What anybody gets at the root."""
        return plain_http.get(f"{self._center.url}{path}")
