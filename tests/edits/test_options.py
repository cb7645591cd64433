import pytest

from i2s_lightning.edits.options import layer_set, values, windows
from i2s_lightning.errors import ConfigError

FFHQ = (4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024, 1024)
FACES64 = (4, 8, 8, 16, 16, 32, 32, 64, 64, 64)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9-17", range(9, 18)),
        ("half", range(9, 18)),
        ("0-3,8", [0, 1, 2, 3, 8]),
        ("8,0-3, 2", [0, 1, 2, 3, 8]),
        (8, [8]),
        ([1, 2], [1, 2]),
        ([], []),
        ("none", []),
        ("all", range(18)),
        ("coarse", [0, 1, 2]),
        ("middle", [3, 4, 5, 6]),
        ("fine", range(7, 18)),
        ("coarse,17", [0, 1, 2, 17]),
    ],
)
def test_layers_of_the_papers_generator(text, expected):
    assert layer_set(text, FFHQ) == tuple(expected)


def test_names_divide_the_layers_of_any_generator():
    stylegan3 = (36, 36, 36, 52, 52, 84, 84, 148, 148, 276, 276, 532, 1044, 1044, 1024, 1024)
    for resolutions in (FFHQ, FACES64, stylegan3, (4, 8, 8, 16, 16, 16)):
        groups = [layer_set(name, resolutions) for name in ("coarse", "middle", "fine")]
        assert all(groups)
        assert sorted(sum(groups, ())) == list(range(len(resolutions)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9-17", "9-17 does not fit; this generator has 10 layers, 0 to 9"),
        ("10", "10 does not fit"),
        ("5-3", "5-3 does not fit"),
        ("corse", "unknown name 'corse'; there are coarse, middle, fine, all, none, half"),
        ("-1", "'-1' is no number, range or name"),
        ("1;2", "'1;2' is no number"),
    ],
)
def test_layers_that_do_not_exist(text, message):
    with pytest.raises(ConfigError, match=message):
        layer_set(text, FACES64)


def test_too_small_a_generator_has_no_middle():
    with pytest.raises(ConfigError, match="too small to have fine layers"):
        layer_set("fine", (4, 4))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0:1.5:4", [0, 0.5, 1, 1.5]), ("-3:3:3", [-3, 0, 3]), (2, [2]), ([" -1", "0:1:2"], [-1, 0, 1]), ("5:9:1", [5])],
)
def test_values(text, expected):
    assert values(text) == expected


@pytest.mark.parametrize("text", ["a", "0:1", "0:1:0", "0:1:2.5", "1:2:3:4", ""])
def test_values_that_are_none(text):
    with pytest.raises(ConfigError, match="expected a number or start:stop:count"):
        values(text)


def test_windows_default_to_the_whole_way():
    assert windows(["coarse=0.1:0.5"], FACES64)[:2] == [(0.1, 0.5), (0.0, 1.0)]
