"""What messages are about, and who acts on it: an alarm, or a trouble of our own means (`command_center.troubles`)."""

from command_center.alarms.acts import Acts
from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.troubles.desk import TroubleDesk
from command_center.troubles.trouble import Trouble

Story = Alarm | Trouble


class Answering:
    """Links, buttons and workers ask here; both kinds have `id`, `calls`, `unacknowledged` and `acknowledged_by`."""

    def __init__(self, desk: AlarmDesk, troubles: TroubleDesk) -> None:
        self._desk, self._troubles = desk, troubles
        self._acts = Acts(desk)

    async def find(self, story_id: str) -> Story | None:
        """The alarm or trouble of that id.  Raises OperationsError."""
        return await self._desk.find(story_id) or await self._troubles.find(story_id)

    async def acknowledge(self, story: Story, by: str, comment: str, now_us: int) -> Story | None:
        """It, acknowledged by `by`; the first name stays.  Raises NotStored."""
        if isinstance(story, Trouble):
            return await self._troubles.acknowledge(story.id, by, comment, now_us)
        alarms = await self._acts.acknowledge([story.id], by, comment, now_us)
        return alarms[0] if alarms else None


def is_over(story: Story, *, is_reminder: bool) -> bool:
    """Whether a message about it that has not gone out yet is not wanted any more."""
    if isinstance(story, Trouble):
        return not story.is_open or (is_reminder and not story.unacknowledged)
    return is_reminder and (not story.is_open or not story.unacknowledged or bool(story.muted))
