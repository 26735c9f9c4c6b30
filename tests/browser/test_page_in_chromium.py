"""The HTML report in a real Chromium: read by keyboard, on a phone, on paper, in the dark, by who cannot see it."""

from __future__ import annotations

import io
from importlib import resources
from itertools import pairwise

import pytest
from browser_pages import Pages, Shown
from browser_reports import CASES, LAST_STEP
from pypdfium2 import PdfDocument

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
"""axe-core, which is what accessibility is judged by."""
MOST_ELEMENTS = 90_000
"""Of a page with 10,000 findings: 7 for a line of the table, and what stands above it."""


def violations(shown: Shown, *rules: str) -> list[str]:
    """What axe finds wrong with what can be seen, by all its rules or by some."""
    only = f", runOnly: {list(rules)}" if rules else ""
    shown.page.evaluate(AXE)
    return shown.page.evaluate(
        f"axe.run({{resultTypes: ['violations']{only}}}).then(all => all.violations.map("
        "each => `${each.id}: ${each.nodes.length} times, first ${each.nodes[0].html.slice(0, 200)} "
        "${each.nodes[0].failureSummary}`))"
    )


@pytest.mark.parametrize("case", CASES)
def test_a_page_asks_for_nothing_says_nothing_and_holds_nothing_that_runs(pages: Pages, case: str) -> None:
    with pages.show(case) as shown:
        runs = "script,iframe,object,embed,link,form,img,[style],[onclick],[onload],[onerror]"
        assert shown.page.locator(runs).count() == 0
        assert shown.page.evaluate(
            "[...document.querySelectorAll('a')].every(each => each.getAttribute('href').startsWith('#'))"
        )
        assert shown.said == []
        assert shown.asked == [pages.file(case).as_uri()]


def test_the_policy_of_a_page_stops_what_would_be_slipped_in(pages: Pages) -> None:
    with pages.show("incident") as shown:
        shown.page.evaluate(
            """() => {
              window.broken = []
              document.addEventListener('securitypolicyviolation', each => broken.push(each.effectiveDirective))
              const add = (name, more) => document.body.append(Object.assign(document.createElement(name), more))
              add('script', {textContent: 'window.slipped = 1'})
              add('style', {textContent: 'body{display:none}'})
              add('img', {src: 'http://127.0.0.1:9/x.png'})
              add('iframe', {src: 'http://127.0.0.1:9/x.html'})
              fetch('http://127.0.0.1:9/x').catch(() => 0)
            }"""
        )
        shown.page.wait_for_function("broken.length >= 5")
        stopped = set(shown.page.evaluate("broken"))
        assert stopped == {"script-src-elem", "style-src-elem", "img-src", "frame-src", "connect-src"}
        assert shown.page.evaluate("window.slipped === undefined")
        assert shown.page.locator("main").is_visible()
        assert shown.asked == [pages.file("incident").as_uri()]


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wider_than_a_phone(pages: Pages, case: str) -> None:
    with pages.show(case, width=390, height=800) as shown:
        if case != "ten-thousand":
            shown.unfold()
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("case", [case for case in CASES if case != "ten-thousand"])
def test_axe_finds_nothing_wrong_with_a_page_light_or_dark(pages: Pages, case: str) -> None:
    with pages.show(case, color_scheme="light", bypass_csp=True) as shown:
        shown.unfold(5)
        assert violations(shown) == []
        shown.page.emulate_media(color_scheme="dark")
        assert violations(shown, "color-contrast") == []


def test_ten_thousand_findings_stay_usable(pages: Pages) -> None:
    with pages.show("ten-thousand", bypass_csp=True) as shown:
        assert shown.page.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS
        # Folded, the page is some screens long, not some thousand.
        assert shown.page.evaluate("document.documentElement.scrollHeight") < 20 * 900
        groups = shown.page.locator("#others ~ details")
        assert groups.count() >= 4
        groups.last.locator("summary").click()
        assert groups.last.locator("tbody tr").last.is_visible()
        # Of lines that are all alike axe judges some: it takes minutes over ten thousand.
        shown.page.evaluate(
            "document.querySelectorAll('tbody tr:nth-child(n+8)').forEach(each => each.remove())"
        )
        assert violations(shown) == []


def test_dark_is_dark_and_light_is_light(pages: Pages) -> None:
    def lightness(theme: str) -> float:
        with pages.show("incident", color_scheme=theme) as shown:
            colour = shown.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(each) for each in colour.removeprefix("rgb(").removesuffix(")").split(",")) / 765

    assert lightness("dark") < 0.2
    assert lightness("light") > 0.9


def test_on_paper_everything_is_unfolded_and_light(pages: Pages) -> None:
    with pages.show("thirty", color_scheme="dark") as shown:
        shown.page.emulate_media(media="print", color_scheme="dark")
        colour = shown.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colour == "rgb(255, 255, 255)"
        assert not shown.page.locator("nav").is_visible()
    with pages.show("incident") as shown:
        folded = shown.page.locator("details.f").last
        assert not folded.locator("h3").is_visible()
        paper = PdfDocument(io.BytesIO(shown.page.pdf(format="A4", print_background=True)))
    text = " ".join(paper[number].get_textpage().get_text_range() for number in range(len(paper)))
    assert "The service refuses this link" in text  # the last finding, folded on the screen
    assert "What lies behind" in text
    assert text.count(LAST_STEP) >= 2


def test_by_keyboard_one_skips_to_the_content_and_unfolds_a_finding(pages: Pages) -> None:
    with pages.show("incident") as shown:
        page = shown.page
        page.keyboard.press("Tab")
        skip = page.locator("a.skip")
        assert skip.evaluate("each => each === document.activeElement")
        assert skip.bounding_box()["x"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        summary = page.locator("details.f:not([open]) > summary").first
        seen = []
        for _ in range(60):
            page.keyboard.press("Tab")
            seen.append(page.evaluate("document.activeElement.textContent.slice(0, 60)"))
            if summary.evaluate("each => each === document.activeElement"):
                break
        else:
            pytest.fail(f"the keyboard comes by no folded finding: {seen}")
        finding = summary.locator("..")
        handle = finding.element_handle()
        page.keyboard.press("Enter")
        assert handle.evaluate("each => each.open")


def test_the_keyboard_goes_from_top_to_bottom(pages: Pages) -> None:
    with pages.show("incident") as shown:
        shown.unfold()
        tops = []
        for _ in range(200):
            shown.page.keyboard.press("Tab")
            top = shown.page.evaluate(
                "document.activeElement === document.body ? null : "
                "document.activeElement.getBoundingClientRect().top + scrollY"
            )
            if top is None or (tops and top < tops[0]):
                break
            tops.append(top)
        # Links of one line stand beside each other; nothing leads back up.
        assert len(tops) > 20
        assert all(later > earlier - 40 for earlier, later in pairwise(tops[1:]))


def test_a_link_to_a_folded_finding_unfolds_it(pages: Pages) -> None:
    with pages.show("incident") as shown:
        shown.page.evaluate("location.hash = '#f-2'")
        assert shown.page.locator("#f-2 h3").first.is_visible()


def test_every_picture_has_a_name_a_description_and_the_same_in_words(pages: Pages) -> None:
    with pages.show("incident") as shown:
        shown.unfold()
        names = shown.page.evaluate(
            "[...document.querySelectorAll('svg')].map(each => each.getAttribute('aria-labelledby')"
            ".split(' ').map(id => document.getElementById(id).textContent))"
        )
        assert len(names) >= 6
        assert all(title and described for title, described in names)
        assert shown.page.locator("table").count() == shown.page.locator("table > caption").count()
