"""What is promised of whatever is read: a whole document, or one sentence that names the file."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

from corpus import Document, UnreadableFile, YinjuError, original_at, page_at, read_all, split_sentences, title_at
from corpus.check import wrong_in_document
from corpus.one_line import DIRECTION
from corpus.runs import stands_there

# Characters that a reason has at most, beside the file's name.
LONGEST_REASON = 1_000
# Characters that a document may have for each byte it was read from, and those that it may have anyhow.
GROWTH, ANYHOW = 300, 1 << 20


def one_line(text: str) -> None:
    """It can be stored and shown: one line, no lone surrogate, no mark that turns what stands beside it."""
    text.encode()
    assert len(text.splitlines()) <= 1 and not DIRECTION.search(text), ascii(text)


def one_sentence(reason: YinjuError, name: str) -> None:
    """It says what is wrong with what is called `name`, in one line."""
    said = str(reason)
    said.encode("utf-8", "surrogatepass")
    assert name in said and len(said.splitlines()) == 1 and "Traceback" not in said, ascii(said)
    assert len(said) < LONGEST_REASON + 2 * len(name), f"{len(said)} characters: {said[:900]!a}"


def whole(document: Document) -> None:
    """Every promise of a document: text that can be quoted, blocks and runs that point into it, in order."""
    text = document.text
    text.encode()
    assert text.strip() and unicodedata.is_normalized("NFC", text) and "\r" not in text and "\0" not in text
    end = 0
    for block in document.blocks:
        assert end <= block.start < block.end <= len(text), block
        words = text[block.start : block.end]
        assert words == words.strip(), block
        end = block.end
    assert document.blocks and [each.article for each in document.blocks] == sorted(each.article for each in document.blocks)
    assert document.title.strip() and document.name
    one_line(document.title)
    one_line(document.name)
    for key, value in document.metadata.items():
        one_line(key)
        one_line(value)
    json.dumps(dict(document.metadata), ensure_ascii=False).encode()
    traced(document)
    sentences = split_sentences(document)
    assert [*wrong_in_document(document, document.id, sentences)] == []  # as `yinju check` sees it
    spans = [(each.start, each.end) for each in sentences]
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)


def traced(document: Document) -> None:
    """Each run of the text stands in the file's own text, and each place has a page and a title."""
    end = 0
    for run in document.runs:
        assert document.source is not None and end <= run.start and run.length > 0 <= run.original
        assert stands_there(document.text, document.source, run), run
        end = run.start + run.length
    assert list(document.pages) == sorted(document.pages)
    for place in (0, len(document.text) // 2, len(document.text)):
        page = page_at(document, place)
        assert page is None or page >= 1
        assert title_at(document, place)
        source = document.text if document.source is None else document.source
        assert 0 <= original_at(document, place) <= len(source)


def read_or_refused(data: bytes, name: str) -> None:
    """Whatever the bytes are, they are documents or reasons, at least one, and nothing else is raised."""
    characters = count = 0
    for found in read_all(data, name):
        count += 1
        if isinstance(found, UnreadableFile):
            one_sentence(found, name)
        else:
            whole(found)
            assert found.name == name or found.name.startswith(f"{name}/")
            characters += len(found.text)
    assert count, "neither a document nor a reason"
    assert characters <= ANYHOW + GROWTH * len(data), f"{characters:,} characters of {len(data):,} bytes"


def refused(read: Callable[[], object], name: str) -> object:
    """What `read` gives, or None where it says in one sentence why it does not."""
    try:
        return read()
    except YinjuError as reason:
        one_sentence(reason, name)
        return None


def reader(ending: str) -> Callable[[bytes], None]:
    """The check of a file's reader."""
    return lambda data: read_or_refused(data, f"样 a.{ending}")


def of_members(build: Callable[[bytes, dict[str, bytes]], bytes]) -> Callable[[bytes], bytes]:
    """Bytes to the file that `build` makes of them: the first part, and those after lines of `--- PATH`, by path.

    What is packed cannot be changed one byte at a time: the sum of its bytes would no longer be right. Here the members are.
    """

    def made(data: bytes) -> bytes:
        first, *rest = data.split(b"\n--- ")
        return build(first, dict(_members(rest)))

    return made


def _members(parts: list[bytes]) -> Iterator[tuple[str, bytes]]:
    for part in parts:
        path, _, content = part.partition(b"\n")
        yield path.decode("utf-8", "replace").replace("\0", "") or "x", content
