"""Letters (.eml): the subject, who wrote to whom, and the words; attachments are documents of their own."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import EmailPolicy

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.one_line import CONTROLS, one_line
from corpus.readers import text as plain
from corpus.readers.build import Part, build, clean
from corpus.readers.characters import declared_text
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.html import page_parts

HEADER = re.compile(rb"\A(?:From [^\r\n]*\r?\n)?[A-Za-z][A-Za-z0-9-]*:", re.M)
# Characters of a header: two hundred receivers. Lines that begin a part.
LONGEST_HEADER, MOST_PARTS = 8_000, 10_000
SHOWN = ("From", "To", "Cc", "Date")


class Bounded(EmailPolicy):
    """Cuts headers that no person wrote: what `email` takes to read one grows with the square of its length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_HEADER]


def read(data: bytes, name: str) -> Document:
    """A letter without its attachments. Raises UnreadableFile where it is none or has no words."""
    letter = open_letter(data, name)
    with opening(name, "letter (.eml)"):
        subject = _header(letter, "Subject")
        lines = [f"{each}: {_header(letter, each)}" for each in SHOWN if _header(letter, each)]
        body = letter.get_body(("plain", "html"))
        parts = [Part("heading", subject, 1), Part("byline", "\n".join(lines)), *_body(body, name)]
        if not any(clean(part.text) for part in (parts[0], *parts[2:])):
            raise UnreadableFile(f"{name} has no words; add text to it, or leave it out")
        metadata = {
            "author": _header(letter, "From"),
            "date": iso_date(_header(letter, "Date")),
            "to": _header(letter, "To"),
            "language": _header(letter, "Content-Language"),
            "attachments": ", ".join(one_line(each.get_filename() or "") for each in letter.iter_attachments()),
        }
        return build(name, parts, subject, metadata)


def open_letter(data: bytes, name: str) -> EmailMessage:
    """The letter in `data`. Raises UnreadableFile where it has no headers."""
    if not HEADER.match(data.lstrip()):
        raise UnreadableFile(
            f"{name} is not a letter (.eml): it begins with no header; save it again from your mail program"
        )
    with opening(name, "letter (.eml)"):
        if data.count(b"\n--") > MOST_PARTS:
            raise UnreadableFile(f"{name} has more than {MOST_PARTS:,} parts; save what is in it as files, and index those")
        letter = message_from_bytes(data.lstrip(), policy=Bounded())
        assert isinstance(letter, EmailMessage)  # as the policy has it
        if not any(letter.get(each) for each in ("From", "To", "Subject", "Date")):
            raise UnreadableFile(f"{name} has no sender, date or subject; save it again from your mail program")
        return letter


def attachments(letter: EmailMessage) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every file sent along."""
    for number, part in enumerate(letter.iter_attachments(), 1):
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield part.get_filename() or f"attachment {number}.txt", content
        elif part.get_content_type() == "message/rfc822":
            yield part.get_filename() or f"attachment {number}.eml", bytes(part.get_content())


def _body(body: MIMEPart | None, name: str) -> list[Part]:
    if body is None:
        return []
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    text = declared_text(content, body.get_content_charset("utf-8"))
    if text is None:
        text = plain.running_text(content, name)
    if not text.strip():
        return []
    if body.get_content_subtype() == "html":
        return page_parts(text, name)[0]
    return plain_parts(text, name)


def plain_parts(text: str, name: str) -> list[Part]:
    """Plain text that stands in another format, as the reader of plain text takes it apart."""
    words = clean(text)
    if not words:
        return []
    document = plain.read(CONTROLS.sub("", text).encode("utf-8-sig"), name)
    return [Part(each.kind, document.text[each.start : each.end], each.level) for each in document.blocks]


def _header(letter: EmailMessage, key: str) -> str:
    return one_line(str(letter.get(key, "")))
