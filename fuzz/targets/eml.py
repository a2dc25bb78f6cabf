"""Letters, with what is attached to them."""

from fuzz.promises import reader
from fuzz.target import Target
from tests import writers


def seeds() -> dict[str, bytes]:
    return {
        "attached": writers.eml_file("停车", "新的办法。", {"附件.txt": b"hello to all", "b.csv": b"a,b\n1,2"}, "<p>新的<b>办法</b>"),
        "html": b"Subject: =?utf-8?B?5YGc6L2m?=\nContent-Type: text/html; charset=gb2312\nContent-Transfer-Encoding: quoted-printable\n\n<p>=D0=C2</p>",
        "inner": b"From: a@b\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nSubject: i\n\nwords\n--x\n"
                 b"Content-Disposition: attachment; filename*=utf-8''%E4%B8%AD.txt\n\nw\n--x--\n",
        "plain": b"From x\nFrom: A B <a@b.c>, \"D\" <d@e>\nTo: undisclosed:;\nDate: Tue, 5 Mar 2024 08:00:00 +0800\nSubject: s\n\nWords of it.\n",
    }  # fmt: skip


TARGET = Target(reader("eml"), seeds, words=(b"multipart/", b"boundary=", b"charset=", b"=?utf-8?q?", b"base64", b"Content-Type: ", b"message/rfc822", b"filename="))
