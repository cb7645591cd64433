import numpy as np

from i2s_lightning.drawing.grid import GAP, LINE, MARGIN, Row, Tile, grid
from i2s_lightning.drawing.sheet import PAPER


def colour(*rgb, size=8):
    return np.full((size, size, 3), rgb, np.uint8)


def test_pictures_lie_where_rows_and_columns_say():
    red, green, blue = Tile(colour(255, 0, 0)), Tile(colour(0, 255, 0)), Tile(colour(0, 0, 255))
    page = np.asarray(grid([Row("", [red, green]), Row("", [None, blue])], scale=2))
    side = 16
    assert (page[MARGIN : MARGIN + side, MARGIN : MARGIN + side] == (255, 0, 0)).all()
    second = slice(MARGIN + side + GAP, MARGIN + 2 * side + GAP)
    assert (page[MARGIN : MARGIN + side, second] == (0, 255, 0)).all()
    assert (page[second, second] == (0, 0, 255)).all()
    assert (page[second, MARGIN : MARGIN + side] == PAPER).all()
    assert page.shape == (2 * (side + GAP) + 2 * MARGIN, 2 * side + GAP + 2 * MARGIN, 3)


def test_words_take_room_and_show():
    tile = Tile(colour(9, 9, 9, size=64))
    plain = np.asarray(grid([Row("", [tile])]))
    named = np.asarray(grid([Row("anna", [Tile(tile.pixels, "21 dB")])], columns=["W+"]))
    assert named.shape[0] == plain.shape[0] + LINE + LINE + GAP
    assert named.shape[1] > plain.shape[1]
    left = named.shape[1] - 64 - MARGIN
    assert (named[: MARGIN + LINE, left:] != PAPER).any()
    assert (named[:, : left - 5] != PAPER).any()
    assert (named[-MARGIN - LINE : -MARGIN, left:] != PAPER).any()


def test_grey_pictures_and_long_words():
    page = grid([Row("a label that is far too long to be shown as a whole", [Tile(np.zeros((8, 8, 1), np.uint8))])])
    assert page.mode == "RGB"
    assert page.width < 200
