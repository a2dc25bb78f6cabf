"""Bad input: one sentence that names the file and what to do; never a traceback, never without bounds."""

import io
import json
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus import COLLECTIONS, READERS, Document, UnreadableFile, read, read_all
from tests import writers
from tests.test_open_document import PRINTED
from tests.test_readers import ENGLISH, ROWS, WORDS, all_of, is_whole, words

MADE: dict[str, Callable[[], bytes]] = {
    "txt": lambda: WORDS.encode(),
    "md": lambda: f"# 题\n\n{WORDS}".encode(),
    "html": lambda: writers.html_file(f"<p>{WORDS}</p><p>{ENGLISH}</p>"),
    "pdf": lambda: writers.pdf_file([WORDS, ENGLISH]),
    "docx": lambda: writers.docx_file("题", [WORDS], ROWS),
    "pptx": lambda: writers.pptx_file([("题", WORDS)]),
    "xlsx": lambda: writers.xlsx_file({"表": ROWS}),
    **{ending: lambda ending=ending: (PRINTED / f"office.{ending}").read_bytes() for ending in ("odt", "ods", "odp")},
    "csv": lambda: writers.csv_file(ROWS),
    "epub": lambda: writers.epub_file([f"<p>{WORDS}</p>"]),
    "rtf": lambda: writers.rtf_file([WORDS, ENGLISH]),
    "eml": lambda: writers.eml_file("题", WORDS, {"a.docx": writers.docx_file("", [ENGLISH])}),
    "jsonl": lambda: writers.jsonl_file([{"text": WORDS}, {"text": ENGLISH}]),
    "zip": lambda: writers.zip_file({"a.txt": WORDS.encode(), "b.txt": ENGLISH.encode()}),
    "tar.gz": lambda: writers.tar_file({"a.txt": WORDS.encode(), "b.txt": ENGLISH.encode()}),
    "png": lambda: picture("PNG"),
    "jpg": lambda: picture("JPEG"),
    "tif": lambda: picture("TIFF"),
    "webp": lambda: picture("WEBP"),
    "bmp": lambda: picture("BMP"),
}
# These are cut anywhere and still are what they are, only shorter.
STILL_TEXT = {"txt", "md", "html", "csv", "eml", "jsonl"}


def picture(kind: str) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.effect_noise((200, 100), 80).convert("RGB").save(file, kind)
    return file.getvalue()


def reasons(data: bytes, name: str) -> list[str]:
    """Why it, or parts of it, cannot be read; and everything that can be is whole."""
    documents, failures = all_of(data, name)
    for each in documents:
        is_whole(each)
    for each in failures:
        assert name in each and "\n" not in each and "Traceback" not in each and len(each) < 600, each
        assert ";" in each or ":" in each, f"no remedy: {each}"
    return failures


ENDINGS = sorted({each.lstrip(".") for each in (*READERS, *COLLECTIONS)})


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_empty_file_of_any_kind_is_one_reason(ending: str) -> None:
    for data in (b"", b"\n", b"\0" * 100):
        assert len(reasons(data, f"空.{ending}")) == 1


@pytest.mark.parametrize("ending", ENDINGS)
def test_garbage_of_any_kind_is_one_reason(ending: str) -> None:
    chance = random.Random(7)
    for size in (1000, 100_000):
        assert reasons(chance.randbytes(size), f"a.{ending}")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_bytes_of_another_kind_are_one_reason_or_a_document(ending: str) -> None:
    for other, make in MADE.items():
        if other not in ("png", "jpg", "tif", "webp", "bmp"):
            reasons(make(), f"a.{ending}") or list(read_all(make(), f"a.{ending}"))


@pytest.mark.parametrize("ending", MADE)
def test_a_file_cut_short_is_a_reason(ending: str) -> None:
    data = MADE[ending]()
    for part in (0.1, 0.5, 0.9, 0.99):
        failures = reasons(data[: int(len(data) * part)], f"a.{ending}")
        assert failures or ending in STILL_TEXT or part > 0.5, f"{ending} cut at {part}"


@pytest.mark.parametrize("ending", [each for each in MADE if each not in ("png", "jpg", "tif", "webp", "bmp")])
def test_a_file_with_bytes_changed_is_a_reason_or_a_document(ending: str) -> None:
    chance = random.Random(11)
    data = MADE[ending]()
    for _ in range(30):
        broken = bytearray(data)
        for _ in range(chance.choice((1, 5, 50))):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        reasons(bytes(broken), f"a.{ending}")


def test_a_pdf_with_a_password_says_so() -> None:
    assert reasons(writers.pdf_file([WORDS], password="geheim"), "a.pdf") == [
        "a.pdf is protected by a password; save a copy without one, and index that"
    ]


def test_an_office_file_with_a_password_says_so() -> None:
    (reason,) = reasons(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000), "a.docx")
    assert reason.startswith("a.docx is protected by a password or is of an older kind of file; save it without")


def test_a_member_with_a_password_says_so_and_the_rest_goes_on() -> None:
    data = bytearray(writers.zip_file({"a.txt": WORDS.encode(), "b.txt": ENGLISH.encode()}))
    data[6] |= 1  # the flag of the first member, in its header and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    documents, failures = all_of(bytes(data), "a.zip")
    assert [each.name for each in documents] == ["a.zip/b.txt"]
    assert failures == ["a.zip/a.txt is protected by a password; unpack it, and index what is in it"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    (reason,) = reasons(writers.zip_file({"a.txt": bytes(50 << 20)}), "a.zip")
    assert "unpacks to more than 250 times its size" in reason
    (reason,) = reasons(writers.zip_file({"word/document.xml": b" " * (50 << 20)}), "a.docx")
    assert "unpacks to more than 250 times its size" in reason


def test_a_zip_that_lies_about_its_size_is_not_believed() -> None:
    data = bytearray(writers.zip_file({"a.txt": b"x" * 100_000}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 10)
    assert reasons(bytes(data), "a.zip")


def test_a_gzip_bomb_is_refused_while_it_is_unpacked() -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as made:
        info = tarfile.TarInfo("a.bin")
        info.size = 100 << 20
        made.addfile(info, io.BytesIO(bytes(info.size)))
    assert any("unpacks to more than 250 times its size" in each for each in reasons(file.getvalue(), "a.tgz"))


def test_archives_in_archives_are_read_three_deep() -> None:
    data = writers.zip_file({"a.txt": WORDS.encode()})
    for _ in range(5):
        data = writers.zip_file({"in.zip": data})
    assert reasons(data, "a.zip") == [
        "a.zip/in.zip/in.zip/in.zip is an archive inside 3 others; unpack it, and index what is in it"
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("../../etc/a.txt", "etc/a.txt"),
        ("/etc/a.txt", "etc/a.txt"),
        ("..\\..\\windows\\a.txt", "windows/a.txt"),
        ("C:\\windows\\a.txt", "C/windows/a.txt"),
        ("x/./../y//a.txt", "x/y/a.txt"),
        ("two\nlines\r.txt", "two lines .txt"),
        ("\u202egpj.a.txt", "gpj.a.txt"),
        ("报告/第一章.txt", "报告/第一章.txt"),
        ("a" * 500 + ".txt", "a" * 180 + "….txt"),
    ],
)
def test_a_path_that_climbs_out_is_a_name_inside(path: str, name: str) -> None:
    for kind, make in (("zip", writers.zip_file), ("tar.gz", writers.tar_file)):
        documents, failures = all_of(make({path: WORDS.encode()}), f"a.{kind}")
        assert [each.name for each in documents] == [f"a.{kind}/{name}"] and not failures


def test_two_members_of_one_name_are_two_documents() -> None:
    documents, _ = all_of(writers.zip_file({"a.txt": WORDS.encode(), "/a.txt": ENGLISH.encode()}), "a.zip")
    assert [each.name for each in documents] == ["a.zip/a.txt", "a.zip/a (2).txt"]


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
def test_names_written_without_saying_their_encoding_are_read(codec: str) -> None:
    raw = "报告.txt".encode(codec)
    stand_in = "x" * len(raw)
    data = writers.zip_file({stand_in: WORDS.encode()}).replace(stand_in.encode(), raw)
    documents, failures = all_of(data, "a.zip")
    assert [each.name for each in documents] == ["a.zip/报告.txt"] and not failures


def test_an_archive_without_files_says_so() -> None:
    for data, name in ((writers.zip_file({}), "a.zip"), (writers.tar_file({}), "a.tgz")):
        assert reasons(data, name) == [f"{name} holds no files; put documents into it, or leave it out"]


def test_links_in_a_tar_file_are_not_followed() -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as made:
        info = tarfile.TarInfo("a.txt")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(info)
    assert reasons(file.getvalue(), "a.tgz") == [
        "a.tgz/a.txt is a link or a device; put the file itself into the archive"
    ]


def test_a_line_that_is_not_json_is_named_and_the_rest_goes_on() -> None:
    lines = [
        b'{"text": "' + WORDS.encode() + b'"}',
        b'{"text": ',
        b"[1]",
        b'{"text": " "}',
        b'{"text": 3}',
        b"[" * 100_000,
    ]
    documents, failures = all_of(b"\n".join(lines), "a.jsonl")
    assert len(documents) == 1
    assert [each.split(";")[0] for each in failures] == [
        "line 2 of a.jsonl is not JSON (Expecting value)",
        "line 3 of a.jsonl is not a JSON object",
        "line 4 of a.jsonl has no text",
        "line 5 of a.jsonl has no text",
        "line 6 of a.jsonl is not JSON (nested too deep or a number too long)",
    ]


def test_a_question_set_is_not_a_corpus() -> None:
    rows = [{"id": "1", "question": "谁？", "answers": ["我"]}, {"question": "什么？"}]
    assert reasons(writers.jsonl_file(rows), "q.jsonl") == [
        "q.jsonl is a set of questions; ask them of a library with: yinju eval q.jsonl"
    ]
    documents, _ = all_of(writers.jsonl_file([{"question": "谁？", "text": WORDS}]), "q.jsonl")
    assert len(documents) == 1


def test_control_characters_surrogates_and_direction_marks_do_no_harm() -> None:
    bad = "前\u0000\ud800中\u202e后\u0007"
    documents, _ = all_of(json.dumps({"text": bad, "title": bad, "id": "../" + bad}).encode(), "a.jsonl")
    (document,) = documents
    assert document.text == "前中\u202e后" and document.title == "前中后" and document.name == "a.jsonl/前中后"
    document.text.encode()
    page = writers.html_file(f"<p>{bad}</p><script>alert(1)</script><p onclick='x'>&lt;script&gt;</p>")
    (found,) = read_all(page, "a.html")
    assert isinstance(found, Document) and words(found) == ["前中\u202e后", "<script>"]
    (found,) = read_all(f"{bad},b\n1,2\n".encode("utf-8", "surrogatepass"), "a.csv")
    assert isinstance(found, Document) and words(found) == ["前中\u202e后: 1; b: 2"]


def test_a_page_nested_ten_thousand_deep_is_read() -> None:
    for page in ("<div>" * 10_000 + WORDS, "<table><tr><td>" * 3_000 + WORDS, "<ul><li>" * 5_000 + WORDS):
        documents, failures = all_of(writers.html_file(page), "a.html")
        assert documents or failures


def test_an_entity_that_grows_is_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    files = {"word/document.xml": bomb + "]><x>&j;</x>"}
    original = zipfile.ZipFile(io.BytesIO(writers.docx_file("", [WORDS])))
    members: dict[str, bytes | str] = {each: original.read(each) for each in original.namelist()}
    reasons(writers.zip_file(members | files), "a.docx")
    chapter = {"OEBPS/text/c0.xhtml": bomb + "]><html><body><p>&j;</p></body></html>"}
    book = zipfile.ZipFile(io.BytesIO(writers.epub_file([f"<p>{WORDS}</p>"])))
    members = {each: book.read(each) for each in book.namelist()}
    documents, _ = all_of(writers.zip_file(members | chapter), "a.epub")
    assert all(len(each.text) < 1000 for each in documents)


def test_a_fault_of_the_machine_is_not_called_a_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    import docx

    data = writers.docx_file("", [WORDS])
    for fault in (MemoryError, KeyboardInterrupt):

        def fail(*_: object, fault: type[BaseException] = fault) -> None:
            raise fault

        monkeypatch.setattr(docx, "Document", fail)
        with pytest.raises(fault):
            list(read_all(data, "a.docx"))


def test_a_reason_is_an_unreadable_file() -> None:
    assert all(isinstance(each, UnreadableFile) for each in read_all(b"x", "a.docx"))


def test_a_kind_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as said:
        read(tmp_path / "a.xyz")
    kinds = str(said.value).partition("known kinds are ")[2].split(", ")
    assert ".eml" in kinds and len(kinds) == len(set(kinds))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.png", "a.png is damaged or not a picture (cannot identify image file); open and save it again, or leave it out"),
        ("a.epub", "a.epub is damaged or not an e-book (.epub) ("),
    ],
)
@pytest.mark.parametrize("data", [b"", b"garbage"])
def test_a_reason_is_plain_english(name: str, says: str, data: bytes) -> None:
    (reason,) = read_all(data, name)
    assert str(reason).startswith(says)
