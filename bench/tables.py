"""Questions about the rows of tables in eight languages: is the right row quoted first, and its right value marked? And are those about columns
that a table has not answered all the same?

    python -m bench.tables

The tables and questions are our own (bench/tables.json): each question names a row by its key, and a column in its name or in other words.
They stand in one library, beside our sample documents.
"""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from corpus import Library
from embeddings import load_encoder
from rag import Assistant, index_paths

HERE = Path(__file__).parent


def main() -> None:
    tables = json.loads((HERE / "tables.json").read_text("utf8"))
    right: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    count: Counter[str] = Counter()
    none: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "in"
        folder.mkdir()
        for table in tables:
            file = io.StringIO()
            csv.writer(file).writerows([table["columns"], *table["rows"]])
            (folder / f"{table['name']}.csv").write_text(file.getvalue(), "utf8")
        encoder = load_encoder("bundled")
        with Library.create(Path(scratch) / "library", encoder.name, encoder.dimension) as library:
            index_paths([folder, HERE.parent / "corpus" / "sample"], library, encoder)
        with Assistant.open(Path(scratch) / "library") as assistant:
            for table in tables:
                for row in table["rows"]:
                    for question in table["none"]:
                        answer = assistant.ask(question.format(row[table.get("key", 0)]))
                        none[table["name"]] += 1
                        answered[table["name"]] += answer.answered
                    for column, questions in table["asks"].items():
                        for question in questions:
                            asked = question.format(row[table.get("key", 0)])
                            value = row[int(column)]
                            answer = assistant.ask(asked)
                            first = answer.quotes[0] if answer.quotes else None
                            name = table["name"]
                            count[name] += 1
                            right[name] += first is not None and first.document == f"{name}.csv" and row[table.get("key", 0)] in first.text
                            found = "" if first is None or first.answer_start is None else first.text[first.answer_start - first.start : first.answer_end - first.start]  # type: ignore[operator]
                            marked[name] += found == value and row[table.get("key", 0)] in (first.text if first else "")
                            if found != value:
                                print(f"{asked}\t{value}\t{found}\t{first.text if first else '—'}\t{answer.confidence:.2f}")
    print("\n| table | questions | the right row first | its value marked exactly | answered though there is none |\n| --- | --- | --- | --- | --- |")
    for name in count:
        print(f"| {name} | {count[name]} | {right[name] / count[name]:.3f} | {marked[name] / count[name]:.3f} | {answered[name]} of {none[name]} |")
    print(f"| all | {count.total()} | {right.total() / count.total():.3f} | {marked.total() / count.total():.3f} | {answered.total()} of {none.total()} |")


if __name__ == "__main__":
    main()
