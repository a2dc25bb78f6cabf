"""Printed pages back to running text: any text, cut into any pages."""

from corpus.clean import clean
from corpus.document import Document
from corpus.repair import repair
from fuzz.promises import whole
from fuzz.target import Target
from fuzz.targets import txt

# Where an input begins with a byte below this, its lines are cut after so many characters, as columns cut them.
WIDEST = 40


def check(data: bytes) -> None:
    text = data[1:].decode("utf-8", "ignore")
    if data[:1] and 4 < data[0] < WIDEST:
        text = "\n".join(line[at : at + data[0]] for line in text.split("\n") for at in range(0, len(line) or 1, data[0]))
    cleaned = clean(text)
    repaired = repair(cleaned.text, cleaned.pages)
    if cleaned.text.strip():
        whole(Document("a.txt", "题", repaired.text, repaired.blocks, {}, cleaned.text, repaired.runs))


def seeds() -> dict[str, bytes]:
    return {**{f"{name}-{width}": bytes([width]) + each for name, each in txt.seeds().items() for width in (0, 12, 24)}}


TARGET = Target(check, seeds, words=("本报讯（记者 ".encode(), "图为".encode(), "。\n".encode(), b"-\n", "　　".encode(), "第3版\n".encode(), b"\f", "记者 李明 摄\n".encode()))
