"""Laws of topic filters, against every topic of a small world."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.topic_filter import covers, matches, merged

LEVELS = ("a", "b", "", "$s")
STRANGE = "z"  # stands in no filter, so that a wildcard is told from the levels it might stand for
TOPICS = [
    "/".join(levels) for depth in range(1, 5) for levels in product((*LEVELS, STRANGE), repeat=depth) if levels != ("",)
]
LEVEL = st.sampled_from((*LEVELS, "+"))
FILTER = st.builds(
    lambda levels, rest: "/".join(levels + rest), st.lists(LEVEL, max_size=3), st.sampled_from(([], ["#"]))
).filter(bool)
law = settings(max_examples=100, deadline=None)


def under(name: str) -> frozenset[str]:
    return frozenset(topic for topic in TOPICS if matches(name, topic.encode()))


@law
@given(FILTER, FILTER)
def test_a_filter_covers_another_when_it_takes_in_all_its_topics(one: str, other: str) -> None:
    assert covers(one, other) == (under(one) >= under(other))


@law
@given(st.lists(FILTER, max_size=8))
def test_merged_filters_have_the_same_topics_and_none_covers_another(filters: list[str]) -> None:
    result = merged(filters)
    assert frozenset[str]().union(*map(under, result)) == frozenset[str]().union(*map(under, filters))
    assert set(result) <= set(filters)
    assert not any(covers(one, other) for one in result for other in result if one is not other)
    assert merged(filters[::-1]) == result == merged(result)
