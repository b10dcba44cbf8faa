"""The log in its own order, page by page: for whoever keeps a cursor and wants everything exactly once.

A page's `next` is the cursor behind its last item, and None only where nothing came after the cursor: keep the old one
and ask again later.  Observations come once per (datastream, time), at the place where they were stored first.
"""

from collections.abc import Iterable
from typing import Final, Generic, TypeVar

import msgspec

from command_center.api.place import Place
from command_center.observation_view import ORIGIN_WORDS, known
from command_center.picture.log_thread import LogThread
from command_center.picture.picture import Picture
from gateway.log.rows import LoggedTransition, LogRow
from sensors.quality import Reason
from sensors.sharing import Audience, Terms, terms_of
from sensors.times import rfc3339

T = TypeVar("T")

ROWS_AT_ONCE: Final = 64
MAX_LOOKED_AT: Final = 50_000  # observations in one page's search, repeats included


class FeedObservation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One observation.  `datastream` is empty where no catalogue names its number any more."""

    datastream: str
    time: str
    value: float | None
    quality: int
    origin: str
    reasons: list[str] = []


class FeedTransition(msgspec.Struct, frozen=True, kw_only=True):
    """One transition.  `id` is that of the alarm that it raised, where it raised one (but see `Alarm.twin`)."""

    id: str
    datastream: str
    kind: str
    cause: str
    level: str
    rank: int
    severity: int
    limit: float | None
    value: float | None
    unit: str
    time: str  # phenomenon time of the crossing
    at: str  # receive time at which it was found
    quality: int
    origin: str
    historical: bool
    verify: bool  # of a raise: by an observation that is suspect or failed
    count: int  # of a raise: the how-manieth in a row
    rate_per_h: float | None  # of silence and of what is possible: how fast it rose when it was lost
    upstream: str | None  # of a wave: the datastream that it comes from
    until: str | None  # of a wave: the end of the time in which it is expected


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing before a page."""

    reason: str  # another log, retired
    rows: int | None  # null: nobody can say


class FeedPage(msgspec.Struct, Generic[T], frozen=True, kw_only=True, omit_defaults=True):
    """Items, the cursor behind them, and, only where something is missing before them, `gap`."""

    items: list[T]
    next: str | None
    terms: dict[str, Terms]  # of the datastreams in it, by their ids
    gap: Gap | None = None


class LogFeed:
    """Reads no further than the picture has come: only there is known what was stored first."""

    def __init__(self, log: LogThread, picture: Picture) -> None:
        self._log, self._picture = log, picture

    async def observations(
        self, after: Place, up_to_seq: int, limit: int, audience: Audience
    ) -> FeedPage[FeedObservation]:
        """Up to `limit` observations behind `after`, in rows up to `up_to_seq`, that an audience may see.

        A page that is empty because of what it may not see has a `next` all the same: who asks need not come by again.
        """
        place, gap = await self._start(after)
        items: list[FeedObservation] = []
        looked_at, hidden, moved = 0, 0, False
        while len(items) < limit and looked_at < MAX_LOOKED_AT:
            before = place.seq
            rows = await self._rows(place, up_to_seq)
            for row in rows:
                skip = place.n if row.seq == place.seq else 0
                n, unseen = self._collect(row, skip, limit, items, audience)
                hidden += unseen
                looked_at += n - skip
                moved |= n > skip
                place = Place(place.log_id, row.seq, n)
                if len(items) >= limit:
                    break
            if place.seq == before or place.seq >= up_to_seq:
                break  # nothing lies behind: an older copy of the log may end before `up_to_seq`
        is_more = bool(items) or (moved and (hidden > 0 or looked_at >= MAX_LOOKED_AT))
        terms = self._terms(item.datastream for item in items)
        return FeedPage(items=items, next=str(place) if is_more else None, terms=terms, gap=gap)

    async def transitions(
        self, after: Place, up_to_seq: int, limit: int, audience: Audience
    ) -> FeedPage[FeedTransition]:
        """Up to `limit` transitions behind `after`, in rows up to `up_to_seq`, without those of what is not seen."""
        place, gap = await self._start(after)
        found = await self._log.ask(lambda reader: reader.transitions_after(place.seq, place.n - 1, limit))
        found = [logged for logged in found if logged.seq <= up_to_seq]
        if not found:
            return FeedPage(items=[], next=None, terms={}, gap=gap)
        seen = [logged for logged in found if all(self._shows(one, audience) for one in _about(logged))]
        items = [self._transition(place.log_id, logged) for logged in seen]
        behind = Place(place.log_id, found[-1].seq, found[-1].ordinal + 1)
        return FeedPage(items=items, next=str(behind), terms=self._terms(item.datastream for item in items), gap=gap)

    def _shows(self, number: int, audience: Audience) -> bool:
        directory = self._picture.directory
        return audience is Audience.INTERNAL if directory is None else directory.shows_number(number, audience)

    def _terms(self, names: Iterable[str]) -> dict[str, Terms]:
        """The terms of what stands in a page; none of what no catalogue in force has."""
        directory = self._picture.directory
        if directory is None:
            return {}
        catalogue = directory.catalogue
        found = (catalogue.datastream_by_id.get(name) for name in sorted(set(names)))
        return {one.id: terms_of(one, catalogue) for one in found if one is not None}

    async def _start(self, after: Place) -> tuple[Place, Gap | None]:
        """Where to begin: at `after`, or at the oldest row where that is gone or of another log."""
        log_id, first = self._log.log_id, await self._log.ask(lambda reader: reader.first_seq())
        if after.log_id != log_id:
            gap = Gap(reason="another log", rows=None) if after.log_id else None
            return Place(log_id, 0, 0), gap
        if after.seq and first > after.seq + 1:
            return Place(log_id, first, 0), Gap(reason="retired", rows=first - after.seq - 1)
        return after, None

    async def _rows(self, place: Place, up_to_seq: int) -> list[LogRow]:
        """The row of `place`, which may hold more, and those behind it."""
        rows = await self._log.ask(lambda reader: reader.read_after(place.seq - 1, ROWS_AT_ONCE))
        return [row for row in rows if row.seq <= up_to_seq]

    def _collect(
        self, row: LogRow, skip: int, limit: int, items: list[FeedObservation], audience: Audience
    ) -> tuple[int, int]:
        """Add a row's observations behind its first `skip` until there are `limit`.

        How many of the row are done, and how many of them are not seen.
        """
        batch, history = row.batch, self._picture.history
        shown = {number: self._shows(number, audience) for number in set(batch.datastream.tolist())}
        unseen = 0
        seen: set[tuple[int, int]] = set()
        for k, key in enumerate(zip(batch.datastream.tolist(), batch.time_us.tolist(), strict=True)):
            if len(items) >= limit:
                return k, unseen
            if not shown[key[0]]:
                unseen += k >= skip
                continue
            if key in seen or not history.is_first(*key, row.seq):
                continue
            seen.add(key)
            if k < skip:
                continue
            number, time_us = key
            reasons = int(batch.reasons[k])
            items.append(
                FeedObservation(
                    datastream=self._id(number),
                    time=rfc3339(time_us),
                    value=known(float(batch.value[k])),
                    quality=int(batch.quality[k]),
                    origin=ORIGIN_WORDS[batch.origin[k]],
                    reasons=Reason(reasons).words if reasons else [],
                )
            )
        return len(batch), unseen

    def _transition(self, log_id: str, logged: LoggedTransition) -> FeedTransition:
        transition, directory = logged.transition, self._picture.directory
        number = transition.datastream
        datastream = directory.name(number) if directory is not None and directory.knows(number) else None
        return FeedTransition(
            id=f"{log_id}-{logged.seq}-{logged.ordinal}",
            datastream="" if datastream is None else datastream.id,
            kind=transition.kind,
            cause=transition.cause,
            level=transition.level,
            rank=transition.rank,
            severity=transition.severity,
            limit=transition.limit,
            value=transition.value,
            unit="" if datastream is None else datastream.unit,
            time=rfc3339(transition.time_us),
            at=rfc3339(transition.at_us),
            quality=transition.quality,
            origin=ORIGIN_WORDS[transition.origin],
            historical=transition.historical,
            verify=transition.verify,
            count=transition.count,
            rate_per_h=transition.rate_per_h,
            upstream=self._id(transition.other) if transition.other >= 0 else None,
            until=rfc3339(transition.until_us) if transition.until_us else None,
        )

    def _id(self, number: int) -> str:
        """A datastream's id; "" where no catalogue names its number any more."""
        directory = self._picture.directory
        return directory.name(number).id if directory is not None and directory.knows(number) else ""


def _about(logged: LoggedTransition) -> tuple[int, ...]:
    """The datastreams that a transition tells of: of a wave also the one that it comes from."""
    transition = logged.transition
    return (transition.datastream,) if transition.other < 0 else (transition.datastream, transition.other)
