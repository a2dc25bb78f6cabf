"""Looking through a library's documents: by words of titles and names in every script, a page at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from corpus import Document, Library, Passage
from corpus.document import Block, passage_id
from corpus.document_list import folded
from corpus.rows import Prepared, document_hash, text_key
from corpus.whereabouts import whereabouts
from rag import index_paths
from tests.cheap import CheapEncoder, cheap_library

TITLES = ["İstanbul Raporu", "ISPARTA ve ırmak", "Die Straße nach Süden", "ＡＢＣ会议２０２３", "重慶民營企業", "Отчёт ПРИВЕТ",
          "تقرير سنوي عن المدينة", "ΟΔΥΣΣΕΥΣ", "ﬁnance of 50% _all_", "カタカナ ﾊﾝｶｸ"]  # fmt: skip


def put(library: Library, name: str, title: str, passages: int = 1) -> None:
    text = "一二三四五六七八九。" * passages
    document = Document(name, title, text, (Block("paragraph", 0, len(text), 0, None, 0),), {})
    places = [(at, at + 10) for at in range(0, len(text), 10)]
    cut = [Passage(passage_id(document.id, a, b, text[a:b]), document.id, a, b, ()) for a, b in places]
    key = text_key("一二三四五六七八九。")
    library.put_texts([key], np.full((1, CheapEncoder.dimension), 0.25, np.float32), [{"一": 1}])
    library.put(Prepared(document, document_hash(document), [], cut, [key] * passages), None)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with cheap_library(tmp_path / "library") as opened:
        for number, title in enumerate(TITLES):
            put(opened, f"{number:02d}/Datei-{number}.TXT", title, number + 1)
        yield opened


def titles(library: Library, words: str) -> list[str]:
    return [each.title for each in library.find_documents(words).entries]


@pytest.mark.parametrize(("words", "title"), [
    ("istanbul", 0), ("İSTANBUL", 0), ("isparta", 1), ("Isparta", 1), ("irmak", 1), ("IRMAK", 1), ("STRASSE", 2), ("straße süden", 2), ("abc会议2023", 3),
    ("ａｂｃ", 3), ("民營", 4), ("отчёт", 5), ("привет", 5), ("تقرير", 6), ("المدينة تقرير", 6), ("οδυσσευς", 7), ("οδυσσευσ", 7), ("FINANCE", 8), ("0%", 8),
    ("_all_", 8), ("ｶﾀｶﾅ ハンカク", 9),
])  # fmt: skip
def test_a_title_is_found_in_every_script_whatever_its_case_and_width(library: Library, words: str, title: int) -> None:
    assert titles(library, words) == [TITLES[title]]


@pytest.mark.parametrize("words", ["不在这里", "istanbul straße", "100%", "_bll_", "'; DROP TABLE documents; --", "\ud800", "*", "\x00"])
def test_what_no_title_and_no_name_holds_is_not_found(library: Library, words: str) -> None:
    found = library.find_documents(words)
    assert (found.entries, found.documents, found.passages) == ((), 0, 0)


def test_names_are_looked_at_as_well_and_all_that_is_found_is_counted(library: Library) -> None:
    found = library.find_documents("datei- .txt", limit=3, offset=2)
    assert [each.name for each in found.entries] == [f"{number:02d}/Datei-{number}.TXT" for number in (2, 3, 4)]
    assert (found.documents, found.passages) == (10, 55)
    assert [(each.passages, each.characters) for each in found.entries] == [(3, 30), (4, 40), (5, 50)]


def test_pages_hold_every_document_once_in_the_order_of_names(library: Library) -> None:
    for words in ("", "datei"):
        pages = [library.find_documents(words, 3, offset) for offset in range(0, 12, 3)]
        assert [each.name for page in pages for each in page.entries] == sorted(each.name for each in library.list_documents())
        assert all((page.documents, page.passages) == (10, 55) for page in pages)
    assert library.find_documents("", 3, 99).entries == () and library.find_documents("datei", 3, 99).documents == 10
    assert len(library.find_documents("", 3, -1).entries) == 3


def test_what_is_added_relabelled_replaced_and_removed_since_is_found_as_it_is_now(library: Library) -> None:
    assert library.find_documents("datei-0").passages == 1
    put(library, "00/Datei-0.TXT", TITLES[0], 4)
    assert library.find_documents("istanbul").passages == 4
    library.relabel("01/Datei-1.TXT", "Neue Straße", {})
    assert titles(library, "STRASSE") == ["Neue Straße", TITLES[2]]
    library.remove(["02/Datei-2.TXT"])
    put(library, "neu.txt", "ÉTÉ")
    assert titles(library, "STRASSE") == ["Neue Straße"] and titles(library, "été") == ["ÉTÉ"]


def test_what_another_process_adds_is_found(library: Library) -> None:
    assert titles(library, "später") == []
    with Library.open(library.folder) as other:
        put(other, "b.txt", "Später")
    assert titles(library, "später") == ["Später"]


@pytest.mark.parametrize("text", ["İ", "ß", "ﬀ", "Ⅷ", "ΐ", "ſt", "ｶﾞ", "가", "ı", "\ud800", "é", "ẞ"])
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(text.upper()) == folded(text.lower()) == folded(text)


def test_a_file_is_gone_where_its_folder_is_there_without_it_and_away_otherwise(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    for name in ("a/one.txt", "a/two.txt", "b/three.txt", "c/four.txt", "five.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name} 的文字在这里。\n")
    with cheap_library(tmp_path / "library") as library:
        index_paths([root], library, CheapEncoder())
        library.remove(["five.txt"])
        (root / "a/one.txt").unlink()
        (root / "b/three.txt").unlink()
        (root / "c").rename(tmp_path / "elsewhere")
        found = whereabouts(library)
    assert [(each.name, each.root) for each in found.there] == [("a/two.txt", root)]
    assert found.gone == (bytes(root / "a/one.txt"),)
    assert found.away == ("b/three.txt", "c/four.txt")
