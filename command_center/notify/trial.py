"""A message to each way of a contact, at once and past the outbox: for who sets it up, before anything runs."""

import os
from pathlib import Path

from command_center.notify.address import NoAddress, read_address, way_to
from command_center.notify.message import Composer, Told
from command_center.notify.notice import Result, Waiting, test_notice
from command_center.notify.way import Delivery
from sensors.catalogue import Catalogue
from sensors.contacts import Contact


async def try_contact(contact: Contact, catalogue: Catalogue, folder: Path, now_us: int) -> dict[str, Delivery]:
    """What became of it, by target.  `folder`: the city's, from which addresses are read."""
    tried = {}
    for target in contact.urls:
        notice = test_notice(contact.contact, target, 0, now_us)
        message = Composer(catalogue, contact.language, now_us).compose([Told(Waiting(notice), None)])
        try:
            way = way_to(target, read_address(target, folder, os.environ))
        except NoAddress as error:
            tried[target] = Delivery(Result.REFUSED, str(error))
            continue
        try:
            tried[target] = await way.send(message)
        finally:
            await way.close()
    return tried
