"""What Yinju is made of: every package locked with hashes, none of an unknown or forbidden licence; an audit says when it was none."""

import re
import sys
import tomllib

import pytest

from supply.audit import verdict
from supply.licences import packages, permitted, table
from supply.lock import both_torches, entries
from tests.conftest import ROOT

LOCK = (ROOT / "supply" / "requirements.lock").read_text()


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> dict[str, str]:
    return {plain(name): version for name, version in re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", text)}


def test_no_package_that_is_needed_to_run_has_an_unknown_or_forbidden_licence() -> None:
    found = packages()
    assert len(found) > 100 and {"numpy", "torch", "gradio", "onnxruntime"} <= {each.name for each in found}
    assert [(each.name, each.licence) for each in found if not permitted(each.licence)] == []


@pytest.mark.parametrize(("licence", "may"), [
    ("MIT", True), ("MPL-2.0 AND (Apache-2.0 OR MIT)", True), ("MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later", True), ("BSD License, MIT License", True),
    ("unknown", False), ("GPL-3.0-only", False), ("AGPL-3.0-or-later", False), ("MIT AND GPL-2.0-only", False), ("", False),
    ("CC BY-NC 4.0", False), ("Other/Proprietary License", False), ("GNU General Public License v3 (GPLv3)", False),
])  # fmt: skip
def test_one_of_alternatives_is_enough_and_of_several_together_all_are_needed(licence: str, may: bool) -> None:
    assert permitted(licence) is may


@pytest.mark.skipif(sys.platform != "linux" or sys.version_info[:2] != (3, 11), reason="docs/licences.md lists what Linux with Python 3.11 needs")
def test_the_listed_licences_are_those_of_what_is_installed() -> None:
    assert (ROOT / "docs" / "licences.md").read_text() == table(packages()) + "\n", "run: make licences"


def test_every_locked_package_has_the_version_of_the_constraints_and_a_hash() -> None:
    constraints = pinned((ROOT / "constraints.txt").read_text())
    for name, entry in entries(LOCK):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), f"{name}; run: make lock"
        version = re.match(r"\S+==([^\s;+]+)", entry)
        assert version is not None and constraints.get(plain(name), version[1]) == version[1], f"{name}; run: make lock"


def test_everything_that_is_needed_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"], *project["optional-dependencies"]["ocr"]]
    names = {plain(re.split(r"[\s<>=\[;!]", each, maxsplit=1)[0]) for each in asked} | {plain(each.name) for each in packages()}
    assert names - set(pinned(LOCK)) == set()


def test_linux_takes_the_cpu_build_of_torch_and_nothing_of_cudas() -> None:
    torches = re.findall(r"(?m)^torch==\S+ ; .*(?=\\$)", LOCK)
    version = pinned((ROOT / "constraints.txt").read_text())["torch"]
    assert [each.strip() for each in torches] == [f"torch=={version} ; sys_platform != 'linux'", f"torch=={version}+cpu ; sys_platform == 'linux'"]
    assert not re.search(r"(?m)^(nvidia|cuda|triton|opencv-python==)", LOCK)
    assert both_torches("torch==1.0 \\\n    --hash=sha256:a", "b").endswith("torch==1.0+cpu ; sys_platform == 'linux' \\\n    --hash=sha256:b")


def test_an_audit_counts_what_it_could_look_up() -> None:
    told = {"dependencies": [
        {"name": "a", "version": "1", "vulns": []}, {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}, {"id": "CVE-2"}]},
        {"name": "c", "skip_reason": "Dependency not found on PyPI"},
    ]}  # fmt: skip
    found = verdict(told)
    assert (found.audited, found.passed_over, found.vulnerable) == (2, ("c",), ("b 2: PYSEC-1, CVE-2",))
