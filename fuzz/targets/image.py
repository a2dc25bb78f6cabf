"""Pictures, each of the kinds that are read. The bytes say which it is; the name says another one half of the time."""

import io

from fuzz.promises import read_or_refused
from fuzz.recognised import made_up
from fuzz.target import OCR, Target

KINDS = {"png": "PNG", "jpg": "JPEG", "tif": "TIFF", "bmp": "BMP", "webp": "WEBP"}


def check(data: bytes) -> None:
    with made_up():
        read_or_refused(data, f"样 a.{[*KINDS][len(data) % len(KINDS)]}")


def seeds() -> dict[str, bytes]:
    from PIL import Image

    found = {}
    for ending, kind in KINDS.items():
        for mode in ("RGB", "L", "1", "P", "RGBA") if kind in ("PNG", "TIFF") else ("RGB",):
            file = io.BytesIO()
            made = Image.effect_noise((24, 16), 80).convert("RGB").convert(mode)
            more = {"save_all": True, "append_images": [made]} if kind == "TIFF" else {}
            made.save(file, kind, **more)
            found[f"{ending}-{mode}"] = file.getvalue()
    return found


TARGET = Target(check, seeds, longest=1 << 13, seconds=OCR)
