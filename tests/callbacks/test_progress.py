import re

from i2s_lightning.callbacks import progress
from i2s_lightning.callbacks.progress import EmbedProgress, _clock


def test_clock():
    assert [_clock(s) for s in (5.0, 65.0, 3661.0, float("inf"))] == ["0:05", "1:05", "1:01:01", "?"]


def test_a_log_file_gets_a_forecast_and_lines(embed, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    embed.fit(tmp_path / "run", callbacks=[EmbedProgress()], trainer={"enable_progress_bar": True}, round_steps=2)
    lines = capsys.readouterr().err.splitlines()
    assert any("5 pictures to embed (0 are done), 2 at a time on 1 process" in line for line in lines)
    pattern = r"^ *\d+%  \d/5 pictures  step \d/6  loss [\d.e+-]+  PSNR [\d.-]+  \d+ images/h  \S+ left$"
    shown = [line for line in lines if re.match(pattern, line)]
    assert len(shown) == 18  # three times six steps
    shares = [int(line.split("%")[0]) for line in shown]
    assert shares == sorted(shares)
    assert "4/5 pictures" in shown[-1]
