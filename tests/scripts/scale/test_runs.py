import sys

import pytest


def test_a_table_lines_numbers_up_to_the_right():
    from runs import table

    assert table(["a", "b", "c"], [["x", 1, 2.5]]) == "| a | b | c |\n|---|---:|---:|\n| x | 1 | 2.5 |"


def test_phases_are_told_apart():
    from observed_fit import Observer

    observer = Observer()
    gather = observer.counted(lambda: "gathered")
    save = observer.within("checkpoints", gather)
    step = observer.within("inside rounds", lambda: (gather(), save(), save()))
    assert step() == ("gathered",) * 3
    gather()
    assert observer.calls == {"inside rounds": 1, "checkpoints": 2, "start and end": 1}


def test_a_run_that_goes_on_is_not_timed(tmp_path):
    from runs import fit

    with pytest.raises(RuntimeError, match="exists: a run that goes on can't be timed"):
        fit(tmp_path, {})


def test_a_failed_run_shows_its_log(tmp_path):
    from runs import fit

    with pytest.raises(RuntimeError, match=r"(?s)fit ended with status 2:.*error.*model\.wrong"):
        fit(tmp_path / "run", {"model.wrong": 1})


@pytest.mark.slow
def test_processes_share_the_work_and_exchange_nothing_inside_rounds(monkeypatch, capsys):
    import processes

    words = ["--pictures=6", "--steps=4", "--round-steps=2", "--batch-size=2", "--cores", "0", "0"]
    monkeypatch.setattr(sys, "argv", ["processes.py", *words])
    processes.main()
    said = capsys.readouterr().out
    one, two = ([cell.strip() for cell in line.split("|")[1:-1]] for line in said.splitlines()[4:6])
    assert (one[0], one[3:]) == ("1", ["12", "0", "0", "0", "0"])
    assert (two[0], two[3:5]) == ("2", ["8", "0"])  # 6 pictures on 2 x 2 rows take two turns, on 1 x 2 three
    assert all(int(count) > 0 for count in two[5:])
    assert "latents identical: yes" in said


@pytest.fixture
def pretend(monkeypatch, capsys):
    """Run a script whose runs take no time; give the settings of each run and the table that it printed."""
    from importlib import import_module

    from runs import Run

    def pretend(name, *words):
        script, asked = import_module(name), []

        def fit(out, settings):
            asked.append(settings)
            records = {n: {"psnr": 30.0, "ssim": 0.9, "perceptual": 0.1, "steps": p} for n, p in (("a", 7), ("b", 8))}
            figures = {"seconds": 6.0, "cpu_seconds": 3.0, "peak_mib": 900.0, "device": "CPU"}
            embedding = type("Embedding", (dict,), {"metrics": records})(records)
            return Run(embedding, [figures, figures | {"seconds": 8.0}])

        monkeypatch.setattr(script, "fit", fit)
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *words])
        script.main()
        lines = capsys.readouterr().out.splitlines()[2:]
        return asked, [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]

    return pretend


def test_a_row_a_precision(pretend):
    asked, lines = pretend("precision", "--steps=4", "--precisions", "32-true", "bf16-mixed")
    assert [settings["trainer.precision"] for settings in asked] == ["32-true", "bf16-mixed"]
    assert asked[0]["model.steps"] == 4
    assert lines[2] == ["32-true", "30.00", "0.9000", "0.1000", "4.00", "1.50", "900"]
    assert lines[3][0] == "bf16-mixed"


def test_a_row_a_patience(pretend):
    asked, lines = pretend("early_stop", "--patience", "40", "20")
    assert [settings.get("model.patience") for settings in asked] == [None, 40, 20]
    assert lines[2] == ["none", "8", "900.0", "2400.0", "30.00", "0.1000"]
    assert [line[0] for line in lines[3:]] == ["40", "20"]
