"""How often short texts in each encoding are read right: ours against charset-normalizer.

    python -m bench.decode
"""

import json
import random
from hashlib import sha1
from pathlib import Path

import charset_normalizer

from corpus.decode import NotText, decode

SHARED = Path(__file__).parents[2] / "shared" / "datasets"
SETS = {"gb18030": "cmrc2018", "big5": "drcd", "cp932": "jaquad", "euc_jp": "jaquad", "utf-16-le": "cmrc2018"}


def measuring_texts(folder: Path) -> list[str]:
    """Paragraphs of the fifth that nothing is tuned on."""
    texts = [
        paragraph["context"]
        for file in sorted(folder.glob("*.json"))[:4]
        for article in json.loads(file.read_text("utf8"))["data"]
        for paragraph in article["paragraphs"]
    ]
    return [each for each in texts if int(sha1(each.encode()).hexdigest(), 16) % 5 == 0]


def ours(data: bytes) -> str:
    try:
        return decode(data).text
    except NotText:
        return ""


def theirs(data: bytes) -> str:
    return str(charset_normalizer.from_bytes(data).best() or "")


def main() -> None:
    if not SHARED.is_dir():
        print(f"nothing measured: {SHARED} is not there")
        return
    chance = random.Random(7)
    print("| encoding | characters | ours | charset-normalizer |\n| --- | --- | --- | --- |")
    for codec, name in SETS.items():
        texts = measuring_texts(SHARED / name)
        for length in (6, 8, 12, 20, 50, 200):
            snippets = []
            while len(snippets) < 150:
                text = chance.choice(texts)
                start = chance.randrange(max(len(text) - length, 1))
                try:
                    snippets.append((text[start : start + length], text[start : start + length].encode(codec)))
                except UnicodeError:
                    continue
            good = [sum(read(data) == text for text, data in snippets) / len(snippets) for read in (ours, theirs)]
            print(f"| {codec} | {length} | {good[0]:.3f} | {good[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
