from pathlib import Path

import pytest

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.language import language
from corpus.metadata import described, read_labels
from tests.conftest import SAMPLE
from tests.test_embeddings import EIGHT_LANGUAGES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *zip([each * 2 for each in EIGHT_LANGUAGES], ["zh", "en", "ja", "es", "de", None, "ar", "ko"], strict=True),
        ("Новые школы откроются в сентябре, и это первые школы в этом районе.", "ru"),
        ("這座城市有三百萬人口，去年新建了兩條地鐵線，市民們說這對他們來說很方便。", "zh-Hant"),
        ("12345 67890", None),
        ("OK", None),
        ("Нова школа відкриється у вересні, і її чекають усі діти.", None),
    ],
)
def test_a_language_is_said_where_it_is_sure(text: str, expected: str | None) -> None:
    assert language(text) == expected


def test_the_samples_languages_are_told() -> None:
    for file in SAMPLE.glob("*/*.*"):
        assert language(file.read_text()) == file.parent.name, file


def test_what_the_folder_says_goes_before_what_the_reader_found() -> None:
    document = Document("a.md", "旧题", "text", (), {"author": "甲", "source": "新华社", "date": "2024-01-02"})
    found = described(document, Path("in/a.md"), {"author": "乙", "title": "新题", "language": "en"})
    assert found.title == "新题"
    assert found.metadata == {
        "author": "乙", "source": "in/a.md", "origin": "新华社", "date": "2024-01-02", "language": "en",
    }  # fmt: skip


def test_labels_are_read_as_spreadsheets_write_them() -> None:
    data = "File,Title,作者\r\n./a.txt,\"春,耕\",王\r\n\r\nb\\c.txt,,李\r\n"
    expected = {"a.txt": {"title": "春,耕", "作者": "王"}, "b/c.txt": {"作者": "李"}}
    assert read_labels(data.encode("utf-8-sig"), "metadata.csv") == expected


def test_labels_are_of_one_line_and_turn_nothing() -> None:
    data = 'file,"ti\ntle",作者\r\na.txt,"两\n行","\u202e王"\r\n'
    assert read_labels(data.encode(), "metadata.csv") == {"a.txt": {"ti tle": "两 行", "作者": "王"}}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "metadata.csv is empty"),
        ("name,title\n", "line 1: no column is called `file`"),
        ("file,title,title\n", "line 1: a column has no name or stands twice"),
        ("file,title\na.txt\n", "line 2: 1 cells under 2 columns"),
        ("file,title\na.txt,x\na.txt,y\n", "line 3: a.txt stands twice"),
        ("file,title\n,x\n", "line 2: `file` is empty"),
        ('file,title\na.txt,"x\n', "not CSV"),
        ("file,title\n" + "/" * 100_000 + ",x\n", "`file` has 100,000 characters, as no file's name has"),
    ],
)
def test_a_broken_metadata_file_names_the_line(data: str, says: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        read_labels(data.encode(), "metadata.csv")
    assert says in str(error.value)
