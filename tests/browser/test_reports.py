"""Reports in a browser: nothing in the console, sorting by keyboard, the dark theme, printing, and accessibility."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kolmo
from kolmo.show import report_html, surprisal_html

pytestmark = pytest.mark.browser

SERIOUS = ("serious", "critical")
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


def axe_source() -> str:
    """Return axe-core, the file of ``KOLMO_AXE`` or that which npm installed; skip without it."""
    named = os.environ.get("KOLMO_AXE")
    roots = [Path(named)] if named else [Path("node_modules/axe-core/axe.min.js")]
    if not named and (npm := shutil.which("npm")):
        found = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
        roots.append(Path(found) / "axe-core" / "axe.min.js")
    for path in roots:
        if path.is_file():
            return path.read_text(encoding="utf-8")
    pytest.skip("axe-core is not installed; run: npm install axe-core, or name its axe.min.js in KOLMO_AXE")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; pip install playwright")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def leaks() -> str:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghij"), 6)) for _ in range(400)]
    train = [" ".join(rng.choice(words, 40)) for _ in range(30)]
    test = [f"{' '.join(rng.choice(words, 10))} \u202e <b>" for _ in range(20)] + [
        f"so: {each[9:]}" for each in train[:8]
    ]
    return report_html(kolmo.find_leaks(train, test, n_jobs=1), items={"test": test, "training": train})


def gains() -> str:
    matrix = kolmo.gain_matrix(
        {"a": "the cat sat " * 99, "b": "a dog ran " * 99, "c": "cats and dogs " * 99}, coder="ngram"
    )
    return report_html([matrix, kolmo.gain_curve("to be or not " * 300, "to be " * 600, coder="ngram")])


def surprise() -> str:
    text = "It was the best of times, it was the worst of times.\n\x00\u202e" * 20
    return surprisal_html(text, kolmo.surprisals(text, coder="ngram"))


PAGES = {"leaks": leaks, "gains": gains, "surprisal": surprise}


@pytest.fixture(scope="module", params=list(PAGES))
def page(browser: Any, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Open a report in a page that has no network, and check at the end that nothing was said or asked for."""
    path = tmp_path_factory.mktemp("page") / f"{request.param}.html"
    path.write_text(PAGES[request.param](), encoding="utf-8")
    said: list[str] = []
    context = browser.new_context(offline=True, color_scheme="light")
    opened = context.new_page()
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda sent: None if sent.url == path.as_uri() else said.append(sent.url))
    opened.goto(path.as_uri())
    yield opened
    context.close()
    assert said == []


def test_a_table_is_sorted_by_keyboard(page: Any) -> None:
    button = page.locator("th.n button.sort").first
    head = button.locator("xpath=..")
    place = head.evaluate("head => head.cellIndex")
    rows = "head => Array.from(head.closest('table').tBodies[0].rows)"
    values = f"{rows}.map(row => Number((row.cells[{place}].dataset.v || row.cells[{place}].textContent)))"
    button.focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    found = head.evaluate(values)
    assert found == sorted(found, reverse=True)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "ascending"
    found = head.evaluate(values)
    assert found == sorted(found)
    assert "ascending" in page.locator("#said").inner_text()


def test_the_theme_is_toggled(page: Any) -> None:
    color = "() => getComputedStyle(document.body).backgroundColor"
    button = page.locator("#theme")
    light = page.evaluate(color)
    assert button.get_attribute("aria-pressed") == "false"
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.evaluate(color) != light == "rgb(255, 255, 255)"
    button.click()
    assert page.evaluate(color) == light


def test_links_lead_to_excerpts_and_back(page: Any) -> None:
    links = page.locator("td a")
    if not links.count():
        assert not page.locator("#excerpts").count()
        return
    anchor = links.first.get_attribute("href")
    links.first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => location.hash") == anchor
    excerpt = page.locator(f"{anchor} blockquote").inner_text()
    assert 0 < len(excerpt) <= 300
    assert page.locator(page.locator(f"{anchor} a.back").get_attribute("href")).count() == 1


def test_it_fits_a_narrow_screen(page: Any) -> None:
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    page.set_viewport_size(size)


def test_it_prints(page: Any, tmp_path: Path) -> None:
    page.locator("#theme").click()  # a dark page prints light
    page.emulate_media(media="print")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")
    page.pdf(path=str(tmp_path / "report.pdf"), print_background=True)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    page.locator("#theme").click()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(page: Any, theme: str) -> None:
    page.evaluate(axe_source())
    page.evaluate(f"() => {{ document.documentElement.dataset.theme = '{theme}' }}")
    found = page.evaluate("() => axe.run()")
    faults = [
        (each["id"], each["help"], [node["html"][:200] for node in each["nodes"][:3]])
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]
    page.evaluate("() => { delete document.documentElement.dataset.theme }")
    assert faults == []
    assert len(found["passes"]) > 10
