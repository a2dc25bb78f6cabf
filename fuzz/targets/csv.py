"""Tables of values: CSV and TSV."""

from fuzz.promises import read_or_refused
from fuzz.target import Target


def check(data: bytes) -> None:
    read_or_refused(data, f"样 a.{'tsv' if len(data) % 2 else 'csv'}")


def seeds() -> dict[str, bytes]:
    return {
        "comma": '区域,价格\r\n东城,"10,5"\r\n"西\n城",8\r\n'.encode(), "tab": b"a\tb\n1\t2\n", "semicolon": b"a;b;c\n1;2;3\n;;\n",
        "title": "二〇二四年价格\n\n区域|价格\n东|1\n".encode("utf-16"), "inches": b'size,name\n5",x\n6","y"z\n',
    }  # fmt: skip


TARGET = Target(check, seeds)
