import subprocess
import sys

import pytest
from PIL import Image

from i2s_lightning import load_embedding


def test_pictures_differ_and_stay(tmp_path):
    from flat_memory import make_pictures

    make_pictures(tmp_path, 1003)
    files = sorted(tmp_path.rglob("*.png"))
    assert len(files) == 1003
    with Image.open(files[0]) as picture:
        assert (picture.size, picture.mode) == ((16, 16), "RGB")
    assert len({path.read_bytes() for path in files}) == 1003
    before = {path: path.stat().st_mtime_ns for path in files}
    make_pictures(tmp_path, 1003)
    assert {path: path.stat().st_mtime_ns for path in files} == before


def test_the_slope_is_that_of_the_steady_part():
    from flat_memory import Sample, slope, working

    start = [Sample(1, 0, 0, 10.0), Sample(1, 1, 5, 200.0)]
    steady = [Sample(1, 2 + i, 10 + i, 300 + i / 1024) for i in range(90)]
    end = [Sample(1, 200, 100, 900.0)]
    kept = working([*start, *steady, *end])
    assert kept == steady
    assert slope(kept) == pytest.approx(1024)


def test_samples_are_kept_as_they_come_and_told_apart_by_process(tmp_path):
    from flat_memory import Sample, describe, note, read

    def interrupted():
        yield from steady(1, 0)
        raise KeyboardInterrupt

    def steady(process, before):
        return (Sample(process, float(i), before + 10 * i, 500.0) for i in range(1, 50))

    with pytest.raises(KeyboardInterrupt):
        note(tmp_path / "memory.csv", interrupted())
    note(tmp_path / "memory.csv", steady(2, 490))
    processes = read(tmp_path / "memory.csv")
    assert processes == [list(steady(1, 0)), list(steady(2, 490))]
    assert "500 MiB at picture" in describe(processes[1])
    assert "36000 images/hour" in describe(processes[1])


def test_memory_of_a_process_is_seen(tmp_path):
    from flat_memory import resident_mib

    with subprocess.Popen([sys.executable, "-c", "x = bytearray(100 * 2**20); input()"], stdin=-1) as run:
        while resident_mib(run.pid) < 100:
            assert run.poll() is None
        run.communicate(b"\n")
    assert resident_mib(run.pid) == 0


@pytest.mark.slow
def test_it_embeds_and_reports(tmp_path, monkeypatch, capsys):
    import flat_memory

    words = ["--pictures=50", "--batch-size=5", "--every=0.05", f"--out={tmp_path}"]
    monkeypatch.setattr(sys, "argv", ["flat_memory.py", *words])
    flat_memory.main()
    said = capsys.readouterr().out
    assert "exit status: 0\npictures: 50\n" in said
    assert "bytes a picture" in said
    assert len(load_embedding(tmp_path / "run")) == 50
    assert (tmp_path / "memory.csv").read_text().startswith("process,seconds,pictures,mib\n")
    with Image.open(tmp_path / "memory.png") as picture:
        assert picture.size[0] > 100
