"""How far a run is: a bar on a terminal, a line a file elsewhere."""

import io

from gateway.evaluation.progress import Progress


class Terminal(io.StringIO):
    """A stream that says that it is one."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_a_terminal_gets_one_line_that_is_drawn_anew_and_taken_away() -> None:
    stream = Terminal()
    progress = Progress(2, stream)
    progress.begin("a.csv")
    progress.say("skipped: b.csv")
    progress.begin("c.csv")
    progress.end()
    drawn = stream.getvalue().split("\r\x1b[K")
    assert drawn == ["", "·" * 30 + " 0/2 a.csv", "skipped: b.csv\n", "█" * 15 + "·" * 15 + " 1/2 c.csv", ""]


def test_elsewhere_each_file_is_a_line() -> None:
    stream = io.StringIO()
    progress = Progress(2, stream)
    for name in ("a.csv", "b\x1b[2J.csv"):
        progress.begin(name)
    progress.say("skipped: b.csv")
    progress.end()
    assert stream.getvalue() == "1/2 a.csv\n2/2 b?[2J.csv\nskipped: b.csv\n"
