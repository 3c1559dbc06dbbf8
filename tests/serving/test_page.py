"""The page in a real browser, where there is one."""

import json
import re
import time
from itertools import product
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from locate_label_allennlp.serving.application import PAGE
from locate_label_allennlp.serving.served_model import ServedModel
from tests.serving.browser import BROWSER, Browser

needs_browser = pytest.mark.skipif(not BROWSER, reason="no Chromium on the PATH")

ENGLISH = "The mayor of Old Tarn met her brother. 🙂 Then Tarn was late."
ARABIC = "زار مدير جامعة القاهرة في مصر مدينة الإسكندرية."
CHINESE = "北京大学 计算机学院 的 院长 王小明 访问了 上海市 浦东新区。"
HOSTILE = "<script>document.title = 'hacked'</script> <img src=x onerror=alert(1)> Tarn & \"Ahl\""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Browser, make_server: Any) -> Iterator[Browser]:
    """The page of a server; in the end it has not complained, and asked nothing of others."""
    address = f"http://127.0.0.1:{make_server()}/"
    browser.complaints.clear()
    browser.requests.clear()
    browser.open(address)
    browser.wait("state.card !== null")
    yield browser
    assert browser.complaints == []
    assert len(browser.requests) >= 4
    asked = [each for each in browser.requests if not each.startswith(("data:", "blob:", "file:"))]
    assert [each for each in asked if not each.startswith(address)] == []


def find(page: Browser, text: str) -> None:
    """As a user does it with the keyboard."""
    page.value("document.getElementById('text').select()")
    page.call("Input.insertText", text=text)
    page.key("Enter", 13, modifiers=2)
    page.wait(f"state.text === {json.dumps(text)} && !state.request.signal.aborted")
    page.wait("!document.getElementById('find').disabled")


def slide(page: Browser, value: float) -> None:
    page.value(
        "(() => { const slider = document.getElementById('threshold');"
        f"slider.value = {value}; slider.dispatchEvent(new Event('input')); }})()"
    )


def rows(page: Browser) -> List[List[str]]:
    found: List[List[str]] = page.value(
        "[...document.querySelectorAll('#rows tr')].map("
        "(row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return found


def marks(page: Browser) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = page.value(
        """[...document.querySelectorAll(".mark")].map((mark) => {
            const { left, right, top, bottom } = mark.getBoundingClientRect();
            const { entity, level } = mark.dataset;
            return { entity: Number(entity), level: Number(level), left, right, top, bottom };
        })"""
    )
    return found


@needs_browser
@pytest.mark.parametrize("text", [ENGLISH, ARABIC, CHINESE, ENGLISH * 20, "a\n\nb of c\n"])
def test_nested_entities_are_stacked_below_their_words(
    page: Browser, served: ServedModel, text: str
) -> None:
    find(page, text)
    expected = served.chosen(served.scored([text])[0])
    assert [row[:2] for row in rows(page)] == [[each["type"], each["text"]] for each in expected]
    drawn = marks(page)
    assert {mark["entity"] for mark in drawn} == set(range(len(expected)))
    assert page.value("document.getElementById('shown').textContent") == text
    # No underline lies on another one, and none outside of the box.
    for one, other in product(drawn, drawn):
        if one is not other:
            beside = one["right"] <= other["left"] + 1 or other["right"] <= one["left"] + 1
            assert beside or abs(one["top"] - other["top"]) >= 15
    box = page.value("(({ top, bottom }) => [top, bottom])(view.getBoundingClientRect())")
    assert all(box[0] < mark["top"] and mark["bottom"] <= box[1] for mark in drawn)
    levels = {mark["entity"]: mark["level"] for mark in drawn}
    nested = [
        (inner, outer)
        for (inner, one), (outer, other) in product(enumerate(expected), repeat=2)
        if other["start_char"] <= one["start_char"] and one["end_char"] <= other["end_char"]
        if one["end_char"] - one["start_char"] < other["end_char"] - other["start_char"]
    ]
    assert nested
    assert all(levels[inner] < levels[outer] for inner, outer in nested)


@needs_browser
def test_an_underline_is_as_wide_as_its_words(page: Browser) -> None:
    find(page, "a🙂 the port")
    slide(page, 0.05)
    texts = [row[1] for row in rows(page)]
    widths = {}
    for mark in marks(page):
        text = texts[mark["entity"]]
        widths[text] = mark["right"] - mark["left"] + 2
    page.value("const context = document.createElement('canvas').getContext('2d'); 0")
    page.value("context.font = getComputedStyle(document.getElementById('shown')).font")
    measured = {
        text: page.value(f"context.measureText({json.dumps(text)}).width") for text in widths
    }
    assert {"the", "port"} & widths.keys()
    assert widths == pytest.approx(measured, abs=1.5)


@needs_browser
def test_the_slider_and_the_types_act_at_once(page: Browser, served: ServedModel) -> None:
    find(page, ENGLISH)
    (found,) = served.scored([ENGLISH])
    asked = len(page.requests)
    for threshold in (0.05, 0.5, 0.9):
        slide(page, threshold)
        assert len(rows(page)) == len(served.chosen(found, threshold))
        assert page.value("document.getElementById('threshold-value').value") == f"{threshold:.2f}"
    counts = [len(served.chosen(found, threshold)) for threshold in (0.05, 0.5, 0.9)]
    assert counts[0] > counts[1] > counts[2] > 0
    slide(page, 0.05)
    page.value("document.querySelector('#types input[value=ORG]').click()")
    kinds = {row[0] for row in rows(page)}
    assert kinds
    assert "ORG" not in kinds
    page.value("document.querySelector('#types input[value=ORG]').click()")
    page.value("document.getElementById('own').click()")
    assert len(rows(page)) == len(served.chosen(found))
    assert page.value("document.getElementById('threshold-value').value") == "by type"
    assert len(page.requests) == asked
    # With the keyboard too.
    page.value("document.getElementById('threshold').focus()")
    page.key("ArrowRight", 39)
    assert page.value("document.getElementById('threshold-value').value") == "0.71"


@needs_browser
def test_scores_are_shown_by_the_mouse_and_the_keyboard(page: Browser) -> None:
    find(page, ENGLISH)
    first = rows(page)[0]
    shown = f"{first[0]} {first[2]}: {first[1]}"
    assert page.value("document.getElementById('tip').hidden")
    mark = next(mark for mark in marks(page) if mark["entity"] == 0)
    page.move(mark["left"] + 2, mark["top"] + 2)
    page.wait("!document.getElementById('tip').hidden")
    assert page.value("document.getElementById('tip').textContent") == shown
    assert page.value("document.querySelector('#rows tr').classList.contains('on')")
    page.key("Escape", 27)
    assert page.value("document.getElementById('tip').hidden")
    page.move(1, 1)
    page.value("document.querySelector('.mark').focus()")
    page.wait("!document.getElementById('tip').hidden")
    assert page.value("document.querySelector('.mark').getAttribute('aria-label')") == shown


@needs_browser
def test_a_script_in_a_text_is_text(page: Browser, browser: Browser) -> None:
    find(page, HOSTILE)
    slide(page, 0.05)
    assert any("script" in row[1] for row in rows(page))
    assert page.value("document.querySelectorAll('main script, main img').length") == 0
    assert page.value("document.title") == "Nested entities"
    assert page.value("document.getElementById('shown').textContent") == HOSTILE
    made = page.value("standalone(shownEntities())")
    assert "<script" not in made
    assert "<img" not in made
    assert "&lt;script&gt;" in re.sub(r"</?span[^>]*>", "", made)


@needs_browser
def test_what_is_wrong_is_shown_and_goes_away(
    browser: Browser, make_server: Any, tmp_path: Path
) -> None:
    browser.open(f"http://127.0.0.1:{make_server(max_chars=40, token='s3cret')}/")
    browser.wait("!document.getElementById('error').hidden")
    assert "token is missing" in browser.value("document.getElementById('error').textContent")
    assert browser.value("document.getElementById('token-row').hidden") is False
    browser.value("document.getElementById('token').focus()")
    browser.call("Input.insertText", text="s3cret")
    browser.key("Tab", 9)
    browser.wait("state.card !== null")
    assert browser.value("document.getElementById('error').hidden")
    assert browser.value("document.getElementById('token-row').hidden")
    browser.value("document.getElementById('text').value = 'x'.repeat(41)")
    browser.value("document.getElementById('form').requestSubmit()")
    browser.wait("!document.getElementById('error').hidden")
    shown = browser.value("document.getElementById('error').textContent")
    assert shown == "41 characters; allowed are 40 in a request"
    find(browser, "the port of Tarn")
    assert browser.value("document.getElementById('error').hidden")
    assert rows(browser)


@needs_browser
def test_files(page: Browser) -> None:
    def choose(content: List[int]) -> None:
        page.value(
            "(() => { const chosen = new DataTransfer();"
            "const box = document.getElementById('file');"
            f"chosen.items.add(new File([new Uint8Array({content})], 'a.txt'));"
            "box.files = chosen.files; box.dispatchEvent(new Event('change')); })()"
        )

    text = "the port\nof Tärn"
    choose([*text.replace("\n", "\r\n").encode()])
    page.wait(f"state.text === {json.dumps(text)}")
    # It can be chosen once more.
    assert page.value("document.getElementById('file').files.length") == 0
    choose([*text.encode("latin-1")])
    page.wait("!document.getElementById('error').hidden")
    shown = page.value("document.getElementById('error').textContent")
    assert shown == "a.txt is not UTF-8; allowed is a file of text."
    assert page.value("document.getElementById('text').value") == text


@needs_browser
def test_a_file_that_cannot_be_read(page: Browser) -> None:
    page.value("File.prototype.arrayBuffer = () => Promise.reject(new DOMException('gone'))")
    page.value(
        "(() => { const chosen = new DataTransfer(); const box = document.getElementById('file');"
        "chosen.items.add(new File(['x'], 'folder'));"
        "box.files = chosen.files; box.dispatchEvent(new Event('change')); })()"
    )
    page.wait("!document.getElementById('error').hidden")
    shown = page.value("document.getElementById('error').textContent")
    assert shown == "folder cannot be read; allowed is a file of text."


@needs_browser
def test_what_the_model_chooses_is_not_told_from_scores(
    browser: Browser, make_server: Any, served: ServedModel
) -> None:
    class FindsNothing:
        """Unless it is asked for a threshold."""

        def __getattr__(self, name: str) -> Any:
            return getattr(served, name)

        def chosen(self, scored: Any, threshold: Any, *options: Any) -> Any:
            return [] if threshold is None else served.chosen(scored, threshold, *options)

    browser.open(f"http://127.0.0.1:{make_server(FindsNothing())}/")
    browser.wait("state.card !== null")
    find(browser, ENGLISH)
    assert rows(browser) == []
    slide(browser, 0.05)
    assert len(rows(browser)) > 5
    browser.value("document.getElementById('own').click()")
    assert rows(browser) == []


@needs_browser
def test_downloads(page: Browser, served: ServedModel) -> None:
    text = "🙂 the port\nof Tarn"
    find(page, text)
    slide(page, 0.05)
    found = served.chosen(served.scored([text])[0], 0.05)
    for button in ("json", "brat", "html"):
        page.value(f"document.querySelector('[data-format={button}]').click()")
    files = {name: page.downloads / f"entities.{name}" for name in ("json", "txt", "ann", "html")}
    deadline = time.monotonic() + 30
    while not all(file.exists() for file in files.values()):
        assert time.monotonic() < deadline, list(page.downloads.iterdir())
        time.sleep(0.05)
    content = json.loads(files["json"].read_text("utf-8"))
    assert content["text"] == text
    assert len(content["entities"]) == len(found) > 0
    assert files["txt"].read_text("utf-8") == text
    lines = files["ann"].read_text("utf-8").splitlines()
    assert len(lines) == len(found)
    for number, (line, entity) in enumerate(zip(lines, found, strict=True), start=1):
        name, place, surface = line.split("\t")
        kind, _, spans = place.partition(" ")
        assert (name, kind) == (f"T{number}", entity["type"])
        bounds = [[int(end) for end in span.split()] for span in spans.split(";")]
        assert (bounds[0][0], bounds[-1][1]) == (entity["start_char"], entity["end_char"])
        assert surface == " ".join(text[start:end] for start, end in bounds)
    assert any(";" in line for line in lines)
    page.open(files["html"].as_uri())
    assert page.value("document.querySelector('div').textContent") == text
    assert page.value("document.querySelectorAll('li').length") == len(found)
    layers = page.value(
        "Math.max(...[...document.querySelectorAll('span')].map("
        "(span) => getComputedStyle(span).backgroundImage.split('linear-gradient').length - 1))"
    )
    assert layers > 1


@needs_browser
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_window(page: Browser, width: int) -> None:
    page.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=800,
        deviceScaleFactor=1,
        mobile=True,
    )
    find(page, ENGLISH + "x" * 300)
    slide(page, 0.05)
    assert page.value("document.documentElement.scrollWidth") <= width
    before = marks(page)
    assert all(0 <= mark["left"] < mark["right"] <= width for mark in before)


# --- colours ----------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative, as WCAG 2.1 defines it."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_all_colours_can_be_read() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    schemes = re.findall(r":root \{(.*?)\}", (PAGE / "page.css").read_text(), re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--([\w-]+): (#\w{6})", scheme))
        names = ["ink", "soft", "accent", "bad", *(f"c{number}" for number in range(12))]
        for name, ground in product(names, ("page", "panel")):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
        assert len({colours[f"c{number}"] for number in range(12)}) == 12


def test_the_files_name_no_other_place() -> None:
    for file in PAGE.iterdir():
        content = file.read_text("utf-8")
        assert not re.search(r"https?:|//[a-z]|@import|url\(|innerHTML|eval\(", content), file
