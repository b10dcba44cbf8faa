"""How far a run is, on standard error: a bar on a terminal, a line a file elsewhere."""

from typing import Final, TextIO

_WIDTH: Final = 30
_NAME: Final = 40


class Progress:
    """Of so many files; `begin` each by its name, then `end`."""

    def __init__(self, files: int, stream: TextIO) -> None:
        self._files, self._stream = files, stream
        self._begun = 0
        self._bar = stream.isatty()

    def begin(self, name: str) -> None:
        """The next file."""
        plain = "".join(c if c.isprintable() else "?" for c in name)
        if self._bar:
            done = _WIDTH * self._begun // self._files
            bar = "█" * done + "·" * (_WIDTH - done)
            self._stream.write(f"\r\x1b[K{bar} {self._begun}/{self._files} {plain[:_NAME]}")
        self._begun += 1
        if not self._bar:
            self._stream.write(f"{self._begun}/{self._files} {plain}\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """A line of its own, above the bar."""
        plain = "".join(c if c.isprintable() else "?" for c in text)
        self._stream.write(f"\r\x1b[K{plain}\n" if self._bar else f"{plain}\n")

    def end(self) -> None:
        """Take the bar away."""
        if self._bar:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
