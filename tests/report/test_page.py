"""The report in a real browser, as somebody uses it."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from i2s_lightning.drawing.sheet import difference

NAMES = ["anna", "ben", "dora", "Ernst", "sub/carl"]


@pytest.fixture
def report(five, page):
    """The page of five pictures, open; nothing may be asked for but itself."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(five.page.as_uri())
    yield page
    assert {url.split("#")[0] for url in asked if not url.startswith("data:")} == {five.page.as_uri()}


def listed(page):
    """Read the names of the pictures that are shown."""
    places = "#rows th" if page.locator("#table").is_visible() else "#sheet .name"
    return page.locator(places).all_inner_texts()


def click(page, name):
    """Open a picture from the sheet."""
    page.locator("#sheet").get_by_role("link", name=name).click()


def test_the_page_is_sound(five, read_html):
    html = read_html(five.page.read_text())
    assert html.named("html") == [{"lang": "en"}]
    ids = {attributes["id"] for _, attributes in html.elements if "id" in attributes}
    for _, attributes in html.elements:
        for reference in ("aria-labelledby", "for"):
            assert attributes.get(reference, next(iter(ids))) in ids
    assert html.text.count(five.folder.name) >= 2


def test_sheet_and_table_show_every_picture_by_name(report):
    assert listed(report) == NAMES
    report.get_by_text("Table", exact=True).click()
    assert listed(report) == NAMES
    assert report.get_by_role("row").count() == 1 + len(NAMES)
    expect(report.locator("#count")).to_have_text("1 to 5 of 5")


def test_headings_sort_and_say_so(report):
    report.get_by_text("Table", exact=True).click()
    heading = report.locator("th", has=report.get_by_role("button", name="PSNR"))
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    values = [float(text) for text in report.locator("#rows tr td:nth-child(4)").all_inner_texts()]
    assert values == sorted(values, reverse=True)
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert report.locator("th[aria-sort]").count() == 1
    assert listed(report) == ["anna", "dora", "sub/carl", "ben", "Ernst"]  # 20, 21, 24, 27, 28 dB


def test_what_has_no_value_comes_last_in_either_order(report):
    report.get_by_role("combobox", name="Order").select_option("loss")
    assert listed(report)[-1] == "dora"
    report.get_by_role("button", name="Reverse the order").click()
    assert listed(report)[-1] == "dora"


def test_filters_join(report):
    report.get_by_label("Find").fill("AN")
    assert listed(report) == ["anna"]
    report.get_by_label("Find").fill("r")
    assert listed(report) == ["dora", "Ernst", "sub/carl"]
    report.get_by_role("combobox", name="Status").select_option("early")
    assert listed(report) == ["Ernst"]
    expect(report.get_by_role("status")).to_have_text("1 to 1 of 1 (of 5)")
    report.get_by_label("Find").fill("nobody")
    expect(report.get_by_role("status")).to_have_text("No picture fits.")


def test_a_picture_has_an_address(report, five):
    click(report, "sub/carl")
    assert report.url.endswith("#picture=sub%2Fcarl")
    viewer = report.get_by_role("dialog")
    expect(viewer.get_by_role("heading")).to_have_text("sub/carl")
    report.goto("about:blank")
    report.goto(f"{five.page.as_uri()}#picture=Ernst")
    expect(viewer.get_by_role("heading")).to_have_text("Ernst")
    assert "early" in viewer.locator("#viewer-facts").inner_text()
    assert str(five.data / "Ernst.png") in viewer.locator("#viewer-file").inner_text()
    report.goto(f"{five.page.as_uri()}#picture=%")
    expect(viewer).not_to_be_visible()


def test_closing_leads_back_to_the_picture(report):
    click(report, "ben")
    report.get_by_role("button", name="Next picture").click()
    expect(report.get_by_role("dialog").get_by_role("heading")).to_have_text("dora")
    report.keyboard.press("Escape")
    expect(report.get_by_role("dialog")).not_to_be_visible()
    expect(report.locator("#sheet").get_by_role("link", name="dora")).to_be_focused()
    assert "picture=" not in report.url
    click(report, "ben")
    report.go_back()
    expect(report.get_by_role("dialog")).not_to_be_visible()


def test_neighbours_follow_filter_and_order(report):
    report.get_by_role("combobox", name="Order").select_option("psnr")
    click(report, "Ernst")  # the best
    assert report.get_by_role("button", name="Previous picture").is_disabled()
    report.keyboard.press("ArrowRight")
    expect(report.get_by_role("dialog").get_by_role("heading")).to_have_text("ben")  # follows the address, in its turn
    expect(report.locator("#viewer-place")).to_have_text("2 of 5")


def shot(locator):
    """Look at an element."""
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)


def pixels_of(report, mode):
    """See a 16 px picture in the viewer, pixel by pixel."""
    report.locator("#compare-tools").get_by_text(mode).click()
    report.get_by_label("Sharp pixels").check()
    report.evaluate("document.querySelector('.sized').style.width = '320px'")
    report.evaluate("document.querySelectorAll('.caption, .line').forEach(e => e.remove())")
    return shot(report.locator(".sized").first)[10::20, 10::20]


def test_the_slider_uncovers_the_embedding(report, five):
    click(report, "anna")
    report.get_by_label("Slider", exact=True).last.fill("25")
    seen = pixels_of(report, "Slider")
    assert (seen[:, :4] == five.target("anna")[:, :4]).all()
    assert (seen[:, 4:] == five.render("anna")[:, 4:]).all()
    box = report.locator(".sized").bounding_box()
    report.mouse.move(box["x"] + 10, box["y"] + 50)
    report.mouse.down()
    report.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 50, steps=3)
    report.mouse.up()
    seen = shot(report.locator(".sized"))[10::20, 10::20]
    assert (seen[:, :12] == five.target("anna")[:, :12]).all()
    assert (seen[:, 12:] == five.render("anna")[:, 12:]).all()


@pytest.mark.parametrize("gain", [1, 4, 9])
def test_the_difference_is_the_contact_sheets(report, five, gain):
    click(report, "ben")
    report.locator("#compare-tools").get_by_text("Difference").click()
    report.get_by_label("Difference times").fill(str(gain))
    wanted = difference(five.target("ben"), five.render("ben"), float(gain)).astype(int)
    assert np.abs(pixels_of(report, "Difference") - wanted).max() <= 1


def test_zoom_enlarges_both_sides_and_scrolls_them_together(report):
    click(report, "ben")
    report.locator("#compare-tools").get_by_text("Side by side").click()
    before = report.locator(".sized").first.bounding_box()["width"]
    report.get_by_label("Zoom").fill("4")
    assert report.locator(".sized").first.bounding_box()["width"] == pytest.approx(4 * before, rel=0.1)
    views = "[...document.querySelectorAll('.view')].map(view => view.scrollLeft)"
    first, second = report.evaluate(views)
    assert first == second > 0  # the middle stays in the middle
    report.evaluate("document.querySelector('.view').scrollLeft = 7")
    report.wait_for_timeout(100)  # events of scrolling come with the next frame
    assert report.evaluate(views) == [7, 7]


def test_the_sheet_can_be_zoomed_and_shows_differences(report):
    width = report.locator("#sheet img").first.bounding_box()["width"]
    report.get_by_label("Size").fill("300")
    assert report.locator("#sheet img").first.bounding_box()["width"] > 1.5 * width
    report.get_by_label("Differences").check()
    expect(report.get_by_role("img", name="difference of target and embedding of anna")).to_be_visible()


def test_curves_are_read_by_moving_along_them(report, five):
    chart = report.locator("#chart")
    assert sorted(chart.get_by_role("link").all_inner_texts()) == sorted(NAMES)
    assert report.locator("#chart path.curve").count() == 5
    step = chart.get_by_role("slider", name="Step")
    step.focus()
    step.press("Home")
    expect(chart.locator("li .value").first).to_have_text("0.900")
    assert step.evaluate("element => element.ariaValueText").startswith("step 9: Ernst 0.900, anna 0.900")
    box = chart.locator("svg").bounding_box()
    chart.locator("svg").hover(position={"x": box["width"] - 20, "y": 50}, force=True)  # wherever the page is scrolled
    expect(chart.locator("li .value").first).to_have_text("0.100")
    heights = "[...document.querySelectorAll('#chart .grid')].length"
    lines = report.evaluate(heights)
    chart.get_by_label("Logarithmic").uncheck()
    assert report.evaluate(heights) != lines
    chart.get_by_role("link", name="ben").click()
    assert report.locator("#viewer-chart path.curve").count() == 1


def test_everything_can_be_done_with_keys(report):
    seen = set()
    for _ in range(60):
        report.keyboard.press("Tab")
        active = "document.activeElement"
        seen.add(report.evaluate(f"{active}.ariaLabel || {active}.id || {active}.textContent.trim()"))
        assert report.evaluate(
            f"{active} === document.body || getComputedStyle({active}).outlineStyle === 'solid' || "
            f"getComputedStyle({active}.closest('label')).outlineStyle === 'solid'"
        )
    assert {"query", "status", "verdict", "order", "size", "differences"} <= seen
    report.locator("#query").focus()
    report.keyboard.type("carl")
    report.locator("#sheet a").focus()
    report.keyboard.press("Enter")
    expect(report.get_by_role("dialog")).to_be_visible()
    for _ in range(20):  # the keys stay inside
        report.keyboard.press("Tab")
        assert report.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    report.locator("[name=mode]").first.focus()
    report.keyboard.press("ArrowRight")
    assert report.locator("#stage").get_attribute("data-mode") == "beside"
    report.keyboard.press("Escape")
    expect(report.get_by_role("dialog")).not_to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_on_a_phone(five, page, poor_contrasts, scheme):
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme)
    page.goto(five.page.as_uri())
    for look in (lambda: None, lambda: page.get_by_text("Table", exact=True).click()):
        look()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert poor_contrasts(page) == []
    page.goto(f"{five.page.as_uri()}#picture=anna")
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= 360
    assert poor_contrasts(page) == []


def test_every_picture_on_the_page_is_described(report):
    click(report, "anna")
    for image in report.locator("img").all():
        alt = image.get_attribute("alt")
        inside = image.evaluate("element => !!element.closest('.difference, #rows')")
        assert alt or (inside and alt == "")


def test_fingers_move_the_line_and_scroll_once_zoomed(five, chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    page = context.new_page()
    fingers = context.new_cdp_session(page)

    def drag(start, end):
        for kind, x in (("Start", start), *(("Move", start + (end - start) * i / 8) for i in range(1, 9))):
            fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [{"x": x, "y": 250}]})
            page.wait_for_timeout(16)
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        return page.evaluate("[byId('slide').value, document.querySelector('.view').scrollLeft]")

    page.goto(f"{five.page.as_uri()}#picture=anna")
    page.locator("#stage img").first.evaluate("image => image.decode()")
    line, left = drag(100, 300)
    assert (70 < int(line) < 90, left) == (True, 0)
    page.locator("#zoom").fill("3")
    before = page.evaluate("document.querySelector('.view').scrollLeft")
    assert drag(250, 120)[0] == line
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('.view').scrollLeft") > before
    context.close()
