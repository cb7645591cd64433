import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from i2s_lightning.data import list_pictures
from i2s_lightning.data.listing import _unique_names
from i2s_lightning.errors import ImageError


@pytest.fixture
def tree(tmp_path):
    """Listing never opens a file, so empty ones do."""

    def make(*paths):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        return tmp_path

    return make


def names(path):
    return [picture.name for picture in list_pictures(path)]


def test_folder(tree):
    root = tree("b.png", "a.jpg", "sub/a.png", "sub/deep/c.WebP", "Z.tiff", "notes.txt", "x.svg", "noending")
    assert names(root) == ["Z", "a", "b", "sub/a", "sub/deep/c"]
    assert names(str(root)) == names(root)
    for picture in list_pictures(root):
        assert picture.path.relative_to(root).with_suffix("").as_posix() == picture.name


def test_hidden_is_left_out(tree):
    root = tree("a.png", ".b.png", "._a.png", ".thumbs/c.png", "sub/.d/e.png")
    assert names(root) == ["a"]
    assert names(root / "**") == ["a"]


def test_hidden_data_folder_is_fine(tree):
    assert names(tree(".cache/a.png") / ".cache") == ["a"]


def test_linked_folders_are_followed_once(tree):
    root = tree("data/a.png", "elsewhere/b.png")
    (root / "data/link").symlink_to(root / "elsewhere")
    (root / "data/loop").symlink_to(root / "data")
    (root / "elsewhere/back").symlink_to(root / "data")
    assert names(root / "data") == ["a", "link/b"]


def test_unreadable_folder_is_not_passed_over(tree, monkeypatch):
    root = tree("a.png", "locked/b.png")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ImageError, match=r'expected a readable folder; ".*locked": Permission denied. Change its'):
        list_pictures(root)


def test_glob(tree):
    root = tree("x/a.png", "x/b.jpg", "y/c.png", "y/z/d.png", "x/notes.txt", "x/dir.png/e.png")
    assert names(root / "x/*.png") == ["a"]
    assert names(root / "*/*.*") == ["x/a", "x/b", "y/c"]
    assert names(f"{root}/**/*.png") == ["x/a", "x/dir.png/e", "y/c", "y/z/d"]
    assert names(root / "x/[ab].*") == ["a", "b"]


def test_existing_path_wins_over_glob(tree):
    root = tree("a[1].png", "a1.png", "set [x]/b.png")
    assert [p.path.name for p in list_pictures(root / "a[1].png")] == ["a[1].png"]
    assert names(root / "set [x]") == ["b"]


def test_relative_paths(tree, monkeypatch):
    root = tree("data/a.png", "data/sub/b.png", "other/c.png")
    monkeypatch.chdir(root / "data")
    assert names(".") == [*names("*"), "sub/b"] == ["a", "sub/b"]
    assert names("../other") == ["c"]
    assert names("a.png") == ["a"]
    monkeypatch.setenv("HOME", str(root))
    assert names("~/other") == ["c"]


def test_list_file(tree):
    root = tree("lists/l.txt", "lists/b.png", "lists/sub/a.png", "lists/odd.dat", "lists/#c.png")
    list_file = root / "lists/l.txt"
    text = "\ufeff# note\r\n\r\nsub/a.png\r\n  b.png  \r\n./sub/../b.png\n  # another\nodd.dat\n./#c.png\nmissing.png"
    list_file.write_text(text, encoding="utf-8")
    pictures = list_pictures(list_file)
    assert [p.name for p in pictures] == ["sub/a", "b", "odd.dat", "#c", "missing"]
    assert [p.path.name for p in pictures] == ["a.png", "b.png", "odd.dat", "#c.png", "missing.png"]
    assert all(p.path.exists() for p in pictures[:-1])


def test_list_file_that_leads_elsewhere(tree):
    root = tree("lists/l.txt", "p/a.png", "q/a.png")
    (root / "lists/l.txt").write_text(f"../p/a.png\n{root}/q/a.png\n")
    assert names(root / "lists/l.txt") == ["p/a", "q/a"]


def test_several_sources(tree):
    root = tree("p/a.png", "q/a.png", "q/b.png", "c.png")
    assert names([root / "p", str(root / "q")]) == ["p/a", "q/a", "q/b"]
    assert names([root / "c.png", root / "q/*.png"]) == ["c", "q/a", "q/b"]
    assert names([root / "q"]) == ["a", "b"]


def test_two_lists_share_names(tree):
    root = tree("one/l.txt", "one/a.png", "two/l.txt", "two/a.png")
    for folder in ("one", "two"):
        (root / folder / "l.txt").write_text("a.png")
    assert names([root / "one/l.txt", root / "two/l.txt"]) == ["one/a", "two/a"]


def test_same_file_counts_once(tree):
    root = tree("a.png", "b.png")
    assert names([root / "b.png", root, root / "*.png"]) == ["b", "a"]


def test_colliding_names_keep_their_endings(tree):
    assert names(tree("a.png", "a.jpg", "b.png", "sub/a.png")) == ["a.jpg", "a.png", "b", "sub/a"]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.png", "a.jpg", "a.png.gif"], ["a.png", "a.jpg", "a.png.gif"]),  # not twice a.png
        (["A.png", "a.jpg"], ["A.png", "a.jpg"]),  # one file name where case does not count
        (["A.png", "a.png"], ["A.png", "a.png"]),  # nothing more to tell them apart by
        (["\u00e9.png", "e\u0301.jpg"], ["\u00e9.png", "e\u0301.jpg"]),  # composed and decomposed
        (["v1.5", "v1.png"], ["v1.5", "v1"]),  # .5 is no ending
        (["sub.x/a.png"], ["sub.x/a"]),
        ([".png"], [".png"]),
        (["caf\udce9.png"], ["caf\\xe9"]),  # a Latin-1 file name, as Python sees it
    ],
)
def test_unique_names(paths, expected):
    assert _unique_names(paths) == expected


@given(st.lists(st.from_regex(r"[aAb]{1,2}(\.png|\.jpg|\.gif){0,3}", fullmatch=True), unique=True, min_size=1))
def test_names_are_unique_and_as_short_as_can_be(paths):
    found = _unique_names(paths)
    assert len({*found}) == len(found)
    for path, name in zip(paths, found, strict=True):
        stem = path.rpartition(".")[0] or path
        assert name in (stem, path)
    stems = [(path.rpartition(".")[0] or path).casefold() for path in paths]
    if len({*stems}) == len(stems):
        assert found == [path.rpartition(".")[0] or path for path in paths]


def test_exceptions(tree):
    root = tree("pics/astronaut.png", "empty/readme.md", "empty/x.svg", "none.txt")
    (root / "bare").mkdir()
    (root / "none.txt").write_text("# nothing\n\n")
    (root / "latin.txt").write_bytes(b"caf\xe9.png")
    for path, message in [
        ([], r"expected at least one folder, glob, list file or picture; got an empty list. Name one"),
        ("", r'got "". For the current folder say "\."'),
        (root / "pics/astronuat.png", r'astronuat.png" does not exist. Did you mean ".*pics/astronaut.png"\?'),
        (root / "pisc/sub/a.png", r'a.png" does not exist. Did you mean ".*/pics"\?'),
        (root / "zzzzzzzz", r'zzzzzzzz" does not exist. Look into'),
        ([root / "pics", root / "gone"], r'gone" does not exist'),
        (root / "empty", r'expected pictures .* in the folder ".*empty"; found 2 files of other kinds. Name another'),
        (root / "bare", r'in the folder ".*bare"; found no file'),
        (root / "pics/*.jpg", r'in the glob ".*\*\.jpg"; found no file'),
        (root / "empty/*", r'in the glob ".*empty/\*"; found 2 files of other kinds'),
        (root / "none.txt", r"expected a path a line in the list file .*; it lists nothing. Add pictures"),
        (root / "latin.txt", r"expected UTF-8 text in the list file .*Save it as UTF-8"),
    ]:
        with pytest.raises(ImageError, match=message):
            list_pictures(path)


def test_suggestion_for_a_path_in_the_current_folder(tree, monkeypatch):
    monkeypatch.chdir(tree("pictures/a.png"))
    with pytest.raises(ImageError, match='Did you mean "pictures"'):
        list_pictures("picture")
