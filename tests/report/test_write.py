"""Whole pages: whatever pictures are called, and however many there are."""

import re
import shutil

import pytest
import torch
from playwright.sync_api import expect

from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.report import Facts, pictures_of, write

HOSTILE = [
    "<script>alert(1)</script>",  # a folder and a file
    "\"'><img src=x onerror=alert(1)>",
    "a#b?c=d&e%20%zz; {{ 7 * 7 }}",
    r"caf\xe9 日本",
    "line\nbreak",
    "__proto__",
]


@pytest.fixture
def beside(monkeypatch):
    """Have every page load its pictures from beside it."""
    monkeypatch.setattr(write, "INLINE_PICTURES", 0)


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_names_are_never_evaluated(run, page, read_html, where, monkeypatch):
    monkeypatch.setattr(write, "INLINE_PICTURES", 100 if where == "inside" else 0)
    page.on("dialog", lambda dialog: pytest.fail(f"a name was evaluated: {dialog.message}"))
    page.goto(run.add(HOSTILE).keep().report())
    read_html(run.page.read_text())
    assert sorted(page.locator("#sheet a").evaluate_all("links => links.map(link => link.title)")) == sorted(HOSTILE)
    for name in HOSTILE:
        page.locator("#sheet a").nth(
            page.locator("#sheet a").evaluate_all("l => l.map(e => e.title)").index(name)
        ).click()
        assert page.locator("#viewer-name").evaluate("e => e.textContent") == name
        images = page.locator("#stage img")
        assert images.count() == 2
        assert images.evaluate_all("all => Promise.all(all.map(one => one.decode().then(() => one.naturalWidth)))") == [
            16,
            16,
        ]
        page.get_by_text("Logarithmic").last.wait_for()
        assert page.locator("#viewer-chart path.curve").count() == 1
        page.keyboard.press("Escape")


def test_a_small_page_stands_alone(run, page, tmp_path):
    run.add(["anna", "ben"]).keep().report()
    alone = tmp_path / "sent by mail.html"
    shutil.copy(run.page, alone)
    shutil.rmtree(run.folder)
    page.goto(alone.as_uri() + "#picture=ben")
    assert page.locator("#stage img").evaluate_all("all => all.every(one => one.naturalWidth === 16)")
    assert page.locator("#viewer-chart path.curve").count() == 1


def test_pictures_beside_the_page_move_with_it(run, page, tmp_path, beside):
    run.add(["anna", "sub/ben"]).keep().report()
    assert "data:image/png" not in run.page.read_text()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in (run.page, run.page.with_name("report_files")):
        shutil.move(path, moved / path.name)
    shutil.rmtree(run.folder)
    page.goto((moved / "report.html").as_uri() + "#picture=sub%2Fben")
    images = page.locator("#stage img")
    assert images.evaluate_all("all => Promise.all(all.map(one => one.decode().then(() => 1)))") == [1, 1]


def test_pictures_without_a_target_are_shown_and_explained(run, page, curve):
    run.add(["anna", "ben", "carl"])
    embedding = run.embedding
    pictures, record = pictures_of(embedding, run.page), embedding.metrics["anna"]
    pictures.write(record, run.render("anna"), None, Facts(note="its <b>contents</b> have changed"))
    pictures.write(embedding.metrics["ben"], run.render("ben"), run.target("ben"), curve)
    page.goto(run.report())
    assert page.locator("#sheet img").count() == 3
    assert page.locator("#sheet .missing").inner_text() == "no picture kept"
    page.locator("#sheet a").first.click()
    assert "its <b>contents</b> have changed" in page.locator("#viewer-note").inner_text()
    assert page.locator("#stage img").count() == 1
    assert not page.locator("#compare-tools").is_visible()
    page.get_by_role("button", name="Next picture").click()
    assert not page.locator("#viewer-note").is_visible()
    assert page.locator("#stage img").count() == 2


def test_pages_without_curves_settings_or_verdicts_say_so(run, page):
    run.run["generator"]["file"] = "gone.safetensors"
    del run.run["versions"]
    run.results.append(Result({"name": "a", "status": "done", "psnr": 1.0}, {"ws": torch.zeros(2, 3)}))
    write_shard(run.folder / "latents" / "000000-000.safetensors", run.results, run.run)
    page.goto(run.report())
    text = page.locator("main").inner_text()
    assert "There are no verdicts on editing" in text
    assert "There is no config.yaml beside these results" in text
    assert not page.get_by_role("heading", name="Loss").is_visible()
    assert not page.get_by_role("combobox", name="Verdict").is_visible()


MANY = 10_000


def test_ten_thousand_pictures_are_drawn_a_page_at_a_time(many, page):
    assert many.page.stat().st_size < 100 * MANY
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(many.page.as_uri())
    bound = 60
    for look in ("Table", "Sheet"):
        page.get_by_text(look, exact=True).click()
        assert page.locator("#rows tr, #sheet li").count() == bound
    assert page.evaluate("document.querySelectorAll('*').length") < 1500
    assert len({url for url in asked if re.search(r"\.(png|js)$", url)}) <= 2 * bound
    assert page.locator("#count").inner_text() == "1 to 60 of 10,000"
    page.get_by_role("button", name="Last page").click()
    expect(page.locator("#count")).to_be_in_viewport()  # the new page is looked at from its top
    assert page.locator("#count").inner_text() == "9,961 to 10,000 of 10,000"
    assert page.locator("#sheet li").count() == MANY % bound
    assert page.get_by_role("button", name="Next page").is_disabled()
    page.get_by_label("Page", exact=True).fill("3")
    page.keyboard.press("Enter")
    assert page.locator("#count").inner_text() == "121 to 180 of 10,000"
    page.get_by_label("Page", exact=True).fill("-5")
    page.keyboard.press("Enter")
    assert page.locator("#count").inner_text() == "1 to 60 of 10,000"
    assert all(url.startswith(many.folder.as_uri()) for url in asked)


def test_ten_thousand_pictures_are_sorted_and_filtered(many, page):
    page.goto(many.page.as_uri())
    page.get_by_role("combobox", name="Order").select_option("psnr")
    wanted = sorted(many.results, key=lambda result: -result.record["psnr"])
    assert page.locator("#sheet .name").all_inner_texts() == [result.record["name"] for result in wanted[:60]]
    page.get_by_label("Find").fill("03/")
    page.get_by_role("combobox", name="Status").select_option("done")
    names = [r.record["name"] for r in wanted if r.record["name"].startswith("03/") and r.record["status"] == "done"]
    assert page.locator("#count").inner_text() == "1 to 60 of 100 (of 10,000)"
    page.get_by_role("button", name="Next page").click()
    assert page.locator("#sheet .name").all_inner_texts() == names[60:]


def test_curves_of_many_pictures_come_when_they_are_looked_at(many, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{many.page.as_uri()}#picture={many.embedding.names[-1].replace('/', '%2F')}")
    page.locator("#viewer-chart path.curve").wait_for(state="attached")
    assert page.locator("#viewer-chart path.median").count() == 1
    scripts = [url for url in asked if url.endswith(".js")]
    assert scripts == [(many.folder / "report_files" / "curves" / "0049.js").as_uri()]
    assert page.locator("#chart path.curve").count() == 5  # examples, over quantiles of all
    page.keyboard.press("Escape")
    assert page.locator("#count").inner_text() == "9,961 to 10,000 of 10,000"
