"""Rich Text."""

from fuzz.promises import reader
from fuzz.target import Target
from tests import writers


def seeds() -> dict[str, bytes]:
    return {
        "made": writers.rtf_file(["市政府公布了新的办法。", "Plain \\ {text}"], "办法"),
        "table": rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 A;}}{\info{\title x}{\creatim\yr2024\mo3\dy5}}\f0\b a\b0\cell b\cell\row {\field{\*\fldinst HYPERLINK "
                 rb'"http://a"}{\fldrslt c}} \u8364?\'e9{\*\x y}\tab\line\par \bin3 abc\uc0\u20013 }',
    }  # fmt: skip


TARGET = Target(reader("rtf"), seeds, words=(b"\\ansicpg", b"\\u-", b"\\'", b"\\uc", b"\\bin", b"{\\*\\", b"{\\title ", b"\\par", b"\\fcharset134"))
