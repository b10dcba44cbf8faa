"""How a session stands, for people: what the status frame says of a source."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Standing:
    """Written by the session, read by whoever reports."""

    connected: bool = False
    error: str = ""  # why it is not connected
    protocol: str = ""  # "5" or "3.1.1", of the newest connection
    reconnects: int = -1  # the first connection is none
    session_lost: int = 0  # times that the broker had no session of ours any more, and what waited in it
    healed: int = 0  # connections made anew because nothing flowed
    flows: bool | None = None  # None: not known yet, or no canary
    canary_ms: float | None = None  # the newest beat's way to the broker and back
    canary_note: str = ""  # why nothing flows, or why there is no canary
    taken_over: str = ""  # the sign that another gateway uses our client id, "" = none
    downgraded: str = ""  # where the broker promises less than we asked for: QoS 0, a session that ends sooner
    session_note: str = ""  # when our session was lost or dropped last, and what was in it
    filters: tuple[str, ...] = field(default=())  # subscribed, our canary's left out
