"""Who may see a datastream's readings: its `sharing`, held against whoever asks.

What a city has not said is `internal` (the default of `sharing`): it is shared with nobody.
"""

from enum import StrEnum
from typing import Final, Literal

import msgspec

from sensors.catalogue import Catalogue, Datastream

Sharing = Literal["public", "agency", "internal"]


class Audience(StrEnum):
    """Whoever readings are given to."""

    PUBLIC = "public"  # everybody
    AGENCY = "agency"  # other agencies (OPD), by their tokens or logins
    INTERNAL = "internal"  # the command center's own people, walls and programs


_SEEN_BY: Final[dict[Sharing, frozenset[Audience]]] = {
    "public": frozenset(Audience),
    "agency": frozenset({Audience.AGENCY, Audience.INTERNAL}),
    "internal": frozenset({Audience.INTERNAL}),
}


def may_see(sharing: Sharing, audience: Audience) -> bool:
    """Whether an audience may see what is shared so.

    >>> may_see("agency", Audience.PUBLIC), may_see("agency", Audience.AGENCY), may_see("internal", Audience.AGENCY)
    (False, True, False)
    """
    return audience in _SEEN_BY[sharing]


class Terms(msgspec.Struct, frozen=True):
    """On what terms readings leave: whom to name, what the taker may do with them, and who may see them."""

    producer: str
    licence: str  # empty: the city states none, so nothing is granted
    sharing: Sharing


def terms_of(datastream: Datastream, catalogue: Catalogue) -> Terms:
    """The terms of a datastream: its row's, else its station's agency and the city's licence."""
    station = catalogue.station_by_id.get(datastream.station)
    producer = datastream.producer or ("" if station is None else station.agency)
    return Terms(producer, datastream.licence or catalogue.city.licence, datastream.sharing)
