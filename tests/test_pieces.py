"""A tokenizer of few pieces cuts as the whole one does."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import ModelError
from embeddings.bundled import packaged_engine
from embeddings.onnx import whole_tokenizer
from embeddings.pieces import ENOUGH, FRAME, PIECES, FewPieces
from tests.conftest import ROOT, SAMPLE

TEXTS = (
    "query: 谁主持了会议？", "ＡＢＣ　１２３ ½ ﬁ ㌔ Ⅳ", "Die Straße ist lang; el niño comió.", "Что он сказал?", "من كتب الرسالة؟", "東京タワーは333メートル。",
    "서울의 인구는 얼마인가요", "ไทยเป็นประเทศ", "क्या यह सही है?", "<s>名字</s> <unk> <pad>", "   two   spaces\tand\ttabs\n\nlines ", "", " ", "👩‍👩‍👧 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ꙮ",
    "x" * 300, "\u200b\u00ad\ufeff零宽", "▁▁ ▁已有",
)  # fmt: skip
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
MIXED = st.lists(st.one_of(st.sampled_from(TEXTS), ANY), min_size=1, max_size=6)


def few() -> FewPieces:
    folder = packaged_engine()
    return FewPieces(folder, lambda: whole_tokenizer(folder))


def test_a_tokenizer_of_few_pieces_cuts_every_script_as_the_whole_one_does() -> None:
    same([*TEXTS, *(file.read_text("utf8")[:3000] for file in sorted(SAMPLE.rglob("*.txt"))[:5])])


@given(MIXED)
@settings(max_examples=60, deadline=None)
def test_any_texts_are_cut_as_the_whole_one_cuts_them(texts: list[str]) -> None:
    same(texts)


def same(texts: list[str]) -> None:
    whole = whole_tokenizer(packaged_engine())
    for special in (True, False):
        cut = few().encode_batch(texts, add_special_tokens=special)
        for one, other in zip(cut, whole.encode_batch(texts, add_special_tokens=special), strict=True):
            assert list(one.ids) == other.ids and list(one.offsets) == other.offsets


def test_pieces_that_stand_for_no_text_have_their_numbers_and_others_are_looked_up_whole() -> None:
    whole = whole_tokenizer(packaged_engine())
    for each in ("<s>", "<pad>", "</s>", "<unk>", "▁the", "no such piece"):
        assert few().token_to_id(each) == whole.token_to_id(each)


def test_the_whole_one_is_read_only_when_much_is_cut() -> None:
    read = []
    folder = packaged_engine()

    def whole():  # type: ignore[no-untyped-def]
        read.append(1)
        return whole_tokenizer(folder)

    tokenizer = FewPieces(folder, whole)
    tokenizer.encode_batch(["市长会见了代表团。" * 100])
    assert not read
    assert tokenizer.encode("字" * ENOUGH).ids == whole_tokenizer(folder).encode("字" * ENOUGH).ids and read


@pytest.mark.parametrize("name", [PIECES, FRAME])
def test_a_damaged_table_is_said_with_its_remedy(tmp_path: Path, name: str) -> None:
    for each in (PIECES, FRAME):
        (tmp_path / each).write_bytes(b"{" if each == name else (packaged_engine() / each).read_bytes())
    with pytest.raises(ModelError, match=r"damaged.*delete it and ask again"):
        FewPieces(tmp_path, lambda: whole_tokenizer(tmp_path)).encode("什么？")


def test_asking_once_reads_no_whole_tokenizer(sample_library: Path) -> None:
    script = (
        "import sys\nfrom embeddings import onnx\nfrom rag import Assistant\n"
        f"with Assistant.open({str(sample_library)!r}) as assistant:\n    assert assistant.ask('6号线哪天开始载客？').quotes\n"
        "assert onnx.whole_tokenizer.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
