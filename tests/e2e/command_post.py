"""Two people at work over the API, and a book of every act that was answered with yes: each must stay on record."""

import random
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.api import PASSWORD, Api

OPERATOR, SUPERVISOR = "sari", "budi"
GONE = (httpx.TransportError,)  # the command center was killed while we asked


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was answered with 2xx; `words` are its own, or of a warning what was done and by whom."""

    path: str  # of what it was about
    words: str


@dataclass(slots=True)
class CommandPost:
    """An operator and a supervisor."""

    url: str
    chance: random.Random
    done: list[Done] = field(default_factory=list)
    operator: Api = field(init=False)
    supervisor: Api = field(init=False)

    def __post_init__(self) -> None:
        self.operator, self.supervisor = Api(self.url, OPERATOR), Api(self.url, SUPERVISOR)

    def make_people(self, admin: Api) -> None:
        """Their logins."""
        for name, role in ((OPERATOR, "operator"), (SUPERVISOR, "supervisor")):
            admin.post("/users", {"name": name, "role": role, "password": PASSWORD})

    def work_until_it_is_gone(self) -> None:
        """Act on what lies there, again and again, until nobody answers any more."""
        acts = (self._acknowledge, self._note, self._act, self.issue_drafts)
        try:
            while True:
                self.chance.choice(acts)()
        except GONE:
            return

    def acknowledge_incidents(self) -> None:
        """Every incident that somebody has not seen, as one."""
        for incident in self.operator.get("/incidents")["items"]:
            if incident["unacknowledged"]:
                self.operator.post(f"/incidents/{incident['id']}/acknowledge", {"comment": "semua dilihat"})

    def issue_drafts(self) -> None:
        """Authorise and issue every warning that lies ready.  One that changed meanwhile is left for the next time."""
        for draft in self.operator.get("/alerts", state="draft,authorised")["items"]:
            path = f"/alerts/{draft['id']}"
            if draft["state"] == "draft":
                yes = {"revision": draft["revision"], "comment": "teks dibaca"}
                if not self._may(self.supervisor, f"{path}/authorise", yes):
                    continue
                self.done.append(Done(path, f"authorised by {SUPERVISOR}"))
            if self._may(self.operator, f"{path}/issue", {}):
                self.done.append(Done(path, f"issued by {OPERATOR}"))

    def close(self) -> None:
        """Close the connections."""
        self.operator.close()
        self.supervisor.close()

    def _acknowledge(self) -> None:
        alarm = self._any(a for a in self.operator.everything("/alarms", state="open") if a["acknowledged_by"] is None)
        if alarm is not None:
            self._say(f"/alarms/{alarm['id']}", "acknowledge")

    def _note(self) -> None:
        alarm = self._any(self.operator.everything("/alarms", state="open"))
        if alarm is not None:
            self._say(f"/alarms/{alarm['id']}", "note")

    def _act(self) -> None:
        action = self._any(a for a in self.operator.everything("/actions") if a["state"] in ("waiting", "taken"))
        if action is not None:
            self._say(f"/actions/{action['id']}", "take" if action["state"] == "waiting" else "done")

    def _any(self, found: Any) -> dict[str, Any] | None:
        items = list(found)
        return self.chance.choice(items) if items else None

    def _say(self, path: str, verb: str) -> None:
        words = f"{verb} {len(self.done)}"
        self.operator.post(f"{path}/{verb}", {"comment": words})
        self.done.append(Done(path, words))

    def _may(self, who: Api, path: str, body: dict[str, Any]) -> bool:
        try:
            who.post(path, body)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.CONFLICT:
                return False
            raise
        return True
