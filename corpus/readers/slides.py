"""Presentations (.pptx): a page a slide; titles are headings, tables are read row by row, notes follow."""

import io
from collections.abc import Iterable, Iterator
from typing import Any

from corpus.document import Document
from corpus.readers.build import Part, build
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.merged import Spot, merged
from corpus.readers.table import table_parts
from corpus.readers.zipped import open_zip, require_honest

KIND = "presentation (.pptx)"


def read(data: bytes, name: str) -> Document:
    """A presentation. Raises UnreadableFile where it is damaged, protected or without text."""
    require_honest(open_zip(data, name, KIND), name, KIND)
    with opening(name, KIND):
        import pptx

        opened = pptx.Presentation(io.BytesIO(data))
        properties = opened.core_properties
        metadata = {
            "author": properties.author or "",
            "date": iso_date(properties.created),
            "language": properties.language or "",
            "subject": properties.subject or "",
            "keywords": properties.keywords or "",
        }
        # A presentation may name one slide any number of times.
        slides: dict[str, Any] = {}
        for slide in opened.slides:
            slides.setdefault(slide.part.partname, slide)
        parts = (part for page, slide in enumerate(slides.values(), 1) for part in _slide(slide, page))
        title = properties.title or ""
        # python-pptx's own template, from which many programs write, is titled so.
        return build(name, parts, "" if title == "PowerPoint Presentation" else title, metadata)


def _slide(slide: Any, page: int) -> Iterator[Part]:
    heading = slide.shapes.title
    if heading is not None and heading.has_text_frame:
        yield Part("heading", " ".join(heading.text_frame.text.split()), 1 if page == 1 else 2, page)
    shapes = [each for each in _flat(slide.shapes) if heading is None or each.shape_id != heading.shape_id]
    # The file keeps shapes as they were drawn; people read from the top.
    for shape in sorted(shapes, key=lambda each: (each.top or 0, each.left or 0)):
        if shape.has_text_frame:
            for paragraph in shape.text_frame.paragraphs:
                yield Part("list" if paragraph.level else "paragraph", paragraph.text, page=page)
        elif getattr(shape, "has_table", False):
            rows = ([Spot(cell.text, cell._tc.vMerge, cell._tc.hMerge) for cell in row.cells] for row in shape.table.rows)
            yield from table_parts(merged(rows), page)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for paragraph in slide.notes_slide.notes_text_frame.paragraphs:
            yield Part("paragraph", paragraph.text, page=page)


def _flat(shapes: Iterable[Any]) -> Iterator[Any]:
    """The shapes, those in groups too."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _flat(shape.shapes)
        else:
            yield shape
