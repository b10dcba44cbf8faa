"""`siaga publish`: one reading, by hand, acknowledged or not."""

from sensors.broker_address import BrokerAddress
from simulator.broker import Message, connect
from simulator.devices import Reading, encode_reading


async def publish_one(address: BrokerAddress, station: str, property_: str, reading: Reading) -> Message:
    """Publish one reading at QoS 1; returns what was sent once it is acknowledged, else BrokerUnreachable."""
    message = Message(f"telemetry/{station}/{property_}", encode_reading(reading))
    async with connect(address, "siaga-publish") as publisher:
        await publisher.publish(message)
    return message
