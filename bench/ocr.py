"""Character error rate of OCR on pages rendered from text, by script and size of letters.

    python -m bench.ocr

A page is A4 at 200 dots an inch, as scanners make it; sizes are in points. `noise` adds grain, a slant of
half a degree and a little blur. White space is left out of the count.
"""

import io
import random
import time
from pathlib import Path

from corpus import UnreadableFile, read_bytes

SERIF = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
SANS = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
SIZES = (7, 9, 10.5, 14)
DOTS = 200
PAGE = (1654, 2339)
MARGIN = 150
CHINESE = """市政府三月五日公布了新的停车收费办法，自四月一日起施行。新办法规定，一类区每小时收费十元，二类区每小时收费五元，夜间不收费。
居民李四说，这项办法让他每月多付两百元；商户王五则认为，车位周转快了，生意会好起来。记者了解到，全市现有公共车位三万七千个，其中三成在中心城区。
去年十二月的调查显示，工作日上午九点到下午五点，中心城区的车位平均占用率达到百分之九十二，一辆车要绕行八分钟才能找到空位。"""
ENGLISH = """The council published new parking fees on Tuesday, and they apply from the first of April. Residents of the inner districts pay ten
dollars an hour, while those who live outside pay half of that; nights remain free. A shopkeeper said that turnover would improve, since
visitors no longer circle around for eight minutes in search of a place. The survey of last December counted 37,000 public places."""


def distance(a: str, b: str) -> int:
    """Edits that turn one text into the other (Levenshtein, 1966)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def error_rate(text: str, read: str) -> float:
    """Edits a character, white space aside."""
    want, got = "".join(text.split()), "".join(read.split())
    return distance(want, got) / len(want)


def page(text: str, points: float, font: str, noise: bool = False) -> bytes:
    """The text set ragged on a page, as a picture."""
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    face = ImageFont.truetype(font, round(points * DOTS / 72))
    image = Image.new("L", PAGE, 255)
    draw = ImageDraw.Draw(image)
    words = text.replace("\n", " ").split(" ") if text.isascii() else list(text.replace("\n", ""))
    blank = " " if text.isascii() else ""
    line, top = "", MARGIN
    for word in [*words, None]:
        longer = line + (blank if line else "") + (word or "")
        if word is None or draw.textlength(longer, face) > PAGE[0] - 2 * MARGIN:
            draw.text((MARGIN, top), line, 0, face)
            line, top = word or "", top + round(face.size * 1.7)
        else:
            line = longer
    image = image.crop((0, 0, PAGE[0], min(top + MARGIN, PAGE[1])))
    if noise:
        chance = random.Random(7)
        grain = Image.frombytes("L", image.size, chance.randbytes(image.width * image.height))
        image = Image.blend(image.rotate(0.5, fillcolor=255).filter(ImageFilter.GaussianBlur(0.8)), grain, 0.15)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def main() -> None:
    if not Path(SERIF).is_file():
        print(f"nothing measured: {SERIF} is not there; install fonts-noto-cjk")
        return
    print("| text | font | noise | " + " | ".join(f"{size} pt" for size in SIZES) + " | seconds a page |")
    print("| --- | --- | --- | " + "--- | " * len(SIZES) + "--- |")
    for language, text in (("Chinese", CHINESE), ("English", ENGLISH)):
        for font_name, font in (("serif", SERIF), ("sans", SANS)):
            for noise in (False, True):
                rates, start = [], time.perf_counter()
                for size in SIZES:
                    try:
                        read = read_bytes(page(text, size, font, noise), "page.png").text
                    except UnreadableFile:
                        read = ""
                    rates.append(f"{error_rate(text, read):.3f}")
                seconds = (time.perf_counter() - start) / len(SIZES)
                print(f"| {language} | {font_name} | {noise} | {' | '.join(rates)} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
