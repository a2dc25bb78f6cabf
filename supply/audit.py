"""Known vulnerabilities of what is installed, by pip-audit: make audit

Says that there are none only where advisories could really be read: where an index answers without them, pip-audit passes over every
package and ends well.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Whose advisories are read, the first that can be reached.
SERVICES = ("osv", "pypi")
# Seconds for one of them.
PATIENCE = 300


@dataclass(frozen=True)
class Verdict:
    """How many packages were looked up, which were not, and what is known of them: "name version: advisory, advisory"."""

    audited: int
    passed_over: tuple[str, ...]
    vulnerable: tuple[str, ...]


def verdict(told: dict[str, Any]) -> Verdict:
    """What pip-audit's JSON says."""
    found = told["dependencies"]
    audited = [each for each in found if "skip_reason" not in each]
    vulnerable = [each for each in audited if each["vulns"]]
    return Verdict(
        len(audited),
        tuple(each["name"] for each in found if "skip_reason" in each),
        tuple(f"{each['name']} {each['version']}: {', '.join(one['id'] for one in each['vulns'])}" for each in vulnerable),
    )


def audited(packages: Path, service: str) -> Verdict | None:
    """The verdict on the packages of an environment; None where the service cannot be reached."""
    command = [sys.executable, "-m", "pip_audit", "--path", str(packages), "--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        found = verdict(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, ValueError, LookupError):
        return None
    # One that knows of hardly any package has no advisories.
    return found if found.audited > len(found.passed_over) else None


def main() -> int:
    (packages,) = Path(sys.argv[1]).glob("lib/python*/site-packages")
    for service in SERVICES:
        found = audited(packages, service)
        if found is None:
            print(f"audit: the advisories of {service} cannot be reached from here", file=sys.stderr)
            continue
        for each in found.vulnerable:
            print(each)
        print(f"{found.audited} packages looked up with {service}, {len(found.vulnerable)} with known vulnerabilities; "
              f"not looked up: {', '.join(found.passed_over) or 'none'}")  # fmt: skip
        return 1 if found.vulnerable else 0
    print("audit: NOTHING WAS AUDITED; run it again where osv.dev or pypi.org can be reached", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
