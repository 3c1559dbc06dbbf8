"""The page in a real browser, where there is one."""

import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest
from PIL import Image

from locate_label_allennlp.report.page import page

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)

pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium on the PATH")


@pytest.mark.parametrize("width", [1200, 420])
def test_the_page_is_drawn_without_complaints(
    width: int, report: Dict[str, Any], tmp_path: Path
) -> None:
    source, target = tmp_path / "report.html", tmp_path / "shot.png"
    source.write_text(page(report), encoding="utf-8")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},2000",
        f"--screenshot={target}",
        "--enable-logging=stderr",
        "--v=0",
    ]
    done = subprocess.run(
        [BROWSER, *options, source.as_uri()], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr
    with Image.open(target) as shot:
        assert shot.width == width
        grey = shot.convert("L")
        # Text, tiles and bars: of one colour is at most the page itself.
        counts = sorted(grey.histogram(), reverse=True)
        assert sum(count > 20 for count in counts) > 30
        assert counts[0] < 0.97 * shot.width * shot.height
