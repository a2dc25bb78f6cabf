"""Names of files inside files: readable, and never a way out of the folder they are said to be in."""

from corpus.one_line import one_line

LONGEST = 200


def safe_name(name: str) -> str:
    """A member's name as a relative POSIX path on one line: no drive, no root, no `..`, no `\\`.

    "" where nothing is left. Nothing is ever written under such a name; but names are shown,
    exported and joined to folders.
    """
    parts = one_line(name).replace("\\", "/").split("/")
    kept = [part.strip() for part in parts]
    kept = [part.rstrip(":") if number == 0 and len(part) == 2 else part for number, part in enumerate(kept)]
    return "/".join(_short(part) for part in kept if part not in ("", ".", ".."))


def unlike(taken: set[str], name: str) -> str:
    """The name, or with a number before its ending where it is taken already; now it is."""
    folder, slash, file = name.rpartition("/")
    stem, dot, end = file.rpartition(".")
    count, given = 2, name
    while given in taken:
        given = f"{folder}{slash}{stem} ({count}){dot}{end}" if stem else f"{name} ({count})"
        count += 1 if count < 10 else len(taken)
    taken.add(given)
    return given


def zip_member_name(name: str, is_utf8: bool) -> str:
    """The name as it was written: `zipfile` reads it as cp437 where the file does not say UTF-8.

    Chinese Windows writes its own code page there without saying so.
    """
    if is_utf8 or name.isascii():
        return name
    try:
        return _decoded(name.encode("cp437")) or name
    except UnicodeError:
        return name


def tar_member_name(name: str) -> str:
    """The name as it was written, where `tarfile` has kept bytes that are not UTF-8 as lone surrogates."""
    return _decoded(name.encode("utf-8", "surrogateescape")) or name


def _decoded(raw: bytes) -> str | None:
    for codec in ("utf-8", "gbk"):
        try:
            return raw.decode(codec)
        except UnicodeError:
            continue
    return None


def _short(part: str) -> str:
    if len(part) <= LONGEST:
        return part
    stem, dot, end = part.rpartition(".")
    return f"{stem[: LONGEST - 20]}…{dot}{end}" if stem and len(end) < 16 else part[:LONGEST] + "…"
