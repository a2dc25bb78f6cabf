import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import UnreadableFile, read_bytes
from corpus.decode import NotText, decode

CHINESE = "市政府公布新的停车收费办法"
TEXTS = [
    ("gb18030", CHINESE),
    ("big5", "市政府公布新的停車收費辦法"),
    ("shift_jis", "市役所は新しい料金を発表した"),
    ("euc_kr", "시청은 새로운 주차 요금을 발표했다"),
    ("utf-16", CHINESE),
    ("utf-8-sig", CHINESE),
    ("utf-8", CHINESE),
    ("cp1252", "La ciudad publicó las nuevas tarifas de estacionamiento para el próximo año."),
]


@pytest.mark.parametrize(("codec", "text"), TEXTS, ids=[codec for codec, _ in TEXTS])
def test_a_short_text_in_any_common_encoding_is_read(codec: str, text: str) -> None:
    assert decode(text.encode(codec)).text == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
def test_utf8_is_always_read_as_it_is(text: str) -> None:
    assert decode(text.encode()).text == text
    assert decode(b"\xef\xbb\xbf" + text.encode()).text == text


def test_a_picture_is_not_text() -> None:
    with pytest.raises(NotText):
        decode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    with pytest.raises(UnreadableFile, match=r"photo\.txt is not text"):
        read_bytes(b"\x89PNG\r\n\x1a\n\0\0", "photo.txt")
