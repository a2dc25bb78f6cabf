"""OpenDocument: `content.xml` first, then any other member."""

from pathlib import Path

from fuzz.packing import like, unpacked
from fuzz.promises import of_members, read_or_refused
from fuzz.target import Target
from fuzz.trees import changed

MAIN = "content.xml"
# What LibreOffice wrote.
REAL = Path(__file__).parents[2] / "tests" / "printed"


def check(data: bytes) -> None:
    read_or_refused(of_members(like((REAL / "office.odt").read_bytes(), MAIN))(data), f"样 a.{('odt', 'ods', 'odp')[len(data) % 3]}")


def seeds() -> dict[str, bytes]:
    found = {ending: unpacked((REAL / f"office.{ending}").read_bytes())[MAIN] for ending in ("odt", "ods", "odp")}
    meta = unpacked((REAL / "office.odt").read_bytes())["meta.xml"]
    return {**found, "meta": found["odt"] + b"\n--- meta.xml\n" + meta}


TARGET = Target(check, seeds, longest=1 << 16, change=changed, words=(b"<text:p>", b"<table:table-cell>", b"number-columns-repeated=", b"<draw:frame>", b"<text:note>", b"<text:h>"))
