"""Sparkplug B (Eclipse Sparkplug 3.0), read as a host that is not the primary one.

Topic `spBv1.0/{group}/{kind}/{node}[/{device}]`.  A device of the catalogue is "group/node" or "group/node/device", a
field is a metric's name.  A death gives every mapped metric of the node or device a missing value with reason `stale`,
at the time it is received: the will's own timestamp is from when the node connected.  What makes no sense without a
birth that we have not seen (aliases, a broken sequence) is asked for with an NCMD `Node Control/Rebirth`, at most once
in `rebirth_interval_s` for each node.  The state of primary hosts (STATE) tells nodes when to send: of no use here.
"""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.address_book import AddressBook, Target
from gateway.backlog import in_time_order
from gateway.formats import Format
from gateway.formats.device_fields import sends, unknown_device
from gateway.formats.options import read_options
from gateway.formats.place import levels_of
from gateway.formats.sparkplug_node import MS_US, Named, Node, Step
from gateway.formats.sparkplug_payload import Metric, Payload, Quality, payload_of, rebirth_request
from gateway.readings import Readings, Refusal, Refused
from gateway.sent_time import epoch_us
from sensors.catalogue import IngestRule
from sensors.quality import Reason
from sensors.times import NEVER

NAMESPACE: Final = "spBv1.0"
_OF_NODE: Final = ("NBIRTH", "NDATA", "NDEATH")
_OF_DEVICE: Final = ("DBIRTH", "DDATA", "DDEATH")
_BIRTHS: Final = ("NBIRTH", "DBIRTH")
_QUIET: Final = ("NCMD", "DCMD")  # commands of hosts, our own among them
_BIRTH_SEQ: Final = "bdSeq"

_Fields = Mapping[str, Target]


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Options of the rule."""

    rebirth: bool = True  # whether we may ask nodes for their births
    rebirth_interval_s: float = 30.0  # at most once in so many seconds, of each node
    reorder_timeout_s: float = 2.0  # a missing message may come so much later


class Sparkplug:
    """The `sparkplug` format."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        self._options = read_options(rule, Options)
        self._mapped: dict[str, dict[str, _Fields]] = {}  # group/node → device → its fields; all case-folded
        for key, fields in book.devices.items():
            levels = key.split("/")
            if len(levels) in (2, 3):
                node = self._mapped.setdefault("/".join(levels[:2]), {})
                node["" if len(levels) == 2 else levels[2]] = fields
        self._nodes: dict[str, Node] = {}  # those of `_mapped` that were heard
        self._broken: set[str] = set()  # those of them whose sequence has a gap

    def inherit(self, previous: Format) -> None:
        """Take over the births that are known."""
        if isinstance(previous, Sparkplug):
            self._nodes = {key: node for key, node in previous._nodes.items() if key in self._mapped}
            self._broken = previous._broken & self._nodes.keys()

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index`; raises Refused for the whole message."""
        levels = levels_of(topic)
        kind = _kind(levels)
        if kind in (*_QUIET, "STATE"):
            out.ignore(f"sparkplug {kind}")
            return
        content = payload_of(payload)
        key = f"{levels[1]}/{levels[3]}".casefold()
        if key not in self._mapped:
            raise _unknown(levels, content)
        node = self._node(key, levels)
        self._ask_for_missing(out)
        if kind == "NDEATH":
            self._die(index, node, self._mapped[key], content, out)
            return
        self._follow(key, node, kind, content, out)
        device, start = _device(node, levels), out.mark()
        fields = self._mapped[key].get(device, {})
        if device and not fields:
            raise _unknown(levels, content)
        if device:
            node.devices[device] = levels[4]
        if kind == "DDEATH":
            _stale(index, fields, out)
        else:
            if kind in _BIRTHS:
                _learn(index, node, device, fields, content, out)
            self._read_metrics(index, node, device, fields, content, out)
        if out.mark() == start:
            out.ignore(f"sparkplug {kind} without a mapped metric")

    def _node(self, key: str, levels: list[str]) -> Node:
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(levels[1], levels[3])
        if (node.group, node.name) != (levels[1], levels[3]):
            raise Refused(Refusal.BAD_TOPIC, f"differs in case alone from {node.group}/{node.name}, heard before")
        return node

    def _die(self, index: int, node: Node, mapped: Mapping[str, _Fields], content: Payload, out: Readings) -> None:
        """The end of a node and its devices, unless it is that of an earlier birth, told late."""
        birth_seq = _birth_seq(content)
        if node.born and None not in (birth_seq, node.birth_seq) and birth_seq != node.birth_seq:
            out.ignore("sparkplug NDEATH of an earlier birth")
            return
        node.die()
        for fields in mapped.values():
            _stale(index, fields, out)

    def _follow(self, key: str, node: Node, kind: str, content: Payload, out: Readings) -> None:
        """What the message's place in the sequence means."""
        if kind == "NBIRTH":
            node.be_born(content.seq, _birth_seq(content), content.timestamp_ms)
        else:
            step = node.follow(content.seq, content.timestamp_ms, out.received_us)
            if step is Step.RESTART:
                node.die()
            if not node.born:
                self._ask(node, out)
        (self._broken.add if node.missing else self._broken.discard)(key)

    def _ask_for_missing(self, out: Readings) -> None:
        """Ask the nodes whose messages were waited for in vain."""
        for key in sorted(self._broken):
            if self._nodes[key].waited_in_vain(out.received_us, self._options.reorder_timeout_s):
                self._nodes[key].missing.clear()
                self._broken.discard(key)
                self._ask(self._nodes[key], out)

    def _ask(self, node: Node, out: Readings) -> None:
        if self._options.rebirth and node.may_ask(out.received_us, self._options.rebirth_interval_s):
            node.asked_us = out.received_us
            payload = rebirth_request(max(0, out.received_us) // MS_US)
            out.request(f"{NAMESPACE}/{node.group}/NCMD/{node.name}", payload)

    def _read_metrics(
        self, index: int, node: Node, device: str, fields: _Fields, content: Payload, out: Readings
    ) -> None:
        start = out.mark()
        for place, metric in enumerate(content.metrics):
            try:
                named = self._named(node, device, metric, content, out)
                target = fields.get(named.name)
                if target is not None:
                    _add(index, place, target, named, metric, content, out)
            except Refused as refused:
                out.refuse(index, place, refused.reason, refused.detail)
        in_time_order(out, start)

    def _named(self, node: Node, device: str, metric: Metric, content: Payload, out: Readings) -> Named:
        """What a metric is called; Refused for an alias of which nobody told us."""
        if metric.name:
            return Named(device, metric.name, node.datatypes.get((device, metric.name)))
        if metric.alias is None:
            raise Refused(Refusal.WRONG_TYPE, "a metric with neither name nor alias")
        named = node.aliases.get(metric.alias)
        if named is None or named.device != device:
            self._ask(node, out)
            raise Refused(Refusal.UNKNOWN_ALIAS, f"alias {metric.alias} is of no birth that we have seen")
        if content.timestamp_ms is not None and content.timestamp_ms < node.birth_ms:
            raise Refused(Refusal.UNKNOWN_ALIAS, f"alias {metric.alias} may be another one's: sent before the birth")
        return named


def _kind(levels: list[str]) -> str:
    kind = levels[2] if len(levels) > 3 else ""
    if levels[0] == NAMESPACE and all(levels):
        if len(levels) >= 3 and levels[1] == "STATE":
            return "STATE"
        if kind in _QUIET or (kind in _OF_NODE and len(levels) == 4) or (kind in _OF_DEVICE and len(levels) == 5):
            return kind
    raise Refused(Refusal.BAD_TOPIC, "expected spBv1.0/{group}/{kind}/{node}[/{device}], of a known kind")


def _device(node: Node, levels: list[str]) -> str:
    """The device, case-folded; empty for the node itself."""
    if len(levels) < 5:
        return ""
    device = levels[4].casefold()
    spelled = node.devices.get(device, levels[4])
    if spelled != levels[4]:
        raise Refused(Refusal.BAD_TOPIC, f"{levels[4][:64]!r} differs in case alone from {spelled!r}, heard before")
    return device


def _unknown(levels: list[str], content: Payload) -> Refused:
    device = "/".join((levels[1], *levels[3:]))
    return unknown_device(device, [metric.name for metric in content.metrics if metric.name])


def _learn(index: int, node: Node, device: str, fields: _Fields, content: Payload, out: Readings) -> None:
    """The names of a birth, which holds every metric that will ever be sent: what is mapped must be among them."""
    beyond = node.learn(device, content.metrics)
    if beyond:
        out.refuse(index, None, Refusal.TOO_MANY, f"{beyond} of its metrics are more than can be remembered")
    names = [metric.name for metric in content.metrics]
    lacking = sorted(fields.keys() - set(names))
    if lacking:
        detail = f"mapped, and not in the birth: {', '.join(repr(name[:64]) for name in lacking[:20])}{sends(names)}"
        out.refuse(index, None, Refusal.UNKNOWN_PROPERTY, detail)


def _birth_seq(content: Payload) -> int | None:
    """The bdSeq that ties a death to its birth."""
    for metric in content.metrics:
        if metric.name == _BIRTH_SEQ and metric.value is not None and isinstance(metric.value.value, int):
            return metric.value.value
    return None


def _stale(index: int, fields: _Fields, out: Readings) -> None:
    for target in dict.fromkeys(fields.values()):
        out.add(index, target, math.nan, reasons=Reason.STALE)


def _add(index: int, place: int, target: Target, named: Named, metric: Metric, content: Payload, out: Readings) -> None:
    if metric.quality == Quality.STALE:
        out.add(index, target, math.nan, element=place, reasons=Reason.STALE)
        return
    try:
        value = metric.number(named.datatype)
    except Refused as refused:
        raise Refused(refused.reason, f"{named.name[:64]}: {refused.detail}") from refused
    reasons = Reason.HISTORICAL if metric.is_historical else Reason.NONE
    if metric.quality != Quality.GOOD:
        reasons |= Reason.SENT_AS_BAD
    sent_ms = content.timestamp_ms if metric.timestamp_ms is None else metric.timestamp_ms
    device_us = NEVER if sent_ms is None else epoch_us(sent_ms, MS_US)
    out.add(index, target, value, element=place, device_us=device_us, reasons=reasons)
