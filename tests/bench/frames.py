"""Main-thread work of a page for each frame that it produced, from a trace of Chromium."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

CATEGORIES: Final = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
# Script, garbage that it leaves, style and layout; painting and compositing follow from them on other threads too.
WORK: Final = frozenset(
    {
        "EvaluateScript",
        "EventDispatch",
        "FireAnimationFrame",
        "FunctionCall",
        "Layout",
        "MajorGC",
        "MinorGC",
        "RunMicrotasks",
        "TimerFire",
        "UpdateLayoutTree",
    }
)
FRAME: Final = "Commit"  # the main thread hands a frame to the compositor


@dataclass(frozen=True, slots=True)
class Event:
    """A complete event of the page's main thread, ms."""

    name: str
    begin: float
    end: float


def work_ms(trace: bytes) -> list[float]:
    """Script, style and layout between each frame and the one before it; AssertionError where there is no frame."""
    events = _main_thread(json.loads(trace)["traceEvents"])
    frames: list[float] = []
    work, until = 0.0, 0.0
    for event in events:
        if event.name == FRAME:
            frames.append(work)
            work = 0.0
        elif event.name in WORK and event.end > until:
            work += event.end - max(event.begin, until)  # what is nested is in what it is nested in
            until = event.end
    assert frames, "the page produced no frame"
    return frames


def _main_thread(events: Iterable[dict[str, Any]]) -> list[Event]:
    """Complete events of the thread that fires animation frames, by time."""
    found = [event for event in events if event.get("ph") == "X"]
    threads = {(event["pid"], event["tid"]) for event in found if event["name"] == "FireAnimationFrame"}
    mine = [event for event in found if (event["pid"], event["tid"]) in threads]
    mine.sort(key=lambda event: (event["ts"], -event["dur"]))
    return [Event(event["name"], event["ts"] / 1000, (event["ts"] + event["dur"]) / 1000) for event in mine]
