import io
import re

import pytest
from rich.console import Console

from i2s_lightning.__main__ import main
from i2s_lightning.callbacks import progress
from i2s_lightning.callbacks.progress import EmbedProgress, _clock


def test_clock():
    assert [_clock(s) for s in (5.0, 65.0, 3661.0, float("inf"))] == ["0:05", "1:05", "1:01:01", "?"]


def test_a_log_file_gets_a_forecast_and_lines(embed, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    embed.fit(tmp_path / "run", callbacks=[EmbedProgress()], trainer={"enable_progress_bar": True}, round_steps=2)
    lines = capsys.readouterr().err.splitlines()
    assert any("5 pictures to embed (0 are done), 2 at a time on 1 process" in line for line in lines)
    assert not any("\x1b" in line or "\r" in line for line in lines)  # nothing that a file or a notebook can't show
    pattern = r"^ *\d+%  round \d/9  \d/5 pictures  step \d/6  loss [\d.e+-]+  PSNR [\d.-]+  \d+ images/h  \S+ left$"
    shown = [line for line in lines if re.match(pattern, line)]
    assert len(shown) == 19  # three times six steps, and the end of the first round
    shares = [int(line.split("%")[0]) for line in shown]
    assert shares == sorted(shares)
    assert "round 9/9  4/5 pictures" in shown[-1]


def test_a_long_run_says_after_its_first_round_how_long_it_will_take(embed, tmp_path, capsys):
    embed.fit(tmp_path / "run", callbacks=[EmbedProgress()], trainer={"enable_progress_bar": True}, round_steps=2)
    shown = [line for line in capsys.readouterr().err.splitlines() if "images/h" in line]
    assert len(shown) == 1  # nothing else is due within half a minute
    assert re.search(r"^ *13%  round 1/9  0/5 pictures  step 2/6 .* \d:\d\d left$", shown[0])


@pytest.mark.parametrize("width", [60, 100])
def test_a_terminal_gets_a_bar_that_fits(embed, tmp_path, monkeypatch, width):
    file = io.StringIO()
    monkeypatch.setattr(
        progress, "Console", lambda **_: Console(file=file, force_terminal=True, force_jupyter=False, width=width)
    )
    bar = EmbedProgress()
    embed.fit(tmp_path / "run", callbacks=[bar], trainer={"enable_progress_bar": True}, steps=2, round_steps=2)
    seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())
    assert max(map(len, re.split(r"[\r\n]", seen))) <= width
    assert re.search(r"images/h\s+\S+ left", " ".join(seen.split()))
    assert bar._bar is None


def test_quiet_says_nothing_before_the_end(words, offline, tmp_path, capsys):
    main(words(tmp_path / "run", "--model.steps=1", "--model.round_steps=1"))
    said = capsys.readouterr()
    assert "images/h" not in said.err
    assert "5 done, 0 early, 0 failed" in said.out
