"""The package as others get it: built from the sources, installed into an environment of its own, asked outside of the checkout."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("corpus", "embeddings", "rag", "eval", "ui")
ENDINGS = {".py", ".npz", ".css", ".js", ".safetensors", ".jsonl", ".md", ".txt"}
ABOUT = {"MANIFEST.in", "CHANGELOG.md", "constraints.txt", "LICENSE", "README.md", "PKG-INFO", "pyproject.toml", "setup.cfg", "yinju.egg-info"}

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run([str(each) for each in command], cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from a clean copy of what git knows."""
    folder = tmp_path_factory.mktemp("built")
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / "source" / name)
    run(sys.executable, "-m", "venv", folder / "tools", cwd=folder)
    run(folder / "tools/bin/pip", "install", "-q", "-r", ROOT / "supply" / "tools.txt", cwd=folder)
    run(folder / "tools/bin/python", "-m", "build", "-o", folder, folder / "source", cwd=folder)
    return folder


def test_the_wheel_holds_the_packages_with_their_data_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {each for each in names if not each.split("/")[0].endswith(".dist-info")}
    assert {each.split("/")[0] for each in ours} == set(PACKAGES)
    assert {Path(each).suffix for each in ours} <= ENDINGS
    for package in PACKAGES:
        for each in (ROOT / package).rglob("*"):
            name = each.relative_to(ROOT).as_posix()
            if each.is_file() and "__pycache__" not in name and "/exercises/" not in name:
                assert name in names
    # What only training needs is in the repository.
    assert not any("/exercises/" in each for each in names)


def test_the_sdist_holds_what_the_wheel_is_made_of(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as tar:
        names = {each.name.partition("/")[2] for each in tar if each.isfile()}
    assert {each.split("/")[0] for each in names} - ABOUT == set(PACKAGES)
    assert {"rag/reader/reader.safetensors", "corpus/sample/questions.jsonl", "eval/report.css"} <= names


def test_the_installed_wheel_indexes_and_asks_outside_of_the_checkout(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    environment, outside = built / "environment", built / "outside"
    run(sys.executable, "-m", "venv", environment, cwd=built)
    outside.mkdir()
    torch = next(each for each in (ROOT / "constraints.txt").read_text().splitlines() if each.startswith("torch=="))
    pip = (environment / "bin" / "pip", "install", "-q", "-c", ROOT / "constraints.txt")
    run(*pip[:3], torch + ("+cpu" if sys.platform == "linux" else ""), "--extra-index-url", "https://download.pytorch.org/whl/cpu", cwd=outside)
    run(*pip, wheel, cwd=outside)
    yinju = environment / "bin" / "yinju"
    assert "backup" in run(yinju, "--help", cwd=outside)
    where = run(environment / "bin" / "python", "-c", "import corpus; print(corpus.__path__[0])", cwd=outside).strip()
    assert Path(where).is_relative_to(environment)
    told = json.loads(run(yinju, "index", f"{where}/sample", "--json", cwd=outside))
    assert told["documents"]["added"] == 15
    (outside / "meeting.txt").write_text("青石镇例会于三月三日召开，会议由王小明主持，讨论了水渠的修缮。")
    run(yinju, "index", "meeting.txt", cwd=outside)
    answer = json.loads(run(yinju, "ask", "青石镇例会由谁主持？", "--json", cwd=outside))
    assert answer["answered"] and answer["quotes"][0]["answer"]["text"] == "王小明"
    run(yinju, "backup", "b.tar", cwd=outside)
    run(yinju, "restore", "b.tar", "--library", "other", cwd=outside)
    assert json.loads(run(yinju, "check", "--library", "other", "--json", cwd=outside))["whole"]
