"""CSV and XLSX: a question a row, with the columns of the JSON Lines; lists are parted by `|`."""

import csv
import io
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from corpus import QuestionError
from corpus.readers.workbook import load_workbook, rows_of
from eval.formats.row import questions_of
from eval.question import QuestionSet

TRUTH = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
# A workbook is a zip archive: what it unpacks to is looked at before it is.
MAX_UNPACKED = 512 << 20


def read_csv(path: Path) -> QuestionSet:
    delimiter, name = ("\t", "tabs") if path.suffix.lower() == ".tsv" else (",", "commas")
    reader = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=delimiter, strict=True)

    def rows() -> Iterator[tuple[int, object]]:
        begins = 1
        try:
            _require_column(reader.fieldnames or (), path)
            begins = reader.line_num + 1
            for row in reader:
                if any(row.pop(None, ())):  # what has no column would be lost
                    raise QuestionError(f"{path}, line {begins}: more cells than columns; put quotation marks around text with {name}")
                begins = reader.line_num + 1
                yield reader.line_num, _content(row)
        except csv.Error as reason:
            raise QuestionError(f"{path}, line {begins}: not CSV ({reason}); correct that line") from None

    return QuestionSet(questions_of(rows(), str(path)))


def read_xlsx(path: Path) -> QuestionSet:
    """The first sheet of a workbook, whose first row names the columns."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED:
                raise QuestionError(f"{path} unpacks to more than {MAX_UNPACKED >> 20} MB; split it into smaller sets")
        book = load_workbook(path)
    except QuestionError:
        raise
    except Exception as reason:  # openpyxl raises many kinds of error for a file that is no workbook
        said = " ".join(str(reason).split())[:200]
        raise QuestionError(f"{path} cannot be read as a workbook ({said}); save it as .xlsx or .csv") from None

    def lines() -> Iterator[tuple[int, dict[int, object]]]:
        try:
            for number, cells in rows_of(book.worksheets[0]):
                yield number, {each.column: each.value for each in cells}
        except Exception as reason:  # sheets are read row by row, and fail as the workbook does
            said = " ".join(str(reason).split())[:200]
            raise QuestionError(f"{path} cannot be read as a workbook ({said}); save it as .xlsx or .csv") from None

    def rows() -> Iterator[tuple[int, object]]:
        below = lines()
        names = {column: _cell(name) for column, name in next(below, (1, {}))[1].items()}
        _require_column([*names.values()], path)
        for number, values in below:
            content = _content({name: _cell(values.get(column)) for column, name in names.items()})
            if any(content.values()):
                yield number, content

    try:
        return QuestionSet(questions_of(rows(), str(path)))
    finally:
        book.close()


def _require_column(names: Collection[str], path: Path) -> None:
    if "question" not in names:
        raise QuestionError(
            f"{path}, line 1: no column is called `question`; the first line names the columns: "
            "id,question,answers,documents"
        )


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _content(row: Mapping[str, object]) -> dict[str, object]:
    content: dict[str, object] = {str(key): value for key, value in row.items() if key and value}
    for key in ("answers", "documents", "history"):
        content[key] = [each.strip() for each in str(content.get(key, "")).split("|") if each.strip()]
    if "answerable" in content:
        said = str(content["answerable"]).strip().lower()
        content["answerable"] = TRUTH.get(said, said)
    for key in ("spans", "grades"):  # places are for JSON Lines; a table has no form for them
        content.pop(key, None)
    return content
