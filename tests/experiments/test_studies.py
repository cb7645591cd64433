"""What every experiment promises, whatever it shows."""

import re

import pytest
from PIL import Image

from i2s_lightning.experiments.outcome import read_numbers, read_result, write_outcome
from i2s_lightning.experiments.plan import STUDIES, plans
from i2s_lightning.experiments.untrained import untrained_twin
from i2s_lightning.generators import load_generator

ALL = list(plans())
QUICKER = {"samples": 4, "rounds": 3, "sizes": [24, "full"]}


def test_module_and_settings_go_together():
    assert {path.stem for path in STUDIES.glob("*.py")} - {"__init__"} == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_leaves_figure_numbers_and_verdicts(lab, name, tmp_path):
    outcome = lab(name, options=QUICKER).run()
    files = write_outcome(tmp_path / "result", outcome, {})
    assert [file.name for file in files] == ["figure.png", "numbers.csv", "result.json"]
    with Image.open(files[0]) as figure:
        assert figure.mode == "RGB"
    assert len(read_numbers(tmp_path / "result")) == len(outcome.numbers) > 0
    verdicts = read_result(tmp_path / "result")["verdicts"]
    assert verdicts
    for verdict in verdicts:
        assert verdict.claim.endswith(".")
        assert verdict.finding.endswith(".")
        assert verdict.holds is None or re.search(r"\d", verdict.finding)


def test_every_generator_that_is_named_takes_part(lab, generator_file, tmp_path):
    other = tmp_path / "other.safetensors"
    untrained_twin(load_generator(str(generator_file)), tmp_path).rename(other)
    outcome = lab("generators", others=[str(other)]).run()
    kinds = list(dict.fromkeys(row["generator"] for row in outcome.numbers))
    assert kinds == [generator_file.stem, "other", "untrained"]
    assert outcome.verdicts[1].holds is not None


@pytest.mark.parametrize("name", ALL)
def test_says_what_the_paper_shows(name):
    plan = plans()[name]
    assert plan.title.endswith(("?", "."))
    assert len(plan.text) > 150
    assert plan.settings.keys() == {"quick", "paper"}
    assert plan.settings["quick"].keys() == plan.settings["paper"].keys()
