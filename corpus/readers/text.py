"""Plain text: running text, whether it comes clean or as lines pulled from printed pages."""

from corpus.clean import Cleaned, clean
from corpus.dateline import dateline
from corpus.decode import NotText, decode
from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.one_line import MOST_MARKS, few_marks, one_line
from corpus.readers.build import stem, tidy
from corpus.repair import repair
from corpus.runs import composed

# The longest novel is shorter.
LONGEST_LINE = 2_000_000


def read(data: bytes, name: str) -> Document:
    """A text file as a document; its title is its first heading, or else the file's name.

    Raises UnreadableFile where the bytes are not text.
    """
    decoded, cleaned = _text(data, name)
    repaired = repair(cleaned.text, cleaned.pages)
    changed = repaired.text != decoded
    first = next((each for each in repaired.blocks if each.kind == "heading"), None)
    title = one_line(repaired.text[first.start : first.end]) if first else ""
    return Document(
        name,
        title or stem(name),
        repaired.text,
        repaired.blocks,
        tidy(dateline(repaired.text, repaired.blocks)),
        source=decoded if changed else None,
        runs=composed(repaired.runs, cleaned.runs) if changed else (),
    )


def running_text(data: bytes, name: str) -> str:
    """The bytes of a text file as NFC text with `\\n` line ends and no control characters.

    Raises UnreadableFile.
    """
    return _text(data, name)[1].text


def _text(data: bytes, name: str) -> tuple[str, Cleaned]:
    """The text as the file has it, and as it is quoted."""
    try:
        decoded = decode(data).text
    except NotText as reason:
        raise UnreadableFile(f"{name} is not text: {reason}; convert it to a text file, or leave it out") from None
    longest = max(map(len, decoded.splitlines()), default=0)
    if longest > LONGEST_LINE:
        raise UnreadableFile(
            f"{name} has a line of {longest:,} characters, as data has and no text; break it into lines, or leave it out"
        )
    if few_marks(decoded) != decoded:
        raise UnreadableFile(f"{name} has more than {MOST_MARKS} accents on one letter, as no text has; mend it, or leave it out")
    cleaned = clean(decoded)
    if not cleaned.text.strip():
        raise UnreadableFile(f"{name} is empty; add text to it, or leave it out")
    return decoded, cleaned
