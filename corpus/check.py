"""Is what the database holds consistent? Every document, block, sentence, run and passage is looked at."""

import itertools
import shlex
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from corpus.connect import DATABASE
from corpus.document import Document, Passage, Sentence, passage_id
from corpus.errors import DamagedDocument, DamagedLibrary
from corpus.library import Library
from corpus.passages import passage_text
from corpus.rows import DAMAGED, text_key
from corpus.runs import stands_there
from corpus.store import Store

REPAIR = "run: yinju check --repair, or restore a backup"
# One kind of problem may be everywhere: so many are named one by one.
NAMED = 20


@dataclass(frozen=True)
class Problem:
    """What is wrong, and what to do about it."""

    what: str
    remedy: str


def check_database(library: Library) -> list[Problem]:
    """All that is wrong with documents and passages. Reads everything, a document at a time."""
    try:
        with library.reading() as connection:
            problems = list(_integrity(connection))
            for (identity,) in connection.execute("SELECT id FROM documents ORDER BY name").fetchall():
                if len(problems) > NAMED:
                    problems.append(Problem("there are more problems than are named here", REPAIR))
                    break
                problems += document_problems(library, str(identity))
            return problems or [*_misplaced(connection), *_counts(library, connection), *_tables(library)]
    except sqlite3.DatabaseError as reason:
        return [Problem(f"{library.folder / DATABASE} cannot be read ({reason})", REPAIR)]
    except DamagedLibrary as reason:
        what, _, remedy = str(reason).partition("; ")
        return [Problem(what, remedy)]


def _integrity(connection: sqlite3.Connection) -> Iterator[Problem]:
    for (said,) in connection.execute("PRAGMA integrity_check(5)").fetchall():
        if said != "ok":
            yield Problem(f"the database is damaged: {' '.join(str(said).split())}", REPAIR)
    ((keyless,),) = connection.execute("SELECT count(*) FROM passages WHERE typeof(key) <> 'blob'").fetchall()
    if keyless:
        yield Problem(f"{keyless} passages have no key of a vector", REPAIR)
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchall()[:NAMED]:
        if parent != "vectors":  # a passage without its vector is named with its document
            yield Problem(f"a row of {table} belongs to none of the {parent}", REPAIR)


def _misplaced(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Each document is of the file that it is named after: its checksum is of what it says, and not of where it came from."""
    query = "SELECT documents.name FROM documents JOIN files ON files.id = file_id WHERE substr(documents.name, 1, length(files.name)) <> files.name"
    for (name,) in connection.execute(f"{query} LIMIT {NAMED}").fetchall():
        yield Problem(f"{name} is said to be of a file of another name", REPAIR)


def _counts(library: Library, connection: sqlite3.Connection) -> Iterator[Problem]:
    """The numbers that SQLite and the tables keep of texts are those of the texts that are there."""
    marks = library.vectors.marks()
    ((count, last),) = connection.execute("SELECT count(*), coalesce(max(id), 0) FROM vectors").fetchall()
    ((gone,),) = connection.execute("SELECT count(DISTINCT number) FROM gone WHERE number BETWEEN 1 AND ?", (marks.last,)).fetchall()
    ((both,),) = connection.execute("SELECT count(*) FROM gone JOIN vectors ON vectors.id = gone.number").fetchall()
    if (count, gone, both) != (marks.count, marks.gone, 0) or last > marks.last:
        yield Problem("the numbers of texts are not those that were given", REPAIR)


def _tables(library: Library) -> Iterator[Problem]:
    """Vectors and postings are what was stored."""
    for number in library.vectors.damaged()[:NAMED].tolist():
        names = library.documents_with(number)
        yield Problem(f"a vector of {', '.join(names[:3]) or 'no document'} is not what was stored", REPAIR)
    segments = library.postings.damaged()
    if segments:
        yield Problem(f"the words of texts {segments[0].first} to {segments[-1].last} are not what was stored", REPAIR)


def again(name: str) -> str:
    """The remedy that makes a document anew."""
    return f"run: yinju docs remove {shlex.quote(name)}, and index its file again"


def document_problems(library: Store, identity: str) -> list[Problem]:
    """What is wrong with a document, its spans and its passages; at most three things are named."""
    try:
        entry = library.with_sentences(identity)
        passages = library.passages_with_keys(identity)
        held = library.held([key for _, key in passages])
    except DamagedDocument as reason:
        what, _, remedy = str(reason).partition("; ")
        return [Problem(what, remedy)]
    except DAMAGED as reason:
        name = library.name_of(identity)
        return [Problem(f"{name}: it cannot be read ({reason})", again(name))]
    if entry is None:
        return []
    document, sentences = entry
    wrong = [
        *wrong_in_document(document, identity, sentences),
        *_wrong_in_passages(document, passages, held),
        *_uncovered(document, [passage for passage, _ in passages]),
    ]
    return [Problem(f"{document.name}: {each}", again(document.name)) for each in wrong[:3]]


def wrong_in_document(document: Document, identity: str, sentences: list[Sentence]) -> Iterator[str]:
    """What is wrong with a document's spans."""
    if document.id != identity:
        yield "its id is not that of its name"
    blocks, length = document.blocks, len(document.text)
    if any(not 0 <= each.start <= each.end <= length for each in blocks):
        yield "a block reaches out of the text"
    if any(first.end > second.start for first, second in itertools.pairwise(blocks)):
        yield "two blocks overlap"
    if not _all_inside(sentences, [(each.start, each.end) for each in blocks]):
        yield "a sentence reaches out of its block"
    if document.source is None:
        if document.runs:
            yield "it has places in a source that is not there"
        return
    for run in document.runs:
        if not stands_there(document.text, document.source, run):
            yield f"the text at {run.start} is not what its source has at {run.original}"
            return


def _all_inside(sentences: list[Sentence], blocks: list[tuple[int, int]]) -> bool:
    """Whether each sentence (in order) lies inside one of the blocks (in order)."""
    number = 0
    for each in sentences:
        while number < len(blocks) and blocks[number][1] < each.end:
            number += 1
        if number == len(blocks) or not blocks[number][0] <= each.start < each.end:
            return False
    return True


def _wrong_in_passages(document: Document, passages: list[tuple[Passage, bytes]], held: set[bytes]) -> Iterator[str]:
    for passage, key in passages:
        place = f"the passage at {passage.start}–{passage.end}"
        words = document.text[passage.start : passage.end]
        if not 0 <= passage.start < passage.end <= len(document.text):
            yield f"{place} reaches out of the text"
        elif passage_id(document.id, passage.start, passage.end, words) != passage.id:
            yield f"{place} is not what was cut there"
        elif key not in (text_key(words), text_key(passage_text(document, passage))):
            yield f"{place} has the vector of other words"
        elif key not in held:
            yield f"{place} has no vector"


def _uncovered(document: Document, passages: list[Passage]) -> Iterator[str]:
    """Words that would be quoted and are in none of the passages (in order): nobody could find them."""
    ends = [0, *(each.end for each in passages)]
    starts = [*(each.start for each in passages), len(document.text)]
    gaps = [(end, start) for end, start in zip(ends, starts, strict=True) if end < start]
    blocks = [(each.start, each.end) for each in document.blocks if each.kind != "furniture"]
    for start, end in _overlaps(gaps, blocks):
        if document.text[start:end].strip():
            yield f"the words at {start}–{end} are in no passage"


def _overlaps(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What spans of two lists, each in order, have in common."""
    one = two = 0
    while one < len(first) and two < len(second):
        start, end = max(first[one][0], second[two][0]), min(first[one][1], second[two][1])
        if start < end:
            yield start, end
        if first[one][1] < second[two][1]:
            one += 1
        else:
            two += 1
