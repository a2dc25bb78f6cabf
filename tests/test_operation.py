"""The units of docs/ are what systemd takes, hardened, and say what the program does."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from ui.graceful import GRACE

DOCS = ROOT / "docs"


def unit(name: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes="#")
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(DOCS / name)
    return found


def test_answers_under_way_have_their_time_when_the_service_is_stopped() -> None:
    service = unit("yinju.service")["Service"]
    assert int(service["TimeoutStopSec"]) > 2 * GRACE and service["Restart"] == "on-failure"


@pytest.mark.parametrize("name", ["yinju.service", "yinju-backup.service"])
def test_services_may_write_their_own_folders_only(name: str) -> None:
    service = unit(name)["Service"]
    assert service["ProtectSystem"] == "strict" and service["NoNewPrivileges"] == "yes" and service["MemoryMax"] and service["User"] == "yinju"
    assert set(service["ReadWritePaths"].split()) <= {"/var/lib/yinju", "/var/cache/yinju", "/var/backups/yinju"}


def test_the_nightly_backup_makes_a_file_a_day_and_keeps_a_month(tmp_path: Path) -> None:
    """The unit's own line, with a program in the place of ours that makes the file it is told to."""
    script = re.fullmatch(r"/bin/sh -ec '(.+)'", unit("yinju-backup.service")["Service"]["ExecStart"])
    assert script is not None
    program = tmp_path / "yinju"
    program.write_text('#!/bin/sh\ntest "$1 $2" = "backup --force" && test "$4 $5" = "--library /var/lib/yinju/library" && touch "$3"\n')
    program.chmod(0o755)
    for age in (1, 40):
        subprocess.run(["touch", "-d", f"{age} days ago", tmp_path / f"library-{age}.tar"], check=True)
    line = script[1].replace("%%", "%").replace("/var/backups/yinju", str(tmp_path)).replace("/opt/yinju/.venv/bin/yinju", str(program))
    subprocess.run(["/bin/sh", "-ec", line], check=True)
    left = {each.name for each in tmp_path.glob("*.tar")}
    assert "library-1.tar" in left and "library-40.tar" not in left and len(left) == 2
    program.write_text("#!/bin/sh\nexit 2\n")
    subprocess.run(["touch", "-d", "40 days ago", tmp_path / "library-40.tar"], check=True)
    assert subprocess.run(["/bin/sh", "-ec", line]).returncode == 2 and (tmp_path / "library-40.tar").exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (apt-get install systemd)")
@pytest.mark.parametrize(("name", "exposure"), [("yinju.service", 2.0), ("yinju-backup.service", 2.0), ("yinju-backup.timer", None)])
def test_systemd_takes_the_units(name: str, exposure: float | None, tmp_path: Path) -> None:
    for each in DOCS.glob("yinju*"):
        # That the program is installed at this place, and its user is there, is another matter.
        text = each.read_text().replace("/opt/yinju/.venv/bin/yinju serve", "/bin/true serve").replace("User=yinju", "User=daemon").replace("Group=yinju\n", "")
        (tmp_path / each.name).write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / name], capture_output=True, text=True)
    assert done.returncode == 0 and str(tmp_path) not in done.stderr, done.stderr
    if exposure is not None:
        said = subprocess.run(["systemd-analyze", "security", "--offline=true", tmp_path / name], capture_output=True, text=True).stdout
        found = re.search(r"exposure level for .*?: ([\d.]+)", said)
        assert found is not None and float(found[1]) <= exposure


def test_the_proxys_example_lets_through_the_largest_file_that_is_read() -> None:
    from corpus import MAX_BYTES

    size = re.search(r"client_max_body_size (\d+)m;", (DOCS / "nginx.conf").read_text())
    assert size is not None and int(size[1]) << 20 > MAX_BYTES
