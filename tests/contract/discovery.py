"""What detectors there are: found by walking the packages, not by a list, so that a new file cannot be forgotten."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PACKAGES: Final = ("sensors.detector", "sensors.trend", "sensors.derived", "sensors.quality_tests")

Function = Callable[..., Any]
Array = NDArray[Any]

_PARAMETER: Final = re.compile(r"^(\w+(?:, \w+)*)(?: :|:| is) (.*(?:\n    .*)*)", re.MULTILINE)
_AS_OF: Final = re.compile(r"as of `(\w+)`")
_FIELD: Final = re.compile(r"^(\w+(?:, \w+)*) +(.*)", re.MULTILINE)
_HEADING: Final = re.compile(r"^(\w+)\n-{3,}\n", re.MULTILINE)


@cache
def modules() -> tuple[types.ModuleType, ...]:
    """Every module of the packages."""
    found = []
    for name in PACKAGES:
        package = importlib.import_module(name)
        found.append(package)
        for inside in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
            found.append(importlib.import_module(inside.name))  # noqa: PERF401 -- the import is the point
    return tuple(found)


@cache
def functions() -> dict[str, Function]:
    """Public functions that take or give arrays, by `module.name`: kernels and stages."""
    return {
        f"{module.__name__.removeprefix('sensors.')}.{name}": function
        for module in modules()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_") and _concerns_arrays(function)
    }


@cache
def kernels() -> dict[str, Function]:
    """Those that take bare columns: what is decided or computed is in them."""
    return {
        name: function for name, function in functions().items() if any(map(is_array, parameters(function).values()))
    }


@cache
def documented() -> dict[str, Function]:
    """Those with a section of parameters: what is said there must be whole and true."""
    return {name: function for name, function in functions().items() if "Parameters" in sections(function)}


def module_of(name: str) -> str:
    """Of a name as `functions` gives it."""
    return name.rpartition(".")[0]


@cache
def structs() -> dict[str, type]:
    """Public dataclasses of arrays, by `module.name`."""
    return {
        f"{module.__name__.removeprefix('sensors.')}.{name}": found
        for module in modules()
        for name, found in inspect.getmembers(module, inspect.isclass)
        if found.__module__ == module.__name__ and not name.startswith("_") and array_fields(found)
    }


def parameters(function: Function) -> dict[str, Any]:
    """The annotations of its parameters."""
    hints = typing.get_type_hints(function)
    return {name: hints[name] for name in inspect.signature(function).parameters}


def returned(function: Function) -> Any:
    """The annotation of what it gives."""
    return typing.get_type_hints(function).get("return")


def is_array(hint: Any) -> bool:
    """An array, or one of several kinds of arrays."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return all(is_array(one) for one in typing.get_args(hint))
    return typing.get_origin(hint) is np.ndarray


def dtypes(hint: Any) -> tuple[str, ...]:
    """Names of the dtypes that an array's annotation allows; none where it allows any."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(name for one in typing.get_args(hint) for name in dtypes(one))
    scalar = typing.get_args(typing.get_args(hint)[1])[0]
    if not inspect.isclass(scalar) or scalar is np.generic:
        return ()
    return ("int64", "intp") if scalar is np.int64 else (np.dtype(scalar).name,)  # one type by two names


def array_fields(found: type) -> dict[str, Any]:
    """The annotations of a dataclass's arrays."""
    if not dataclasses.is_dataclass(found):
        return {}
    hints = typing.get_type_hints(found)
    return {f.name: hints[f.name] for f in dataclasses.fields(found) if is_array(hints[f.name])}


def _concerns_arrays(function: Function) -> bool:
    return any(_has_arrays(hint) for hint in typing.get_type_hints(function).values())


def _has_arrays(hint: Any) -> bool:
    if is_array(hint) or (inspect.isclass(hint) and bool(array_fields(hint))):
        return True
    return any(_has_arrays(one) for one in typing.get_args(hint))


def sections(documented: Any) -> dict[str, str]:
    """A docstring's sections by heading; what stands before them is "Summary"."""
    parts = _HEADING.split(inspect.getdoc(documented) or "")
    return {"Summary": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def described(function: Function) -> Mapping[str, str]:
    """What a function's docstring says of each parameter; "as of `other`" is looked up there."""
    section = sections(function).get("Parameters", "")
    other = _AS_OF.match(section)
    if other:
        return described(getattr(inspect.getmodule(function), other[1]))
    return {name: text for names, text in _PARAMETER.findall(section) for name in names.split(", ")}


def described_fields(documented: type) -> Mapping[str, str]:
    """What a dataclass's docstring says of each field."""
    text = inspect.getdoc(documented) or ""
    return {name: rest for names, rest in _FIELD.findall(text) for name in names.split(", ")}


def arrays_of(value: object, path: str = "") -> Iterator[tuple[str, Array]]:
    """Every array within a value, with its path: dataclasses, tuples, lists and mappings are opened."""
    if isinstance(value, np.ndarray):
        yield path, value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from arrays_of(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, tuple | list):
        for index, one in enumerate(value):
            yield from arrays_of(one, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from arrays_of(one, f"{path}[{key!r}]")
