"""The root of all errors of Siaga, and those of the sensors package.

SiagaError                something a person can read: `siaga` prints it in one line and exits with 1
└── SensorsError          base of what this package raises
    ├── CatalogueError    a city that cannot be used at all (its faults are attached)
    │   └── AnotherCity   a city where another one is in force
    ├── RowError          one row of a city's table that cannot be used; becomes a `Fault` where the table is read
    ├── RecordingError    a file that is no recording at all
    ├── BatchError        columns whose shapes or types do not fit
    └── SettingsError     a TOML key or environment variable that cannot be used
"""


class SiagaError(Exception):
    """Base of every error that the packages raise on purpose; its text says what, expected, got, where."""


class SensorsError(SiagaError):
    """Base of what this package raises."""


class CatalogueError(SensorsError):
    """A city cannot be loaded at all; `faults` says where and why."""

    def __init__(self, message: str, faults: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class AnotherCity(CatalogueError):
    """A data directory belongs to one city; this is another."""


class RowError(SensorsError):
    """One row cannot be used: `column` and `reason` say where and why; `code` which fault of a column with several."""

    def __init__(self, column: str, reason: str, code: str = "") -> None:
        super().__init__(f"{column}: {reason}")
        self.column, self.reason, self.code = column, reason, code


class RecordingError(SensorsError):
    """The file is no recording; the text names it, what was expected and what was found."""


class BatchError(SensorsError):
    """Columns of a batch disagree in length or type."""


class SettingsError(SensorsError):
    """A setting is unknown or has a value that cannot be used; the text names file, key, expected and got."""
