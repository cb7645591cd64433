import io

from rich.console import Console

from i2s_lightning.callbacks.summary import _table


def printed(count, skipped=0):
    status = {0: "early", 1: "failed"}
    metrics = {
        f"p{i}": {"name": f"p{i}", "status": status.get(i, "done"), "steps": 9, "loss": 1.0 + i, "psnr": 40.0 - i}
        for i in range(count)
    }
    console = Console(width=110, record=True, file=io.StringIO())
    console.print(_table(metrics, skipped))
    return console.export_text()


def test_counts_means_and_the_worst():
    text = printed(5, skipped=2)
    assert "3 done, 1 early, 1 failed, 2 skipped" in text
    rows = {words[0]: words[1:3] for line in text.splitlines() if len(words := line.split()) > 2}
    assert rows["mean"] == ["3.0000", "38.00"]
    assert rows["worst"] == ["5.0000", "36.00"]


def test_of_many_the_worst_are_listed():
    text = printed(70)
    assert "The 64 worst pictures" in text
    assert "p69" in text
    assert " p5 " not in text
