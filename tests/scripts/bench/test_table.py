import re

import pytest
import torch
from bench import harness, table
from bench.harness import ratio


def result(first, second, **more):
    figures = {"wall": [1.0], "peak_mib": 1.0, "error": 1e-6, "agrees": True}
    return {
        "kind": "same",
        "pictures": 1,
        "variants": {"usual": figures | {"cpu": first}, "ours": figures | {"cpu": second} | more},
    }


def test_ratio_is_of_medians():
    assert ratio(result([4.0, 9.0, 3.0], [1.0, 2.0, 50.0]), "ours") == 2.0


def test_no_ratio_where_values_differ():
    differs = result([4.0], [1.0], agrees=False)
    assert ratio(differs, "ours") is None
    assert "values differ" in table.table({"case": differs}, "same")


@pytest.mark.parametrize(("seconds", "shown"), [(2.0, "**2.00x** (was 4.00x)"), (1.05, "**3.81x** |")])
def test_a_ratio_that_fell_shows(seconds, shown):
    new = {"case": result([4.0], [seconds])}
    table.compare(new, {"case": result([4.0], [1.0])})
    assert shown in table.table(new, "same")


def test_tables_of_a_document_are_renewed(tmp_path):
    document = tmp_path / "speed.md"
    document.write_text("before\n<!-- bench same -->\nold\n<!-- end -->\nafter\n")
    table.rewrite(document, {"case": result([4.0], [1.0])})
    assert re.fullmatch(
        r"before\n<!-- bench same -->\n\| case .*4.00x.*\n<!-- end -->\nafter\n", document.read_text(), re.S
    )


def test_agreement_takes_the_worst_value():
    exact = {"a": torch.ones(4), "b": torch.ones(1)}
    close = harness._agreement({"a": torch.ones(4), "b": torch.tensor([1.01])}, exact, 1e-3)
    assert not close["agrees"]
    assert close["error"] == pytest.approx(0.01, rel=1e-3)
    assert harness._agreement(exact, exact, 1e-3) == {"error": 0.0, "agrees": True}


def test_what_a_step_keeps_has_a_column_where_it_was_measured():
    figures = result([4.0], [1.0])
    assert table.SAVED not in table.table({"case": figures}, "same")
    kept = result([4.0], [1.0]) | {"pictures": 4}
    for variant, mib in zip(kept["variants"].values(), (400.0, 100.0), strict=True):
        variant["saved_mib"] = mib
    lines = table.table({"old": figures, "new": kept}, "same").splitlines()
    assert [line.split(" | ")[-1].strip(" |") for line in lines[2:]] == ["", "", "100", "25 (**25%**)"]
    assert len({line.count("|") for line in lines}) == 1
    assert table.SAVED in lines[0]
