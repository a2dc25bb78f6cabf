"""PDF; pages without text are read as OCR may read them."""

from fuzz.promises import read_or_refused
from fuzz.recognised import made_up
from fuzz.target import OCR, Target
from tests import writers


def check(data: bytes) -> None:
    with made_up():
        read_or_refused(data, "样 a.pdf")


def seeds() -> dict[str, bytes]:
    long = "新的停车收费办法自四月一日起施行，一类区每小时十元，二类区八元。" * 4
    return {
        "columns": writers.pdf_file(["#题", long, "The council published new parking fees on Tues-day."], "办法", 2, head="某报 2024年3月5日"),
        "rows": writers.pdf_file(["x"], rows=[["区域", "价格"], ["东城", "10"]]),
        "plain": (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/Lang(zh)>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Rotate 90/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj "
            b"4 0 obj<</Length 66>>stream\nBT /F 12 Tf 20 150 Td (Hello to all of them.) Tj 0 -20 Td (And on.) Tj ET\nendstream endobj "
            b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj trailer<</Root 1 0 R/Info<</Title(A)/Author(B)>>>>"
        ),
    }  # fmt: skip


TARGET = Target(check, seeds, seconds=OCR, words=(b"/Rotate", b"/MediaBox", b"/Count", b" Tj", b" Td", b" Tf", b"/Lang", b" cm", b" Tm"))
