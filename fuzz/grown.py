"""What libFuzzer grew inputs to, kept small: a zip file a target, from which the next run goes on."""

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).parent / "grown"
# Bytes of a target's zip file, and inputs in it.
MOST_BYTES, MOST_INPUTS = 65_536, 400
# The same inputs make the same file, whenever it is made.
NO_DATE = (1980, 1, 1, 0, 0, 0)


def grown(target: str) -> dict[str, bytes]:
    """The kept inputs by name; none where none are kept yet."""
    path = FOLDER / f"{target}.zip"
    if not path.exists():
        return {}
    with zipfile.ZipFile(path) as file:
        return {each: file.read(each) for each in file.namelist()}


def keep(target: str, folder: Path) -> int:
    """Keep the smallest inputs of `folder` and of those kept before that reach all that they reach; gives how many there are.

    libFuzzer's own merging (`-merge=1`) chooses them. Where they are more than a file may hold, the smallest are kept.
    """
    with tempfile.TemporaryDirectory() as own:
        command = [sys.executable, "-m", "fuzz.once", target, "-merge=1", "-timeout=60", "-verbosity=0", own, str(folder)]
        subprocess.run(command, check=True, capture_output=True, cwd=FOLDER.parent.parent)
        inputs = sorted((each.read_bytes() for each in Path(own).iterdir()), key=lambda each: (len(each), each))
    FOLDER.mkdir(exist_ok=True)
    packed, count = fitting(inputs)
    (FOLDER / f"{target}.zip").write_bytes(packed)
    return count


def fitting(inputs: list[bytes]) -> tuple[bytes, int]:
    """A zip file of as many of the first inputs as it may hold, and how many those are."""
    count = min(len(inputs), MOST_INPUTS)
    while len(made := _zip(inputs[:count])) > MOST_BYTES:
        count = min(count - 1, count * MOST_BYTES // len(made))
    return made, count


def _zip(inputs: list[bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for each in inputs:
            made.writestr(zipfile.ZipInfo(hashlib.sha1(each).hexdigest()[:12], NO_DATE), each, zipfile.ZIP_DEFLATED, 9)
    return file.getvalue()
