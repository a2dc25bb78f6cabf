"""The page as it was printed, beside the chat, in a real browser."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests import writers
from tests.conftest import ROOT
from tests.test_browser import Served, ask, browser, opened
from tests.test_readers_pdf import CHINESE, HEAD

__all__ = ["browser"]
ANSWER = "青石镇灯会共展出灯组八十六个，由匠人陈阿福带着十二名徒弟扎了整整三个月，其中最大的一座高九米，取名“龙门”。"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("printed")
    file = folder / "灯会.pdf"
    file.write_bytes(writers.pdf_file([*CHINESE[:14], ANSWER, *CHINESE[14:20]], "新的停车收费办法", 2, head=HEAD))
    subprocess.run([sys.executable, "-m", "ui", "index", str(file), "--library", str(folder / "library")], cwd=ROOT, check=True)
    server = Served(folder / "library")
    yield server
    server.stop()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Page]:
    one = opened(browser, served, path=f"/?__theme={request.param}")
    yield one
    assert one.hosts == {"127.0.0.1"}  # type: ignore[attr-defined]
    assert not one.broken  # type: ignore[attr-defined]
    one.context.close()


def test_the_page_is_fetched_when_it_is_opened_and_the_quote_is_marked_on_it(page: Page, tmp_path: Path) -> None:
    ask(page, "青石镇灯会共展出多少个灯组？")
    card = page.locator(".yinju-answer .yinju-card").first
    expect(card.locator("mark").first).to_be_visible(timeout=30_000)
    card.locator(".yinju-open").click()
    expect(page.locator(".yinju-here").first).to_be_in_viewport(timeout=10_000)
    assert page.locator(".yinju-sheet").count() == 0
    # By keyboard, as everything here.
    page.locator(".yinju-pages summary").focus()
    page.keyboard.press("Enter")
    image, spot = page.locator(".yinju-sheet img").first, page.locator(".yinju-spot").first
    expect(image).to_be_visible(timeout=30_000)
    expect(spot).to_be_in_viewport(timeout=10_000)
    assert image.evaluate("each => each.complete && each.naturalWidth") >= 890
    around, marks = image.bounding_box(), [each.bounding_box() for each in page.locator(".yinju-spot").all()]
    assert around is not None and len(marks) >= 2
    for each in marks:
        assert each is not None and each["height"] > 4
        assert around["x"] <= each["x"] and each["x"] + each["width"] <= around["x"] + around["width"]
        assert around["y"] <= each["y"] and each["y"] + each["height"] <= around["y"] + around["height"]
    # The mark is seen, and the words through it.
    spot.screenshot(path=tmp_path / "spot.png")
    seen = np.asarray(Image.open(tmp_path / "spot.png").convert("RGB")).astype(int)
    assert ((seen[..., 0] > 200) & (seen[..., 2] < 170)).mean() > 1 / 3
    assert seen.sum(2).min() < 300
    # Closed and opened again it is still there.
    page.locator(".yinju-pages summary").click()
    expect(image).to_be_hidden()
    page.locator(".yinju-pages summary").click()
    expect(image).to_be_visible()
