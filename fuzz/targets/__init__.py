"""The targets, each by the name of its file."""

from importlib import import_module
from pkgutil import iter_modules

from fuzz.target import Target

NAMES = tuple(sorted(each.name for each in iter_modules(__path__)))


def load(name: str) -> Target:
    """The target of that name; what it tests is imported with it."""
    target: Target = import_module(f"{__name__}.{name}").TARGET
    return target
