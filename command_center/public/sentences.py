"""What is said of a gauge, sentence by sentence: the page and the text to forward say the same."""

from command_center.public.facts import Condition, GaugeFacts, WarningFacts
from command_center.public.words import clock, joined, say
from sensors.catalogue import Catalogue, Text

# Beside the word, never instead of it: more marks are worse.
MARKS = {4: "▲▲▲", 3: "▲▲", 2: "▲", 1: "△", 0: ""}
UNKNOWN_MARK = "?"


class Teller:
    """Tells in the city's time; `now_us` tells what "today" is."""

    def __init__(self, catalogue: Catalogue, now_us: int) -> None:
        self._catalogue, self._now_us = catalogue, now_us

    def time(self, time_us: int | None) -> Text:
        """A time as the city's clocks show it; a dash where there is none."""
        return Text("–", "–") if time_us is None else clock(time_us, self._catalogue, self._now_us)

    def state(self, gauge: GaugeFacts) -> Text:
        """How it stands, in a few big words."""
        match gauge.condition:
            case Condition.NEVER:
                return say("warga.never")
            case Condition.ASIDE:
                return say("warga.aside")
            case Condition.SILENT:
                return say("warga.noData", time=self.time(gauge.since_us))
            case Condition.REFUTED:
                return say("warga.refuted", time=self.time(gauge.until_us))
            case Condition.UNGRADED:
                return say("warga.ungraded")
            case Condition.NORMAL:
                return say("warga.normal")
            case Condition.LEVEL:
                return self._level(gauge)

    def since(self, gauge: GaugeFacts) -> Text | None:
        """Since when a level is held."""
        is_held = gauge.condition is Condition.LEVEL
        return say("warga.since", time=self.time(gauge.since_us)) if is_held else None

    def _level(self, gauge: GaugeFacts) -> Text:
        level = gauge.level or Text("", "")
        upper = Text(level.id.upper(), level.en.upper())
        return say("warga.level", level=upper, rank=str(gauge.rank), ranks=str(gauge.ranks))

    def details(self, gauge: GaugeFacts) -> list[Text]:
        """What else is known, the gravest first."""
        found: list[Text] = []
        if gauge.could_be is not None:
            found.append(say("warga.couldBe", level=gauge.could_be.level, time=self.time(gauge.could_be.since_us)))
        if gauge.lost_rising:
            found.append(say("warga.lostRising"))
        if gauge.condition is Condition.SILENT and gauge.level is not None:
            found.append(say("warga.last", level=gauge.level))
        if gauge.condition is Condition.LEVEL:
            found += [gauge.means] if gauge.means is not None else []
            found += [say("warga.limit", limit=gauge.limit)] if gauge.limit is not None else []
        if gauge.condition is Condition.NORMAL:
            found.append(say("warga.normalText"))
        found += [self.reading(gauge)] if gauge.value is not None else []
        found += self._ahead(gauge)
        found += [say("warga.verify")] if gauge.verify else []
        found += [say("warga.doubt")] if gauge.doubt else []
        return found

    def reading(self, gauge: GaugeFacts) -> Text:
        """The value, its time, and its trend."""
        value = gauge.value or Text("", "")
        told = say("warga.measured", noun=gauge.noun, value=value, time=self.time(gauge.read_us))
        parts = [told, say("warga.manual")] if gauge.manual else [told]
        if gauge.condition in (Condition.LEVEL, Condition.NORMAL, Condition.UNGRADED):
            parts.append(gauge.trend)
        line = joined(parts, "; ")
        return Text(f"{line.id}.", f"{line.en}.")

    def _ahead(self, gauge: GaugeFacts) -> list[Text]:
        """When the next level and the next wave can be there: one time where the minute is the same."""
        found = []
        if gauge.next is not None:
            level, from_, to = gauge.next.level, self.time(gauge.next.from_us), self.time(gauge.next.to_us)
            one_time = say("warga.nextAbout", level=level, time=from_)
            found.append(one_time if from_ == to else say("warga.next", level=level, **{"from": from_, "to": to}))
        for one in gauge.coming:
            from_, to = self.time(one.from_us), self.time(one.to_us)
            one_time = say("warga.waveAbout", station=one.station, time=from_)
            found.append(
                one_time if from_ == to else say("warga.wave", station=one.station, **{"from": from_, "to": to})
            )
        return found

    def warning(self, warning: WarningFacts) -> Text:
        """Who warns, and until when."""
        return say("warga.warningFrom", sender=warning.sender, time=self.time(warning.expires_us))


def mark(gauge: GaugeFacts) -> str:
    """A mark that tells levels apart without their colour."""
    if gauge.condition in (Condition.LEVEL, Condition.NORMAL):
        return MARKS.get(gauge.severity, "")
    return UNKNOWN_MARK
