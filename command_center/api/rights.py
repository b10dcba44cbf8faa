"""Who may do what: the least role, the scopes and whether nobody in particular may, of EVERY route.

One row a route, by method (`WS` is a WebSocket) and path template.  What has no row is answered 404 by the gate,
whoever asks: a new route needs its row, and tests/unit/command_center/api/test_rights.py fails until it has one.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from starlette.routing import compile_path

from command_center.people import Caller, Role, Scope

V1: Final = "/api/v1"
SOCKET: Final = "WS"


class Right(NamedTuple):
    """What it takes.  A caller needs the role, or one of the scopes, or to be where nobody in particular may."""

    role: Role
    scopes: frozenset[Scope] = frozenset()
    loopback: bool = False  # nobody in particular may, on this machine
    anybody: bool = False  # nobody in particular may, from anywhere
    own: bool = False  # of tokens only our own, which bear the scope `wall` too: not to be cut to what is shared


class Decision(StrEnum):
    """What the gate does."""

    ALLOWED = "allowed"
    LOG_IN = "log_in"  # 401: nobody is known here
    FORBIDDEN = "forbidden"  # 403: known, and may not


OPEN: Final = Right(Role.VIEWER, anybody=True)  # no data, or the login itself
WALL: Final = Right(Role.VIEWER, frozenset({Scope.WALL, Scope.READ}), loopback=True)
WALL_OWN: Final = WALL._replace(own=True)
LIVE: Final = Right(Role.VIEWER, frozenset({Scope.WALL}), loopback=True)
READ: Final = Right(Role.VIEWER, frozenset({Scope.READ}), loopback=True)
READ_OWN: Final = READ._replace(own=True)
EXPORT: Final = Right(Role.VIEWER, frozenset({Scope.EXPORT, Scope.READ}), loopback=True)
EXPORT_OWN: Final = EXPORT._replace(own=True)
FIGURES: Final = Right(Role.VIEWER, frozenset({Scope.METRICS, Scope.READ}), loopback=True)
WHOEVER: Final = Right(Role.VIEWER, frozenset(Scope), loopback=True)
IN_PERSON: Final = Right(Role.VIEWER)  # what people wrote, and one's own affairs
OPERATE: Final = Right(Role.OPERATOR)
SUPERVISE: Final = Right(Role.SUPERVISOR)
ADMINISTER: Final = Right(Role.ADMIN)

RIGHTS: Final[Mapping[tuple[str, str], Right]] = {
    ("GET", "/"): OPEN,
    ("GET", "/maintenance"): OPEN,
    ("GET", "/console"): OPEN,
    ("GET", "/static/{path:path}"): OPEN,
    ("GET", "/a/{token}"): OPEN,  # a signed link names whose message it stood in: it opens itself
    ("POST", "/a/{token}"): OPEN,
    ("GET", "/docs"): READ,
    ("GET", "/openapi.json"): READ,
    ("GET", "/healthz"): FIGURES,
    ("GET", "/readyz"): FIGURES,
    ("GET", "/metrics"): FIGURES,
    ("POST", f"{V1}/login"): OPEN,
    ("POST", f"{V1}/logout"): IN_PERSON,
    ("GET", f"{V1}/me"): WHOEVER,
    ("POST", f"{V1}/me/password"): IN_PERSON,
    # what is seen
    (SOCKET, f"{V1}/live"): LIVE,  # one picture for all who look
    ("GET", f"{V1}/city"): WALL,
    ("GET", f"{V1}/city/layers/{{number}}"): WALL,
    ("GET", f"{V1}/sensors"): WALL,
    ("GET", f"{V1}/sensors/{{sensor_id}}"): WALL,
    ("GET", f"{V1}/sensors/{{sensor_id}}/observations"): WALL,
    ("POST", f"{V1}/sensors/{{sensor_id}}/observations"): OPERATE,  # a reading that was heard
    ("POST", f"{V1}/sensors/{{sensor_id}}/counterfactual"): OPERATE,  # changes nothing, and takes seconds of a core
    ("GET", f"{V1}/stations/{{station}}"): WALL,
    ("GET", f"{V1}/waves"): WALL,
    ("GET", f"{V1}/alarms"): WALL,
    ("GET", f"{V1}/alarms/{{alarm_id}}"): WALL,
    ("GET", f"{V1}/incidents"): WALL,
    ("GET", f"{V1}/incidents/{{incident_id}}"): WALL,
    ("GET", f"{V1}/incidents/{{incident_id}}/timeline.json"): READ_OWN,
    ("GET", f"{V1}/incidents/{{incident_id}}/timeline.html"): READ_OWN,
    ("GET", f"{V1}/incidents/{{incident_id}}/timeline.pdf"): READ_OWN,
    ("GET", f"{V1}/service-orders"): WALL,
    ("GET", f"{V1}/actions"): WALL,
    ("GET", f"{V1}/actions/{{action_id}}"): WALL,
    ("GET", f"{V1}/reports"): WALL,
    ("GET", f"{V1}/reports/sent"): WALL,
    ("GET", "/alerts.atom"): READ,
    ("GET", "/alerts/{alert_id}.xml"): READ,
    ("GET", f"{V1}/alerts"): READ_OWN,
    ("GET", f"{V1}/alerts/incoming"): WALL,
    ("GET", f"{V1}/alerts/{{alert_id}}"): READ_OWN,
    ("GET", f"{V1}/alerts/{{alert_id}}/preview.xml"): READ_OWN,
    ("GET", f"{V1}/notifications"): READ_OWN,
    ("GET", f"{V1}/notifications/contacts"): READ_OWN,
    ("GET", f"{V1}/actuators"): WALL_OWN,  # who sounded them, and why
    ("GET", f"{V1}/actuators/{{name}}"): WALL_OWN,
    ("GET", f"{V1}/troubles"): WALL_OWN,  # they tell of alarms whatever is shared
    ("GET", f"{V1}/kpis"): READ,
    ("GET", f"{V1}/kpis.csv"): EXPORT,
    ("GET", f"{V1}/observations"): EXPORT,
    ("GET", f"{V1}/transitions"): EXPORT,
    ("GET", f"{V1}/export.csv"): EXPORT,
    ("GET", f"{V1}/export.parquet"): EXPORT,
    ("GET", f"{V1}/export/progress"): EXPORT,
    ("GET", f"{V1}/maintenance"): READ_OWN,
    ("GET", f"{V1}/pulse"): READ_OWN,
    ("GET", f"{V1}/maintenance.csv"): EXPORT_OWN,
    ("GET", f"{V1}/unknown-devices"): READ_OWN,
    ("GET", f"{V1}/catalogue"): READ_OWN,
    ("POST", f"{V1}/catalogue/reload"): SUPERVISE,
    ("GET", f"{V1}/dead-letters"): READ_OWN,
    ("GET", f"{V1}/dead-letters/groups"): READ_OWN,
    ("GET", f"{V1}/dead-letters/{{letter_id}}"): READ_OWN,
    ("POST", f"{V1}/dead-letters/retry"): OPERATE,
    # what is done about alarms
    ("POST", f"{V1}/alarms/acknowledge"): OPERATE,
    ("POST", f"{V1}/alarms/{{alarm_id}}/acknowledge"): OPERATE,
    ("POST", f"{V1}/alarms/{{alarm_id}}/note"): OPERATE,
    ("POST", f"{V1}/alarms/{{alarm_id}}/close"): OPERATE,
    ("POST", f"{V1}/alarms/{{alarm_id}}/shelve"): OPERATE,
    ("POST", f"{V1}/alarms/{{alarm_id}}/unshelve"): OPERATE,
    ("POST", f"{V1}/alarms/{{alarm_id}}/refute"): OPERATE,
    ("POST", f"{V1}/alarms/{{alarm_id}}/confirm"): OPERATE,
    ("POST", f"{V1}/incidents/{{incident_id}}/acknowledge"): OPERATE,
    ("POST", f"{V1}/service-orders"): OPERATE,
    ("POST", f"{V1}/service-orders/{{number}}/end"): OPERATE,
    ("POST", f"{V1}/actions/{{action_id}}/take"): OPERATE,
    ("POST", f"{V1}/actions/{{action_id}}/done"): OPERATE,
    ("POST", f"{V1}/actions/{{action_id}}/undo"): OPERATE,
    ("POST", f"{V1}/actions/{{action_id}}/note"): OPERATE,
    ("POST", f"{V1}/troubles/{{trouble_id}}/acknowledge"): OPERATE,
    ("POST", f"{V1}/reports/{{report_id}}/sent"): OPERATE,
    ("POST", f"{V1}/notifications/test"): SUPERVISE,
    # warnings to the public: who authorises is another than who issues
    ("POST", f"{V1}/alerts"): OPERATE,
    ("POST", f"{V1}/alerts/{{alert_id}}/edit"): OPERATE,
    ("POST", f"{V1}/alerts/{{alert_id}}/discard"): OPERATE,
    ("POST", f"{V1}/alerts/{{alert_id}}/authorise"): SUPERVISE,
    ("POST", f"{V1}/alerts/{{alert_id}}/issue"): OPERATE,
    ("POST", f"{V1}/alerts/{{alert_id}}/update"): OPERATE,
    ("POST", f"{V1}/alerts/{{alert_id}}/cancel"): OPERATE,
    ("POST", f"{V1}/actuators/{{name}}/set"): OPERATE,  # and the role that the actuator's row asks for
    ("POST", f"{V1}/actuators/{{name}}/test"): OPERATE,
    # people, and what they did
    ("GET", f"{V1}/users"): ADMINISTER,
    ("POST", f"{V1}/users"): ADMINISTER,
    ("POST", f"{V1}/users/{{name}}/role"): ADMINISTER,
    ("POST", f"{V1}/users/{{name}}/password"): ADMINISTER,
    ("POST", f"{V1}/users/{{name}}/remove"): ADMINISTER,
    ("GET", f"{V1}/tokens"): ADMINISTER,
    ("POST", f"{V1}/tokens"): ADMINISTER,
    ("POST", f"{V1}/tokens/{{name}}/revoke"): ADMINISTER,
    ("GET", f"{V1}/audit"): SUPERVISE,
    ("GET", f"{V1}/audit/verify"): SUPERVISE,
    ("GET", f"{V1}/journal"): IN_PERSON,
    ("POST", f"{V1}/journal"): OPERATE,
    ("GET", f"{V1}/handovers"): IN_PERSON,
    ("GET", f"{V1}/handovers/{{number}}/digest.html"): IN_PERSON,
    ("GET", f"{V1}/handovers/{{number}}/digest.pdf"): IN_PERSON,
    ("POST", f"{V1}/handover"): OPERATE,
    ("POST", f"{V1}/handover/{{number}}/accept"): OPERATE,
}


class Row(NamedTuple):
    """A row of the table, ready to be matched."""

    method: str
    template: str
    regex: re.Pattern[str]
    right: Right


def _literal_first(row: Row) -> tuple[bool, ...]:
    """`/alarms/acknowledge` is looked for before `/alarms/{alarm_id}`, as the routes are."""
    return tuple("{" in part for part in row.template.split("/"))


_ROWS: Final = sorted(
    (Row(method, template, compile_path(template)[0], right) for (method, template), right in RIGHTS.items()),
    key=_literal_first,
)


def row_of(method: str, path: str) -> Row | None:
    """The row of a request; None where there is none."""
    return next((row for row in _ROWS if row.method == method and row.regex.match(path)), None)


def methods_at(path: str) -> list[str]:
    """The methods of the route that `path` means: of `/alarms/acknowledge`, not of an alarm of that name."""
    found = [row for row in _ROWS if row.method != SOCKET and row.regex.match(path)]
    return sorted({row.method for row in found if row.template == found[0].template})


def decide(right: Right, caller: Caller | None, is_local: bool) -> Decision:
    """Whether this caller may."""
    if right.anybody or (right.loopback and is_local):
        return Decision.ALLOWED
    if caller is None:
        return Decision.LOG_IN
    if caller.role is not None and caller.role.covers(right.role):
        return Decision.ALLOWED
    is_ours = Scope.WALL in caller.scopes or not right.own
    return Decision.ALLOWED if caller.scopes & right.scopes and is_ours else Decision.FORBIDDEN
