"""Passages: the pieces of a document that are embedded and searched.

langchain-text-splitters does the cutting, first between paragraphs, then between sentences, then
(only where one sentence alone is over the limit) at a clause, a word, a character. Its own
`add_start_index` finds each chunk again by searching, which is wrong where text repeats; here the
splitter keeps every character, so the spans are sums of lengths.
"""

from collections.abc import Callable, Iterator, Sequence

from corpus.document import Block, Document, Passage, Sentence, passage_id
from corpus.rows import text_key
from corpus.sentences import sentences, trimmed

# Marks put after each paragraph and sentence before splitting. They are Unicode noncharacters;
# a text that holds them all the same is only cut there more readily, its spans stay right.
PARAGRAPH_END, SENTENCE_END = "\ufdd0", "\ufdd1"
SEPARATORS = [PARAGRAPH_END, SENTENCE_END, "[；;]", "[：:]", "[，,、،]", r"\s", ""]

UNMARKED = {ord(PARAGRAPH_END): None, ord(SENTENCE_END): None}

CountTokens = Callable[[str], int]

# The headings nearest to a passage say what it is about; more would drown its own words.
ABOVE_CHARACTERS = 96


def split_sentences(document: Document) -> list[Sentence]:
    """The sentences of every block in reading order; none crosses from one block into the next."""
    return [each for block in document.blocks for each in sentences(document.text, block.start, block.end)]


def split_passages(document: Document, count_tokens: CountTokens, limit: int) -> list[Passage]:
    """The passages of a document in reading order, each of at most `limit` tokens.

    A passage stays within one section and begins with the section's heading where it is the
    first of it; it never cuts a sentence unless that sentence alone is over the limit.
    `count_tokens` counts as the model does; the headings above a passage, which are embedded with it
    (`passage_text`), are not counted.
    """
    passages = []
    for headings, blocks in _sections(document):
        for start, end in _split(document.text, blocks, count_tokens, limit):
            identity = passage_id(document.id, start, end, document.text[start:end])
            passages.append(Passage(identity, document.id, start, end, headings))
    return passages


def passage_text(document: Document, passage: Passage) -> str:
    """What is embedded and indexed for a passage: the headings above it that it does not hold, and its words."""
    words = document.text[passage.start : passage.end]
    missing = tuple(each for each in passage.headings if not words.startswith(each))
    return _above(missing) + words


def text_with_key(document: Document, passage: Passage, key: bytes) -> str:
    """What was embedded for a passage whose text has that key: its words, with or without the headings above it."""
    words = document.text[passage.start : passage.end]
    return words if text_key(words) == key else passage_text(document, passage)


def _above(headings: Sequence[str]) -> str:
    """The headings, a line each; where they are long, only the nearest."""
    lines: list[str] = []
    room = ABOVE_CHARACTERS
    for each in reversed(headings):
        if room > 0:
            lines.insert(0, each[:room])
            room -= len(each)
    return "".join(f"{line}\n" for line in lines)


def _sections(document: Document) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    """Each heading (or several in a row) with the blocks below it, and the path of headings."""
    path: list[tuple[int, str]] = []
    section: list[Block] = []
    article = 0
    for block in document.blocks:
        if section and (block.kind == "furniture" or block.article != article):
            yield tuple(title for _, title in path), section
            section = []
        if block.article != article:
            path, article = [], block.article
        if block.kind == "furniture":
            continue
        if block.kind == "heading":
            if section and section[-1].kind != "heading":
                yield tuple(title for _, title in path), section
                section = []
            path = [each for each in path if each[0] < block.level]
            path.append((block.level, document.text[block.start : block.end]))
        section.append(block)
    if section:
        yield tuple(title for _, title in path), section


def _split(text: str, blocks: list[Block], count_tokens: CountTokens, limit: int) -> list[tuple[int, int]]:
    marked, marks = _mark(text, blocks)
    spans = _spans(text, _chunks(marked, count_tokens, limit), marks, blocks[0].start)
    ends = [place - number for number, place in enumerate(marks)]
    sentence_ends = [blocks[0].start + end for end in ends]
    return [each for span in spans for each in _within(text, span, sentence_ends, count_tokens, limit)]


def _within(
    text: str, span: tuple[int, int], sentence_ends: list[int], count_tokens: CountTokens, limit: int
) -> list[tuple[int, int]]:
    """The span in pieces of at most `limit` tokens, cut between sentences as long as there are several.

    The splitter adds up the tokens of the parts; those of the whole are rarely more, but they can be.
    """
    start, end = span
    if end - start == 1 or count_tokens(text[start:end]) <= limit:
        return [span]
    inside = [each for each in sentence_ends if start < each < end]
    middle = inside[len(inside) // 2] if inside else (start + end) // 2
    halves = [trimmed(text, start, middle), trimmed(text, middle, end)]
    return [
        each
        for half in halves
        if half is not None
        for each in _within(text, (half.start, half.end), sentence_ends, count_tokens, limit)
    ]


def _mark(text: str, blocks: list[Block]) -> tuple[str, list[int]]:
    """The text of the blocks (and what stands between them) with marks, and the marks' places."""
    parts: list[str] = []
    marks: list[int] = []
    length = 0
    position = blocks[0].start
    for block in blocks:
        ends = [each.end for each in sentences(text, block.start, block.end)]
        for end in ends:
            # A heading goes with the first sentence below it, so that no passage is a heading alone.
            closes = end == ends[-1] and block.kind != "heading"
            mark = PARAGRAPH_END if closes else SENTENCE_END
            parts += [text[position:end], mark]
            length += end - position
            marks.append(length)
            length += 1
            position = end
    parts.append(text[position : blocks[-1].end])
    return "".join(parts), marks


def _chunks(marked: str, count_tokens: CountTokens, size: int) -> list[str]:
    # Here and not above: it takes half a second to import, and who only asks cuts nothing.
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        separators=SEPARATORS,
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
        # The splitter goes on cutting what is as long as the limit; `_within` sees to what is over it.
        chunk_size=size + 1,
        chunk_overlap=0,
        # White space at the ends does not count: spans are trimmed, and a sentence that fits is never
        # cut. Nothing counts as 0, for the splitter keeps parts of no length for the next chunk as well.
        length_function=lambda part: max(1, count_tokens(part.translate(UNMARKED).strip())),
    )
    return splitter.split_text(marked)


def _spans(text: str, chunks: list[str], marks: list[int], start: int) -> list[tuple[int, int]]:
    """Where each chunk stands in the text: its place among the chunks, less the marks before it."""
    spans = []
    place = 0
    passed = 0
    for chunk in chunks:
        begin = start + place - passed
        place += len(chunk)
        while passed < len(marks) and marks[passed] < place:
            passed += 1
        span = trimmed(text, begin, start + place - passed)
        if span is not None:
            spans.append((span.start, span.end))
    return spans
