"""A siren or lamp: where it stands, how it is told and tells, and what sounds it (actuators.csv)."""

from typing import Final, Literal

from sensors.row import Row

NO_TOPIC: Final = "-"  # it is not told (an autonomous siren), or does not tell
PLAIN: Final = '{"id": "{id}", "set": "{set}", "issued_at": "{issued_at}", "expires_at": "{expires_at}"}'


class Actuator(Row, frozen=True, kw_only=True):
    """One siren or lamp.  In topics and payloads `{id}`, `{set}`, `{issued_at}` and `{expires_at}` are filled in."""

    actuator: str
    kind: Literal["siren", "lamp"]
    station: str = ""  # where it stands; what sounds it is measured there, unless `datastream` names another
    area: str = ""  # or the area whose stations sound it, by its Kemendagri code
    broker: str = ""  # name of a source; empty = the first
    topic_set: str = "siaga/actuator/{id}/set"
    payload_on: str = PLAIN
    payload_off: str = PLAIN
    topic_state: str = "siaga/actuator/{id}/state"
    state_on: str = "on"  # what it says when it sounds: the payload, or path=value in a JSON payload
    state_off: str = "off"
    confirm_s: float = 30.0  # it must have said so that long after it was told
    expires_s: float = 60.0  # what could not be delivered for so long is not delivered any more
    datastream: str = ""  # {station}:{property} whose `level` sounds it
    level: str = ""  # from this level on it sounds by itself
    severity: int | None = None  # or from this severity on
    who: Literal["operator", "supervisor", "admin"] = "supervisor"  # the least role that may sound it by hand

    @property
    def is_autonomous(self) -> bool:
        """It sounds by a switch of its own: Siaga hears it and cannot tell it anything."""
        return self.topic_set == NO_TOPIC

    @property
    def tells(self) -> bool:
        """Whether it says how it stands."""
        return self.topic_state != NO_TOPIC

    @property
    def set_topic(self) -> str:
        """Where it is told."""
        return self.topic_set.replace("{id}", self.actuator)

    @property
    def state_topic(self) -> str:
        """Where it says how it stands."""
        return self.topic_state.replace("{id}", self.actuator)
