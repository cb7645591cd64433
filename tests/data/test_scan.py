import hashlib
import logging
import threading

import numpy as np
import pytest
from PIL import Image

from i2s_lightning.data import BadPicture, CheckedPicture, Picture, check_pictures, list_pictures, scan, scan_pictures
from i2s_lightning.errors import ImageError


@pytest.fixture
def folder(tmp_path):
    """Two pictures that can be read, and an empty, a cut and a false one."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    for name in ("a.png", "e.jpg"):
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / "b.png").touch()
    (tmp_path / "c.png").write_bytes((tmp_path / "a.png").read_bytes()[:1000])
    (tmp_path / "d.png").write_text("<html>Not found</html>")
    return tmp_path


def test_scan(folder):
    calls = []
    found = scan_pictures(list_pictures(folder), progress=lambda done, total: calls.append((done, total)))
    assert [entry.name for entry in found] == ["a", "b", "c", "d", "e"]
    assert [type(entry) for entry in found] == [CheckedPicture, BadPicture, BadPicture, BadPicture, CheckedPicture]
    assert [entry.path for entry in found] == [picture.path for picture in list_pictures(folder)]
    assert calls == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    for entry in (found[0], found[4]):
        assert entry.sha256 == hashlib.sha256(entry.path.read_bytes()).hexdigest()
    for entry, reason in zip(found[1:4], ["0 bytes", "damaged or cut short", "web page"], strict=True):
        assert reason in entry.reason


def test_one_error_lists_every_unreadable_file(folder):
    with pytest.raises(ImageError) as caught:
        check_pictures(list_pictures(folder))
    head, *files, remedy = str(caught.value).splitlines()
    assert head == "3 of 5 pictures can't be read:"
    for line, name, reason in zip(files, "bcd", ["0 bytes", "damaged or cut short", "web page"], strict=True):
        assert line.startswith(f"  {folder / name}.png: expected ")
        assert reason in line
    assert remedy == "Repair or remove them, or embed the others with on_bad_image: skip."


def test_skip(folder, caplog):
    with caplog.at_level(logging.WARNING):
        good, bad = check_pictures(list_pictures(folder), "skip")
    assert [entry.name for entry in good] == ["a", "e"]
    assert [entry.name for entry in bad] == ["b", "c", "d"]
    assert "skipped 3 of 5 pictures that can't be read:" in caplog.text


def test_skip_needs_one_picture_left(folder):
    with pytest.raises(ImageError, match=r"1 of 1 pictures can't be read:\n.*\nName other pictures\."):
        check_pictures(list_pictures(folder / "b.png"), "skip")


def test_nothing_bad(folder, caplog):
    good, bad = check_pictures(list_pictures([folder / "a.png", folder / "e.jpg"]))
    assert ([entry.name for entry in good], bad) == (["a", "e"], [])
    assert not caplog.records


def test_missing_line_of_a_list_file(folder):
    (folder / "list.txt").write_text("a.png\ngone.png\n")
    with pytest.raises(
        ImageError, match=r"1 of 2 pictures .*\n.*gone.png: expected a file that can be opened; No such"
    ):
        check_pictures(list_pictures(folder / "list.txt"))


def test_long_lists_of_errors_are_cut(tmp_path):
    pictures = [Picture(f"{i:02}", tmp_path / f"{i:02}.png") for i in range(25)]
    with pytest.raises(ImageError) as caught:
        check_pictures(pictures)
    lines = str(caught.value).splitlines()
    assert lines[0] == "25 of 25 pictures can't be read:"
    assert "19.png" in lines[20]
    assert lines[21] == "  ... and 5 more"


def test_only_a_bounded_number_of_pictures_is_in_flight(tmp_path, monkeypatch):
    """More pictures than two batches: order holds, and never more than four are decoded at once."""
    Image.new("L", (1, 1)).save(tmp_path / "a.png")
    pictures = [Picture(f"{i}", tmp_path / "a.png") for i in range(600)]
    lock, running, peak, decode = threading.Lock(), 0, 0, scan.decode_picture

    def counted(*args, **kwargs):
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        try:
            return decode(*args, **kwargs)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(scan, "decode_picture", counted)
    assert [entry.name for entry in scan_pictures(pictures)] == [f"{i}" for i in range(600)]
    assert 1 <= peak <= 4


def test_nothing_to_scan():
    assert scan_pictures([]) == []
