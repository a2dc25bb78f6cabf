"""Every package of an installation with its version and the SHA-256 of each of its files: make lock

The versions are those of constraints.txt, resolved for any system by uv; with hashes an index can give nothing but these files.
Linux takes the CPU build of torch from an index of its own, under a version of its own, and none of CUDA's packages.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "supply" / "requirements.lock"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
# CUDA's packages, which the CPU build has no use for; and the OpenCV with windows, in whose place the one without is installed.
LEFT_OUT = re.compile(r"(cuda|nvidia)-.*|triton|opencv-python")
HEAD = """\
# Made by `make lock` from pyproject.toml and constraints.txt; `make install-locked` installs exactly these files.
# torch for Linux is the CPU build, whose hash is that of CPython {python} on {machine}.
"""


def resolved() -> str:
    """What uv makes of pyproject.toml and constraints.txt, an entry a package."""
    with tempfile.TemporaryDirectory() as scratch:
        more = Path(scratch) / "more.in"
        more.write_text("opencv-python-headless; python_version < '3.13'\nsetuptools>=77\n")
        command = [
            Path(sys.executable).with_name("uv"), "pip", "compile", ROOT / "pyproject.toml", more, "--extra", "dev", "--extra", "ocr", "--extra", "milvus", "--extra", "cluster",
            "--constraint", ROOT / "constraints.txt", "--universal", "--python-version", "3.11",
            "--generate-hashes", "--no-header", "--no-annotate", "--quiet",
        ]  # fmt: skip
        return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout


def entries(text: str) -> Iterator[tuple[str, str]]:
    """The name and the lines of every entry of a requirements file."""
    for entry in re.findall(r"(?m)^[^\s#].*(?:\n[ \t].*)*", text):
        yield re.split(r"[=\s;\[]", entry, maxsplit=1)[0], entry


def both_torches(entry: str, of_cpu: str) -> str:
    """torch from PyPI for other systems, and the CPU build for Linux."""
    first, hashes = entry.split("\n", 1)
    version = re.match(r"torch==(\S+)", first)[1]  # type: ignore[index]
    return (
        f"torch=={version} ; sys_platform != 'linux' \\\n{hashes}\n"
        f"torch=={version}+cpu ; sys_platform == 'linux' \\\n    --hash=sha256:{of_cpu}"
    )


def hash_of_cpu_build(version: str) -> str:
    """Of the wheel that this machine installs."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", scratch, f"torch=={version}+cpu"]
        if subprocess.run(command, stderr=subprocess.DEVNULL).returncode:
            subprocess.run([*command, "--index-url", TORCH_INDEX], check=True)
        (wheel,) = Path(scratch).iterdir()
        with wheel.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    import platform

    kept = []
    for name, entry in entries(resolved()):
        if LEFT_OUT.fullmatch(name):
            continue
        if name == "torch":
            version = re.match(r"torch==(\S+)", entry)[1]  # type: ignore[index]
            entry = both_torches(entry, hash_of_cpu_build(version))
        kept.append(entry)
    head = HEAD.format(python=f"{sys.version_info[0]}.{sys.version_info[1]}", machine=platform.machine())
    FILE.write_text(head + "\n".join(kept) + "\n")
    print(f"{FILE.relative_to(ROOT)}: {len(kept)} packages", file=sys.stderr)


if __name__ == "__main__":
    main()
