"""Pictures of pages (.png, .jpg, .tif, .bmp, .webp): their words by OCR; a TIFF may hold many pages."""

import io
from typing import Any

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.readers.columns import reading_order
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.lines import Line
from corpus.readers.ocr import LONGEST_SIDE, image_lines, shown_confidence
from corpus.readers.paragraphs import parts_of
from corpus.readers.printed import Printed, Sheet

KIND = "picture"
# Pillow knows dozens more, for some of which it runs other programs. (A JPEG of two pictures, as telephones write, is a JPEG.)
KINDS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
# A picture of more dots is refused before it is unpacked: a small file can claim to be of any size.
MAX_DOTS = 100_000_000
MAX_FRAMES = 5_000
TAKEN, MADE_BY = 306, 315  # TIFF 6.0 tags: DateTime, Artist


def read(data: bytes, name: str) -> Document:
    """The words of a picture. Raises UnreadableFile where it is damaged or shows none."""
    return printed(data, name).document(name)


def printed(data: bytes, name: str) -> Printed:
    """What `read` makes the document of, with where each line stands. Raises UnreadableFile."""
    with opening(name, KIND):
        from PIL import Image

        with Image.open(io.BytesIO(data), formats=KINDS) as opened:
            frames = getattr(opened, "n_frames", 1)
            if frames > MAX_FRAMES:
                raise UnreadableFile(f"{name} holds more than {MAX_FRAMES:,} pages; split it into smaller files")
            properties = opened.getexif()
            metadata = {
                "author": str(properties.get(MADE_BY, "")),
                "date": iso_date(str(properties.get(TAKEN, "")).replace(":", "-", 2)),
            }
            pages: list[list[Line]] = []
            sheets: dict[int, Sheet] = {}
            sure: dict[int, float] = {}
            for number in range(1, frames + 1):
                opened.seek(number - 1)
                dots = frame_dots(opened, name)
                sheets[number] = Sheet.plain(dots.shape[1], dots.shape[0])
                lines, confidence = image_lines(dots, number, name)
                pages.append(lines)
                sure[number] = confidence
    if not any(pages):
        raise UnreadableFile(f"{name} shows no words that could be read; leave it out, or scan it again more sharply")
    columns = [column for page in pages for column in reading_order(page)]
    return Printed(parts_of(columns), sheets, metadata | shown_confidence(sure))


def frame_dots(opened: Any, name: str) -> Any:
    """The frame as height x width x 3, blue first, on white, turned as its properties say."""
    import numpy as np
    from PIL import Image, ImageOps

    if opened.width * opened.height > MAX_DOTS:
        raise UnreadableFile(f"{name} has more than {MAX_DOTS // 1_000_000} million dots; make it smaller")
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    frame = ImageOps.exif_transpose(opened)
    if frame.mode in ("RGBA", "LA", "PA") or "transparency" in frame.info:
        frame = frame.convert("RGBA")
        frame = Image.alpha_composite(Image.new("RGBA", frame.size, "white"), frame)
    frame = frame.convert("RGB")
    frame.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return np.asarray(frame)[:, :, ::-1]
