"""A status frame is never longer than its readers take, and says what it left out."""

from gateway.frame_size import fitting
from gateway.status import MAX_FRAME_BYTES, FaultStatus, ReaderStatus, SourceStatus, StatusFrame, encode

SMALL = StatusFrame(
    now_us=1, pid=1, log_id="1", last_seq=1, catalogue_version=1, log_writable=True, log_error="",
    sources=(), counters={}, gauges={}, city_faults=(),
)  # fmt: skip
WIDE = "水" * 300


def source(n: int, filters: int, error: str = WIDE) -> SourceStatus:
    return SourceStatus(
        name=f"sumber {n}", url=f"mqtt://10.0.0.{n}:1883", connected=False, since_us=1, reconnects=0, error=error,
        last_message_us=None, filters=("f" * 64,) * filters, session_note=error,
    )  # fmt: skip


def frame(sources: int, faults: int, **more: object) -> StatusFrame:
    values = {field: getattr(SMALL, field) for field in SMALL.__struct_fields__} | more
    values["sources"] = tuple(source(n, 16) for n in range(sources))
    values["city_faults"] = tuple(FaultStatus("levels.csv", n, "c" * 64, WIDE) for n in range(faults))
    return StatusFrame(**values)


def test_a_frame_that_fits_is_left_as_it_is() -> None:
    small = frame(3, 20)
    assert fitting(small) is small


def test_faults_go_first_then_filters_then_sources_and_all_is_said() -> None:
    some = fitting(frame(20, 300))
    assert len(encode(some)) <= MAX_FRAME_BYTES
    assert some.left_out == {"city_faults": 300 - len(some.city_faults)}
    assert len(some.city_faults) > 50
    assert all(len(source.filters) == 16 for source in some.sources)
    more = fitting(frame(140, 300))
    assert len(encode(more)) <= MAX_FRAME_BYTES
    assert {"city_faults", "sources.filters"} <= set(more.left_out)
    assert len(more.sources) == 140
    most = fitting(frame(5_000, 300))
    assert len(encode(most)) <= MAX_FRAME_BYTES
    assert most.left_out["sources"] == 5_000 - len(most.sources)
    assert most.sources


def test_readers_figures_cannot_fill_a_frame() -> None:
    reader = ReaderStatus(
        name="sink",
        log_id="1",
        seq=1,
        lag_rows=0,
        heard_s=0.0,
        error="",
        counters={f"{n}{'x' * 900}": 1 for n in range(64)},
    )
    shown = fitting(frame(1, 0, readers=(reader,) * 32))
    assert len(encode(shown)) <= MAX_FRAME_BYTES
    assert shown.left_out["readers.counters"] > 0
