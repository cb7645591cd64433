from bench.flops import FILTERS, KINDS, REST, WIDTHS
from bench.parts import PARTS
from bench.table import table


def variant(cpu, scale):
    """Every part, times scale: 1 ms and 1 GFLOP (0.5 at least) for each width, 2 ms of filters, 3 ms of the rest."""
    part = {kind: {"ms": scale, "gflop": scale, "least": scale / 2} for kind in WIDTHS}
    part |= {FILTERS: {"ms": 2 * scale, "gflop": 0, "least": 0}, REST: {"ms": 3 * scale, "gflop": 0, "least": 0}}
    return {"cpu": [cpu], "agrees": True, "peak_gflops": 100 * scale, "parts": dict.fromkeys(PARTS, part)}


def rendered(**more):
    result = {"kind": "profile", "variants": {"usual": variant(0.4, 2.0), "ours": variant(0.1, 1.0) | more}}
    text = table({"profile-64": result}, "profile")
    return [[[c.strip() for c in line.strip("|").split("|")] for line in t.splitlines()] for t in text.split("\n\n")]


def test_parts_and_kinds_sum():
    parts = rendered()[0]
    assert parts[0] == ["px", "CPU ms: usual, ours", "all", *KINDS]
    assert [row[:2] for row in parts[2:]] == [["64", PARTS[0]], *(["", part] for part in (*PARTS[1:], "all"))]
    assert parts[2][2:] == ["16, 8", *["2, 1"] * 3, "4, 2", "6, 3"]
    assert parts[-1][2:] == ["80, 40", *["10, 5"] * 3, "20, 10", "30, 15"]


def test_speed_of_convolutions():
    convolutions = rendered()[1]
    assert [row[1] for row in convolutions[2:]] == [*WIDTHS, "all"]
    assert convolutions[2] == ["64", "256 channels and more", "10, 5", "10, 5", "1000, 1000"]
    assert convolutions[-1][2:] == ["30, 15", "30, 15", "1000, 1000"]


def test_floor_is_our_convolutions_at_the_higher_peak():
    (bounds,) = rendered()[2][2:]
    # 15 GFLOP at 200 a second take 75 ms, of the usual step's 400; in tiles half of that.
    assert bounds == ["64", "400, 100", "4.00x", "200", "15", "75", "5.33x", "7.5", "37.5", "10.67x"]


def test_no_ratio_where_values_differ():
    assert rendered(agrees=False)[2][2][2] == "values differ"


def test_says_when_nothing_was_measured():
    assert table({}, "profile") == "Not measured yet."
