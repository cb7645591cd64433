import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from i2s_lightning.errors import ConfigError
from i2s_lightning.experiments import transforms
from i2s_lightning.experiments.gallery import Gallery
from i2s_lightning.experiments.holes import holes
from i2s_lightning.experiments.outcome import SkippedError
from i2s_lightning.experiments.studies.affine import transforms as kinds


@pytest.fixture
def face():
    return np.random.default_rng(0).integers(1, 256, (64, 64, 3), dtype=np.uint8)


def test_the_paper_s_shifts_scale_with_the_picture(face):
    found = kinds(64)
    assert list(found) == ["right", "left", "out", "in", "turned_90", "turned_180"]
    right, left = round(140 * 64 / 1024), round(160 * 64 / 1024)
    assert (found["right"](face)[:, right:] == face[:, :-right]).all()
    assert not found["right"](face)[:, :right].any()
    assert (found["left"](face)[:, :-left] == face[:, left:]).all()
    assert not found["left"](face)[:, -left:].any()
    assert (found["turned_180"](face) == face[::-1, ::-1]).all()
    assert (found["turned_90"](face) == np.rot90(face)).all()


def test_zooms_keep_the_middle():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[16:48, 16:48] = 200
    inside, outside = transforms.zoomed(picture, 2.0), transforms.zoomed(picture, 0.5)
    assert inside.shape == outside.shape == picture.shape
    assert np.abs(inside[8:-8, 8:-8].astype(int) - 200).max() <= 2  # the filter rings at the edge
    assert (outside[26:38, 26:38] > 150).all()
    assert not outside[:16].any()
    assert transforms.zoomed(picture[..., :1], 0.5).shape == (64, 64, 1)


def test_psnr_over_a_region_is_scikit_image_s(face):
    other = np.random.default_rng(1).integers(0, 256, face.shape, dtype=np.uint8)
    where = np.zeros((64, 64), bool)
    where[10:30, 5:50] = True
    expected = peak_signal_noise_ratio(face[10:30, 5:50], other[10:30, 5:50], data_range=255)
    assert transforms.psnr_where(face, other, where) == pytest.approx(expected)


def test_holes_are_black_and_nothing_else_changes(face):
    hole = np.zeros((64, 64), bool)
    hole[20:30, 10:20] = True
    made = transforms.covered(face, hole)
    assert not made[hole].any()
    assert (made[~hole] == face[~hole]).all()


def test_shipped_faces_have_boxes(tmp_path):
    found = holes(Gallery(tmp_path, {}), "faces/anna", (64, 64))
    assert list(found) == ["eyes", "nose", "mouth"]
    assert not (found["eyes"] & found["mouth"]).any()
    assert 0.01 < found["mouth"].mean() < 0.1
    assert list(holes(Gallery(tmp_path, {}), "photographs/astronaut", (64, 64))) == ["eyes", "nose", "mouth"]
    assert holes(Gallery(tmp_path, {}), "cats/chelsea", (64, 64)) == {}
    assert holes(Gallery(tmp_path, {"faces": "x"}), "faces/anna", (64, 64)) == {}  # another Anna, maybe


def test_masks_of_the_user_s_own(lab, pictures, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    half = np.zeros((16, 16), np.uint8)
    half[:, 8:] = 255
    Image.fromarray(half).save(masks / "a_right.png")
    images = {"faces": str(pictures), "masks": str(masks)}
    outcome = lab("defects", images=images).run()
    assert {(row["picture"], row["hole"]) for row in outcome.numbers} == {("a", "right"), ("a", "all")}
    assert all(row["share_of_picture"] == 0.5 for row in outcome.numbers)


def test_boxes_of_the_user_s_own(tmp_path):
    file = tmp_path / "boxes.json"
    file.write_text('{"a": {"ear": [[0.5, 0.25, 1, 0.5], [0, 0, 0.25, 0.25]]}}')
    gallery = Gallery(tmp_path, {"faces": "x", "masks": str(file)})
    found = holes(gallery, "faces/a", (8, 4))
    expected = np.zeros((8, 4), bool)
    expected[2:4, 2:] = expected[:2, :1] = True
    assert list(found) == ["ear"]
    np.testing.assert_array_equal(found["ear"], expected)
    assert holes(gallery, "faces/b", (8, 4)) == {}


@pytest.mark.parametrize(
    "text",
    [
        *(
            '{"a": {"ear": [[0.5, 0, 0.25, 1]]}}',
            '{"a": {"ear": [[0, 0.5, 1, 0.5]]}}',
            '{"a": {"ear": [[0, 0, 1, 4]]}}',
        ),
        *('{"a": {"ear": [0, 0, 1, 1]}}', '["a"]', "ear", '{"a": {"ear": [[0, 1]]}}'),
    ],
)
def test_other_boxes_are_refused(text, tmp_path):
    file = tmp_path / "boxes.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"boxes.json: expected \{\"anna\": .* shares of the picture"):
        holes(Gallery(tmp_path, {"masks": str(file)}), "faces/a", (8, 4))


def test_pictures_made_of_others_have_names_of_their_own(lab, tmp_path):
    """Two of the same name in two folders."""
    folder = tmp_path / "folder"
    for name, value in (("x/a", 40), ("y/a", 200)):
        (folder / name).parent.mkdir(parents=True)
        Image.fromarray(np.full((16, 16, 3), value, np.uint8)).save(folder / f"{name}.png")
    made = lab("affine", images={"faces": str(folder)})
    made.run()
    brightness = {made.gallery.path(f"affine/faces-{who}_turned_90").read_bytes() for who in ("x-a", "y-a")}
    assert len(brightness) == 2


@pytest.mark.parametrize(
    ("name", "classes", "reason"),
    [("defects", ("faces", "photographs"), "masks="), ("expression", ("expressions",), "at rest")],
)
def test_without_what_only_the_user_has_it_is_skipped(lab, pictures, tmp_path, name, classes, reason):
    for path in sorted(pictures.glob("*.png"))[1:]:
        path.unlink()
    with pytest.raises(SkippedError, match=reason):
        lab(name, images=dict.fromkeys(classes, str(pictures))).run()
