"""Plain text, in any encoding, clean or as lines of printed pages."""

from fuzz.promises import reader
from fuzz.target import Target

STORY = (
    "云岭日报 2023年10月18日 星期三\n\n青石镇告别老水厂\n\n　　本报讯（记者 陈远）青石镇的老\n水厂昨天停止供水，由新建的云岭水厂\n接替。更换管道三十七公\n"
    "图为工人在检修水泵。记者 李明 摄\n\n第3版\n\f里，共投入资金六千八百万元。\n"
)
ENGLISH = "By Jane Smith\n\nThe harbour board said that the reno-\nvation of the old terminal would\nbe done. “Well,” Dr. A. B. said (see p. 3.5).\r\n"


def seeds() -> dict[str, bytes]:
    return {
        "zh": STORY.encode(), "en": ENGLISH.encode(), "gbk": STORY.encode("gbk"), "utf16": STORY.encode("utf-16"),
        "marks": "e\u0301\u1100\u1161\u11a8\u212b\u2028\ufeff\u202e中\u0323\x85か\u3099".encode(), "latin": "Él dijo: ¿qué?".encode("cp1252"),
    }  # fmt: skip


TARGET = Target(reader("txt"), seeds)
