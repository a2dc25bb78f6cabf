"""Zip files that a target makes of its input: a real one's members, some of them given."""

import io
import zipfile
from collections.abc import Callable, Mapping


def unpacked(data: bytes) -> dict[str, bytes]:
    """The members of a zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {each: opened.read(each) for each in opened.namelist()}


def packed(members: Mapping[str, bytes]) -> bytes:
    """A zip file of these members, none of them made smaller."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()


def like(data: bytes, main: str) -> Callable[[bytes, dict[str, bytes]], bytes]:
    """For `promises.of_members`: the zip file `data` with another `main` member, and others as they are given."""
    members = unpacked(data)
    return lambda first, others: packed({**members, main: first, **others})
