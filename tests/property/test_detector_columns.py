"""The derived columns of the detector's state: what only saves time must say the same as what it is derived from."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.catalogue import Catalogue
from sensors.detector.rest import with_rest
from sensors.detector.timers import with_due
from sensors.state import State
from tests.oracle.agreement import happen
from tests.oracle.happenings import Happening, Pause, Reload
from tests.property.worlds import catalogues, lives, started


@settings(max_examples=60, deadline=None)
@given(catalogue=catalogues(), life=lives())
def test_derived_columns_are_those_of_what_is_held_whatever_happens(
    catalogue: Catalogue, life: list[Happening]
) -> None:
    state = started(catalogue)
    _assert_derived(state)
    for happening in life:
        catalogue = happening.catalogue if isinstance(happening, Reload) else catalogue
        state, _ = happen(state, happening, catalogue)
        _assert_derived(state, is_due=not isinstance(happening, Pause))  # the step after a pause looks at all anew


@settings(max_examples=60, deadline=None)
@given(catalogue=catalogues(), life=lives(), data=st.data())
def test_no_value_within_the_band_of_a_datastream_at_rest_moves_a_level(
    catalogue: Catalogue, life: list[Happening], data: st.DataObject
) -> None:
    state = started(catalogue)
    for happening in life:
        catalogue = happening.catalogue if isinstance(happening, Reload) else catalogue
        state, _ = happen(state, happening, catalogue)
    held, levels = state.held, state.rules.levels
    for number in np.flatnonzero(~held.active).tolist():
        value = data.draw(st.floats(-10.0, 10.0))
        signed = value * levels.sign[number]
        moves = np.where(held.reached[number], signed < levels.clear[number], signed >= levels.limit[number])
        assert bool(moves.any()) is not bool(held.low[number] <= value < held.high[number])


def _assert_derived(state: State, *, is_due: bool = True) -> None:
    every = np.arange(state.rules.shape[0])
    anew = with_rest(state, every).held
    for name in ("active", "bits", "low", "high"):
        np.testing.assert_array_equal(getattr(state.held, name), getattr(anew, name), err_msg=name)
    if is_due:
        np.testing.assert_array_equal(state.due_us, with_due(state, every).due_us)
