"""Changed XML that is still XML: libFuzzer changes bytes, and most of what it makes of XML no parser takes."""

import random
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy

from lxml import etree

Element = etree._Element
# Values that attributes have where files are made to do harm.
VALUES = ("", "0", "-1", "9", "1048576", "99999999999", "1e999", "x", "true", "XFD1048576", "A1", "s", "../../x", "\u202e", "中")
TEXTS = ("", " ", "话。", "12", "-7", "1e999", "x" * 300, "\u202e\u2028e\u0301", "2024-03-05T00:00:00Z", "9" * 400)
PARTS = b"\n--- "


def changed(data: bytes, longest: int, seed: int) -> bytes:
    """One of the members (see `promises.of_members`) with some elements changed; the data itself where that is no XML."""
    chance = random.Random(seed)
    parts = data.split(PARTS)
    number = chance.randrange(len(parts))
    path, line, content = parts[number].partition(b"\n") if number else (b"", b"", parts[0])
    try:
        root = etree.fromstring(content, etree.XMLParser(recover=True, resolve_entities=False))
    except (ValueError, etree.XMLSyntaxError):
        return data
    if root is None:
        return data
    # A name that is no text, or whose prefix is declared nowhere, is parsed, but neither read, removed nor given to another element; what names an
    # encoding that is none cannot be written.
    with suppress(ValueError, KeyError, etree.SerialisationError):
        for _ in range(chance.choice((1, 1, 2, 5))):
            each = chance.choice([found for found in root.iter() if isinstance(found.tag, str)])
            chance.choice(CHANGES)(each, root, chance)
        parts[number] = path + line + etree.tostring(root)
    made = PARTS.join(parts)
    return made if len(made) <= longest else data


def _without(each: Element, root: Element, chance: random.Random) -> None:
    parent = each.getparent()
    if parent is not None:
        parent.remove(each)


def _twice(each: Element, root: Element, chance: random.Random) -> None:
    parent = each.getparent()
    if parent is not None:
        for _ in range(chance.choice((1, 1, 30))):
            parent.append(_copy(each))


def _elsewhere(each: Element, root: Element, chance: random.Random) -> None:
    others = [found for found in root.iter() if isinstance(found.tag, str)]
    chance.choice(others).append(_copy(each))


def _attribute(each: Element, root: Element, chance: random.Random) -> None:
    named = [*each.attrib] or [key for found in root.iter() for key in found.attrib]
    if named:
        each.set(chance.choice(named), chance.choice(VALUES))


def _bare(each: Element, root: Element, chance: random.Random) -> None:
    if each.attrib:
        del each.attrib[chance.choice([*each.attrib])]


def _text(each: Element, root: Element, chance: random.Random) -> None:
    each.text = chance.choice(TEXTS)


def _renamed(each: Element, root: Element, chance: random.Random) -> None:
    each.tag = chance.choice([found.tag for found in root.iter() if isinstance(found.tag, str)])


def _copy(each: Element) -> Element:
    made = deepcopy(each)
    made.tail = None
    return made


CHANGES: tuple[Callable[[Element, Element, random.Random], None], ...] = (
    _without, _twice, _elsewhere, _attribute, _attribute, _bare, _text, _renamed,
)  # fmt: skip
