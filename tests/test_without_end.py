"""Small files that claim to be, or unpack to, more than any machine can bear: refused, or read once, in seconds and little memory."""

import io
import re
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus import UnreadableFile, read_all
from corpus.readers.build import LONGEST_TEXT, Part, bounded
from corpus.sentences import sentences
from eval.questions import read_questions
from fuzz.packing import unpacked
from tests import writers
from tests.conftest import ROOT
from tests.test_readers import WORDS, all_of, is_whole

MAIN = "word/document.xml"
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
# CPU seconds; each of these files took minutes, or all memory, before it was bounded.
SECONDS = 8.0


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()


def claiming(data: bytes, size: int) -> bytes:
    """The zip file, its first member said to unpack to `size` bytes."""
    changed = bytearray(data)
    at = changed.index(b"PK\x01\x02") + 24
    changed[at : at + 4] = struct.pack("<I", size)
    return bytes(changed)


def with_member(data: bytes, path: str, change: Callable[[bytes], bytes]) -> bytes:
    members = unpacked(data)
    return zipped({**members, path: change(members[path])})


def sheet(rows: str) -> bytes:
    page = f"<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>".encode()
    return with_member(writers.xlsx_file({"表": [["a", "b"]]}), "xl/worksheets/sheet1.xml", lambda _: page)


def book_of_one_chapter() -> bytes:
    return with_member(
        writers.epub_file([f"<p>{WORDS}</p>" * 500]), "OEBPS/book.opf", lambda each: each.replace(b'<itemref idref="c0"/>', b'<itemref idref="c0"/>' * 50_000)
    )


def slides_of_one() -> bytes:
    slide = re.compile(rb"<p:sldId [^>]*/>")
    return with_member(writers.pptx_file([("题", WORDS)]), "ppt/presentation.xml", lambda each: slide.sub(lambda one: one[0] * 20_000, each))


def tar_with_holes() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT) as made:
        for number in range(200):
            info = tarfile.TarInfo(f"{number}.txt")
            info.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(250 << 20)}
            info.size = 1
            made.addfile(info, io.BytesIO(b"a"))
    return file.getvalue()


WITHOUT_END: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a row of any number": ("a.xlsx", lambda: sheet('<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'), ""),
    "rows at the end of a sheet": ("a.xlsx", lambda: sheet('<row r="1048576"><c r="A1048576"><v>1</v></c></row>' * 3), ""),
    "cells far apart": ("a.xlsx", lambda: sheet("".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 20_000))), "far apart"),
    "one chapter again and again": ("a.epub", book_of_one_chapter, ""),
    "one slide again and again": ("a.pptx", slides_of_one, ""),
    "files of holes": ("a.tar.gz", tar_with_holes, "kept with holes in it; make the archive again without --sparse"),
    "a name above every row": ("a.csv", lambda: b"x" * 100_000 + b",b\n" + b"a,b\n" * 20_000, ""),
    "a name that is a codec's": ("a.html", lambda: b"<meta charset=punycode><p>words-" + b"zz9" * 200_000, ""),
    "a letter in a codec of names": ("a.eml", lambda: b"Subject: a\nContent-Type: text/plain; charset=idna\n\n" + b"xn--a." * 50_000, ""),
    "a letter to all the world": ("a.eml", lambda: b"Subject: a\nTo: " + b"a@b.c, " * 30_000 + b"\n\nwords", ""),
    "a subject of subjects": ("a.eml", lambda: b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\nwords", ""),
    "a kind with any number of details": ("a.eml", lambda: b"Subject: a\nContent-Type: text/plain; " + b"a=b; " * 30_000 + b"\n\nwords", ""),
    "parts of a letter": ("a.eml", lambda: b"Subject: a\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 20_000, "more than 10,000 parts"),
    "accents on a letter": ("a.txt", lambda: ("\u0345\u0301" * 100_000).encode(), "more than 60 accents on one letter"),
    "accents in a table": ("a.csv", lambda: ("a,b\n1,x" + "\u0345\u0301" * 100_000).encode(), ""),
    "bylines and captions": ("a.txt", lambda: "".join(f"第{n}版\n图为工人\n本报记者 王\n" for n in range(7_000)).encode(), ""),
    "brackets in a sentence": ("a.txt", lambda: ("他说x（好。）y" * 40_000).encode(), ""),
}  # fmt: skip


@pytest.mark.parametrize("what", WITHOUT_END)
def test_a_file_without_end_is_read_once_or_refused(what: str) -> None:
    name, make, says = WITHOUT_END[what]
    data = make()
    began = time.process_time()
    documents, failures = all_of(data, name)
    assert time.process_time() - began < SECONDS
    for each in documents:
        is_whole(each)
    assert sum(len(each.text) for each in documents) < 10 * len(data) + 100_000
    assert all(says in each for each in failures) and bool(failures) == bool(says)


LYING = {
    "a.zip": lambda: zipped({"a.txt": bytes(256 << 20)}),
    "b.zip": lambda: zipped({"a.txt": bytes(128 << 20)}, zipfile.ZIP_BZIP2),
    "a.docx": lambda: zipped({MAIN: b" " * (256 << 20), **{k: v for k, v in unpacked(writers.docx_file("", [WORDS])).items() if k != MAIN}}),
}


@pytest.mark.parametrize("name", LYING)
def test_what_claims_to_be_small_and_is_not_takes_little_memory(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(claiming(LYING[name](), 1 << 20))
    assert file.stat().st_size < 2 << 20
    program = (
        "import resource, sys; from pathlib import Path; from corpus import read_all; data = Path(sys.argv[1]).read_bytes(); name = Path(sys.argv[1]).name\n"
        "list(read_all(b'x', name)); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(*read_all(data, name)); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, file], cwd=ROOT, capture_output=True, text=True, check=True)
    said, kilobytes = done.stdout.splitlines()
    assert name in said and ";" in said
    assert int(kilobytes) < 100_000


def test_a_member_packed_in_an_uncommon_way_says_so_and_the_rest_goes_on() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.txt", WORDS, zipfile.ZIP_BZIP2)
        made.writestr("b.txt", WORDS, zipfile.ZIP_DEFLATED)
    documents, failures = all_of(file.getvalue(), "a.zip")
    assert [each.name for each in documents] == ["a.zip/b.txt"]
    assert failures == ["a.zip/a.txt is packed in an uncommon way (method 12); pack it again as an ordinary zip file"]


def test_more_text_than_is_made_of_one_file_is_refused_before_it_is_there() -> None:
    long = Part("table", "x" * 1_000_000)
    taken = 0
    with pytest.raises(UnreadableFile, match=r"a\.csv is read as more than 128,000,000 characters; split it into smaller files"):
        for _ in bounded((long for _ in range(10**9)), "a.csv"):
            taken += 1
    assert taken == LONGEST_TEXT // 1_000_000


def test_a_picture_of_a_kind_that_runs_another_program_is_not_opened() -> None:
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) show\n"
    (reason,) = read_all(script, "a.png")
    assert isinstance(reason, UnreadableFile) and "a.png is damaged or not a picture" in str(reason)


def test_topics_that_are_not_closed_are_read_in_no_time(tmp_path: Path) -> None:
    (tmp_path / "topics.txt").write_text("<top>" * 100_000 + "<num> Number: 1" + " " * 100_000 + "<title> Topic: Who? </top>")
    (tmp_path / "qrels.txt").write_text("1 0 a.txt 1\n")
    began = time.process_time()
    (question,) = read_questions(tmp_path).questions
    assert question.question == "Who?" and time.process_time() - began < SECONDS


def test_brackets_within_one_sentence_are_one_sentence() -> None:
    assert len(sentences("他说（好。）然后（走了。）又来")) == 1
