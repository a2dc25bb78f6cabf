"""Markdown."""

from fuzz.promises import reader
from fuzz.target import Target

PAGE = (
    "---\ntitle: 题\nauthor: \"王\"\n---\n# 一 #\n\n段落 **粗** [链接](http://a.b)\n第二行\n===\n\n- 甲\n  1. 乙\n\n> 引\n> # 内\n\n"
    "| 区 | 价 |\n|--|--|\n| 东 | 10 |\n\n```py\nx\n```\n\n    code\n\n<div>html</div>\n\n***\nSetext\ntwo lines\n---\n"
)


def seeds() -> dict[str, bytes]:
    return {"page": PAGE.encode(), "plain": "一段话。\n\n另一段。".encode(), "crlf": PAGE.replace("\n", "\r\n").encode()}


TARGET = Target(reader("md"), seeds)
