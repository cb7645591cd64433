import numpy as np
import pytest

from i2s_lightning.drawing.sheet import GAP, Cell, difference, sheet


def flat(value, channels=3, size=(6, 4)):
    return np.full((*size, channels), value, np.uint8)


def test_difference_is_four_times_and_clipped():
    a, b = flat(100), flat(100)
    b[0, 0] = (103, 90, 200)
    found = difference(a, b)
    assert found[0, 0].tolist() == [12, 40, 255]
    assert found[1:].max() == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_enlarged_pixel_by_pixel(channels):
    page = np.asarray(sheet([Cell([flat(10, channels), flat(200, channels)])], columns=2, scale=3))
    assert (page[GAP : GAP + 18, GAP : GAP + 12] == 10).all()
    assert (page[GAP : GAP + 18, GAP + 14 : GAP + 26] == 200).all()


def test_rows_and_columns():
    cells = [Cell([flat(i * 20)], [f"cell {i}"]) for i in range(5)]
    page = np.asarray(sheet(cells, columns=2, title="title"))
    seen = {i for i in range(5) if (page == i * 20).all(axis=2).sum() >= 24}
    assert seen == set(range(5))
    one = sheet(cells[:1], columns=2)
    assert page.shape[0] > 3 * one.height - 3 * GAP
    assert page.shape[1] == 2 * one.width - GAP


def test_long_names_stay_in_their_cell():
    short = sheet([Cell([flat(0)], ["a"])], columns=1)
    long = sheet([Cell([flat(0)], ["a/very/long/path/to/a/picture"])], columns=1)
    assert long.size == short.size
