"""The command, from words to the page."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from i2s_lightning.__main__ import main
from i2s_lightning.errors import ConfigError
from i2s_lightning.experiments import command
from i2s_lightning.experiments.command import parsed_options
from i2s_lightning.experiments.index import write_index
from i2s_lightning.experiments.outcome import Outcome, SkippedError, Verdict, write_outcome
from i2s_lightning.experiments.plan import Plan, chosen, from_yaml, plans, read_yaml

PAPER = Path(__file__).parents[2] / "configs/paper.yaml"


def test_lists_all(capsys):
    assert main(["experiment", "--list"]) == 0
    text = capsys.readouterr().out
    for plan in plans().values():
        assert f"  {plan.name:<15} {plan.title} ({plan.place})\n" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["clases"], "no experiment 'clases'; did you mean 'classes'?"),
        (["abc"], "no experiment 'abc'; there are classes, "),
        ([], "name an experiment, or all:\n  classes "),
        (["classes", "--images", "photos"], "expected --images CLASS=FOLDER; got photos"),
        (["classes", "--set", "rouns=3"], "set: no option rouns; there are pictures"),
        (["classes", "--preset", "paper"], "the paper's preset needs the paper's generator, "),
        (["classes", "--images", "a/b=photos"], "expected CLASS=FOLDER with a plain word for the class; got 'a/b'"),
    ],
)
def test_says_what_is_wrong(words, message, capsys, tmp_path):
    assert main(["experiment", *words, "--out", str(tmp_path)]) == 1
    assert message in capsys.readouterr().err


def test_options_are_yaml():
    todo = chosen(["classes"])
    assert parsed_options({"pictures": "{faces: 2}"}, todo, "quick") == {"pictures": {"faces": 2}}


def test_prints_the_settings_that_would_run(capsys, tmp_path):
    """The paper's for every experiment: those of `configs/paper.yaml`, unless the experiment says otherwise."""
    words = ["experiment", "all", "--preset", "paper", "--generator", "ffhq.pkl", "--out", str(tmp_path / "out")]
    assert main([*words, "--print_config", "--trainer.devices", "2"]) == 0
    found = from_yaml(capsys.readouterr().out)
    assert found.pop("options_of_every_fit") == ["--trainer.devices", "2"]
    assert list(found) == list(plans())
    model = read_yaml(PAPER)["model"] | {"generator": "ffhq.pkl"}
    assert model.pop("noise") == "const"  # as it is by default
    for settings in found.values():
        assert settings["fit"]["model"] == model
    assert found["iterative"]["rounds"] == 7
    assert not (tmp_path / "out").exists()


def test_from_pictures_to_a_page(generator_file, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["experiment", "classes", "--generator", str(generator_file), "--images", f"cats={pictures}"]
    words += ["--set", "pictures={faces: 1, cats: 2, dogs: null}", "--out", str(out), "--model.steps", "2"]
    words += ["--trainer.accelerator", "cpu", "--trainer.devices", "1", "--trainer.enable_progress_bar", "false"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "holds: Faces embed better than other classes." in printed
    assert "note: Left out, as no freely licensed picture ships: dogs. Give your own: --images dogs=FOLDER" in printed
    assert printed.endswith(f"wrote {out}/index.html\n")
    result = json.loads((out / "classes/result.json").read_text())
    assert result["command"].startswith("python -m i2s_lightning experiment classes --generator ")
    assert result["preset"] == "quick"
    assert result["versions"].keys() >= {"python", "torch", "i2s_lightning"}
    (embedding,) = result["embeddings"].values()
    assert (out.parent / embedding / "config.yaml").is_file()
    page = (out / "index.html").read_text()
    assert "What can be embedded?" in page
    assert page.count("data:image/png;base64,") == 1


@pytest.fixture
def results(tmp_path):
    """A page's worth of results, made up, with what a page must not take for markup."""
    facts = {
        "title": "Does <b>it</b> work?",
        "place": "section 3",
        "text": "One.\n\nTwo & `three <b>`.",
        "preset": "quick",
    }
    facts |= {"command": "python -m i2s_lightning experiment classes", "generators": {"g.pkl": "a" * 64}}
    facts |= {"embeddings": {"base-1": "x/base-1"}, "versions": {"python": "3"}, "seconds": {"wall": 1, "cpu": 2}}
    verdicts = [Verdict("It holds.", True, "1 < 2."), Verdict("It fails.", False, "2 > 1.", quoted=False)]
    figure = Image.fromarray(np.full((40, 60, 3), 90, np.uint8))
    outcome = Outcome(figure, [{"picture": "a", "psnr": 21.23456}], [*verdicts, Verdict("Who knows.", None, "-.")])
    write_outcome(tmp_path / "classes", outcome, facts | {"name": "classes"})
    return tmp_path


def test_page_shows_everything_offline(results, page):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(write_index(results).as_uri())
    assert page.locator("h2", has_text="Does <b>it</b> work?").count() == 1
    assert page.locator("#classes .verdicts li").count() == 3
    assert page.locator("#classes p code").first.inner_text() == "three <b>"
    words = page.locator("#classes .verdicts .badge").all_inner_texts()
    assert words == ["holds", "does not hold", "not shown"]
    assert page.locator(".figures dd").all_inner_texts()[:3] == ["1", "1", "1"]
    assert page.locator("img.figure").evaluate("image => image.naturalWidth") == 60
    page.get_by_text("Numbers (1 rows)").click()
    assert page.locator("td.number").inner_text() == "21.23"
    page.get_by_text("How it was made").click()
    assert page.locator("pre.command").inner_text() == "python -m i2s_lightning experiment classes"
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1]


def test_a_skipped_experiment_says_why(results, page):
    facts = json.loads((results / "classes/result.json").read_text())
    (results / "classes/figure.png").unlink()
    (results / "classes/numbers.csv").unlink()
    write_outcome(results / "classes", Outcome(None, [], [], ["Skipped: it needs masks"]), facts)
    page.goto(write_index(results).as_uri())
    assert page.locator(".note").inner_text() == "Skipped: it needs masks"
    assert page.locator("img.figure").count() == 0


class Made(Plan):
    """An experiment of the test's own, under a known name."""

    @property
    def run(self):
        def run(lab):
            lab.gallery.take({"affine": "dogs"}.get(self.name, "faces"))
            if self.name == "affine":
                raise ConfigError("no such thing; take another")
            if self.name == "defects":
                raise SkippedError("it needs masks")
            return Outcome(Image.new("RGB", (8, 8)), [{"a": 1}], [Verdict("It is 1.", True, "1.")], lab.gallery.missing)

        return run


def test_one_that_fails_does_not_stop_the_others(generator_file, tmp_path, monkeypatch, capsys):
    made = [Made(name, plans()[name].place, plans()[name].settings) for name in ("affine", "defects", "classes")]
    monkeypatch.setattr(command, "chosen", lambda names: made)
    assert main(["experiment", "all", "--generator", str(generator_file), "--out", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "1 of 3 experiments failed:\naffine: no such thing; take another" in shown.err
    assert "holds: It is 1. 1." in shown.out
    assert "note: Skipped: it needs masks" in shown.out
    assert json.loads((tmp_path / "classes/result.json").read_text())["notes"] == []  # it had no dogs to leave out
    page = (tmp_path / "index.html").read_text()
    assert "Skipped: it needs masks" in page
    assert "not run: affine, " in page
