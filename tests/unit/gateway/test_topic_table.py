"""Topics to numbers, as a dict has them."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.topic_table import UNKNOWN, TopicTable

TOPICS = st.binary(max_size=20)


@given(st.dictionaries(TOPICS, st.integers(0, 2**31 - 1), max_size=30), st.lists(TOPICS, max_size=40))
def test_a_table_knows_what_a_dict_knows(numbers: dict[bytes, int], asked: list[bytes]) -> None:
    asked += list(numbers)
    asked += [topic + b"\0" for topic in numbers] + [topic + b"x" * 30 for topic in numbers]
    assert TopicTable(numbers).numbers(asked).tolist() == [numbers.get(topic, UNKNOWN) for topic in asked]


def test_every_one_of_many_topics_is_found() -> None:
    numbers = {f"telemetry/S{n}/level".encode(): n for n in range(20_000)}
    table = TopicTable(numbers)
    assert table.numbers(list(numbers)).tolist() == list(numbers.values())
    assert set(table.numbers([topic[:-1] for topic in numbers]).tolist()) == {UNKNOWN}
