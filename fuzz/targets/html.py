"""Web pages."""

from fuzz.promises import reader
from fuzz.target import Target
from tests import writers

WORDS = "市政府三月五日公布了新的停车收费办法，自四月一日起施行。"
BODY = (
    f"<nav><a href=/>首页</a></nav><article><h1>办法</h1><time datetime=2024-03-05></time><p>{WORDS * 3}</p><ul><li>一<ul><li>二</ul></ul>"
    "<table><tr><th>区<th>价<tr><td>东<td>10</table><figure><figcaption>图</figcaption></figure><pre>a\n b</pre>短<br>行 &amp; &#x202e; &#0;</article>"
    "<div hidden>x</div><script>alert(1)</script><footer><a href=x>关于</a></footer><!-- c --><svg><text>t</text></svg>"
)
HEAD = '<meta charset=utf-8><title>题</title><meta name=author content=张><meta property=og:title content="甲"><meta name=date content=2024-3-5>'


def seeds() -> dict[str, bytes]:
    return {
        "page": writers.html_file(BODY, HEAD), "gbk": f"<meta charset=gb2312><p>{WORDS}".encode("gbk"),
        "xml": f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" lang="zh"><body><p>{WORDS}</p></body></html>'.encode(),
    }  # fmt: skip


TARGET = Target(reader("html"), seeds, words=(b"<table>", b"</p>", b"charset=", b"<p hidden>", b"<template>"))
