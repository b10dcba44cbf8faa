"""`siaga publish`: one message, by hand, acknowledged or not."""

from sensors.broker_address import BrokerAddress
from simulator.broker import Message, connect


async def publish_one(address: BrokerAddress, station: str, property_: str, payload: bytes) -> Message:
    """Publish one message at QoS 1; returns what was sent once it is acknowledged, else BrokerUnreachable.

    Without a property it is the station's own topic.
    """
    message = Message("/".join(filter(None, ("telemetry", station, property_))), payload)
    async with connect(address, "siaga-publish") as publisher:
        await publisher.publish(message)
    return message
