"""The licence of every package that Yinju needs to run, as each says itself.

    python -m supply.licences > docs/licences.md
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
HEAD, UNKNOWN = "License :: ", "unknown"
ABOUT = """\
# Licences

Yinju is under the Apache License 2.0 (`LICENSE`). These packages are needed to run it, on Linux with Python 3.11; each stands under the
licence that it names itself (`make licences`). None is changed, and none is part of Yinju's own package. What a package brings inside its
wheel (as PDFium in pypdfium2) is named in that package's own files. The versions are in `constraints.txt`.

| package | licence |
| --- | --- |"""
# What may be used as it is, and asks of what uses it nothing but to name it, and to share changes of its own files. Under
# another name, or none, a package is looked at by a person before it is used.
PERMITTED = frozenset({
    "MIT", "MIT License", "MIT-0", "MIT-CMU", "ISC License (ISCL)", "Zlib", "CC0-1.0", "0BSD", "BSL-1.0", "CNRI-Python",
    "Apache-2.0", "Apache 2.0", "Apache 2.0 License", "Apache Software License", "Apache-2.0 WITH LLVM-exception",
    "BSD License", "BSD-2-Clause", "BSD-3-Clause", "3-Clause BSD License", "PSF-2.0", "Python Software Foundation License",
    "MPL-1.1", "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)",
    # Of the libraries inside pypdfium2 (PDFium, FreeType, ICU, libtiff …): all of the kinds above.
    "dependency licenses",
    # CC-CEDICT, a dictionary that is read where it lies and given to no one.
    "CC BY-SA 4.0",
})  # fmt: skip


@dataclass(frozen=True)
class Package:
    """An installed package, its licence in a line, and where it lives."""

    name: str
    version: str
    licence: str
    home: str


def packages(extras: Iterable[str] = ("ocr", "milvus", "cluster")) -> list[Package]:
    """Every package that is needed to run, directly or by another, sorted by name. Raises PackageNotFoundError where one is missing."""
    found = {_plain(each.name): each for each in _needed(extras)}
    return [_package(found[name]) for name in sorted(found)]


def _needed(extras: Iterable[str]) -> Iterator[Distribution]:
    project = tomllib.loads(PROJECT.read_text())["project"]
    asked = project["dependencies"] + [each for extra in extras for each in project["optional-dependencies"][extra]]
    waiting = [Requirement(each) for each in asked]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        key = _plain(requirement.name), frozenset(requirement.extras)
        if key in seen or not _applies(requirement, {""}):
            continue
        seen.add(key)
        installed = _installed(requirement.name)
        yield installed
        for each in map(Requirement, installed.requires or []):
            if _applies(each, requirement.extras or {""}) or _applies(each, {""}):
                each.marker = None
                waiting.append(each)


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        # The Makefile puts the build without windows in its place.
        if name != "opencv-python":
            raise
        return distribution("opencv-python-headless")


def _applies(requirement: Requirement, extras: Iterable[str]) -> bool:
    environment = {key: str(value) for key, value in default_environment().items()}
    return requirement.marker is None or any(requirement.marker.evaluate(environment | {"extra": each}) for each in extras)


def _package(installed: Distribution) -> Package:
    told = installed.metadata
    licence = _only(told, "License-Expression") or _classified(told.get_all("Classifier") or []) or _short(_only(told, "License"))
    links = dict(re.split(r",\s*", each, maxsplit=1) for each in told.get_all("Project-URL") or [] if "," in each)
    homes = [links[key] for key in links if key.lower() in ("homepage", "source", "repository", "source code", "github")]
    return Package(told["Name"], installed.version, licence or UNKNOWN, _only(told, "Home-page") or (homes[0] if homes else ""))


def permitted(licence: str) -> bool:
    """Whether we may use what stands under it: of alternatives one is enough, of several together all have to be."""
    return all(
        any({each, each.strip(" ()")} & PERMITTED for each in re.split(r" OR ", together)) for together in re.split(r" AND |, ", licence)
    )


def _only(told: PackageMetadata, key: str) -> str:
    return next(iter(told.get_all(key) or []), "")


def _classified(classifiers: list[str]) -> str:
    names = [each.rsplit(" :: ", 1)[-1] for each in classifiers if each.startswith(HEAD)]
    # The last is said of whatever has no name among the classifiers; its own words say more.
    return ", ".join(sorted(set(names) - {"OSI Approved", "Other/Proprietary License"}))


def _short(text: str) -> str:
    """A name, or the first line of a whole licence."""
    return text.strip().partition("\n")[0][:80]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    print(table(packages()))


def table(found: list[Package]) -> str:
    """All of docs/licences.md."""
    rows = []
    for each in found:
        name = f"[{each.name}]({each.home})" if each.home.startswith("http") else each.name
        rows.append(f"| {name} | {each.licence} |")
    return "\n".join([ABOUT, *rows])


if __name__ == "__main__":
    main()
