"""`[cap]` and `[[cap_feeds]]`: what cannot be used is named and left out, the rest runs."""

import pytest
from msgspec.structs import replace

from sensors.warning_rules import USUAL_RULES, CapFeed, CapRules, usable_feeds, usable_rules

URL = "https://www.bmkg.go.id/alerts/nowcast/id"


@pytest.mark.parametrize(
    ("rules", "left", "reason"),
    [
        (CapRules(sender="bpbd kota"), CapRules(), "sender: expected no blanks, commas, < and &, got 'bpbd kota'"),
        (CapRules(web="bpbd.go.id"), CapRules(), "web: expected http:// or https://, got 'bpbd.go.id'"),
        (CapRules(automatic=True), CapRules(), "automatic_authority: expected whose standing order it is"),
        (
            CapRules(rules=(*USUAL_RULES, USUAL_RULES[0])),
            CapRules(rules=(*USUAL_RULES, USUAL_RULES[0])),
            "rules: alarm_severity 4 stands twice",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_named(rules: CapRules, left: CapRules, reason: str) -> None:
    usable, wrong = usable_rules(rules)
    assert usable == left
    assert len(wrong) == 1
    assert wrong[0].startswith(reason)


def test_nothing_is_wrong_with_what_a_city_usually_says() -> None:
    rules = CapRules(sender="a@b.id", web="https://b.id", automatic=True, automatic_authority="SK 1")
    assert usable_rules(rules) == (rules, [])
    assert rules.rule_for(4) == USUAL_RULES[0]
    assert rules.rule_for(1) is None


@pytest.mark.parametrize(
    ("feed", "reason"),
    [
        (CapFeed(name="b m k g", url=URL), "name: expected letters"),
        (CapFeed(name="bmkg"), "expected either url or file"),
        (CapFeed(name="bmkg", url=URL, file="x"), "expected either url or file"),
        (CapFeed(name="bmkg", url="ftp://x/y"), "url: expected http:// or https:// and a host"),
        (CapFeed(name="bmkg", url="https://u:p@x/y"), "url: no user and password here"),
        (CapFeed(name="bmkg", url="https://[x/y"), "url: "),
        (CapFeed(name="OK", url=URL), "name: stands twice"),
    ],
)
def test_a_feed_that_cannot_be_is_named_and_the_others_stay(feed: CapFeed, reason: str) -> None:
    good = CapFeed(name="ok", url=URL)
    usable, wrong = usable_feeds((good, feed))
    assert usable == (good,)
    assert len(wrong) == 1
    assert reason in wrong[0]


def test_feeds_are_bounded() -> None:
    usable, wrong = usable_feeds(tuple(replace(CapFeed(name="x", url=URL), name=f"x{i}") for i in range(18)))
    assert (len(usable), len(wrong)) == (16, 2)
