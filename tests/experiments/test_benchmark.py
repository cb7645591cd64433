import numpy as np
import pytest
from PIL import Image
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio

from i2s_lightning.errors import ConfigError
from i2s_lightning.experiments.scoring import Scorer
from i2s_lightning.experiments.studies import benchmark
from i2s_lightning.metrics import PerceptualDistance


@pytest.fixture(scope="module")
def scorer(vgg_file):
    return Scorer(PerceptualDistance(vgg=vgg_file))


def noisy(seed, size=64):
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


def test_scores_at_full_size_are_scikit_image_s(scorer):
    a, b = noisy(0), noisy(1)
    found = scorer(a, b, "full")
    assert found["psnr"] == pytest.approx(peak_signal_noise_ratio(a, b, data_range=255), rel=1e-5)
    assert found["mse"] == pytest.approx(mean_squared_error(a / 127.5 - 1, b / 127.5 - 1), rel=1e-5)
    assert "ms_ssim" not in found  # too small for it
    assert found["psnr"] == pytest.approx(10 * np.log10(4 / found["mse"]), rel=1e-5)


def test_scores_at_256_and_fits_originals(scorer):
    made = noisy(2)
    original = np.repeat(np.repeat(made, 3, 0), 3, 1)
    large = scorer(original, made, 256)
    assert "ms_ssim" in large
    assert scorer(made, made, 256)["mse"] == 0
    wide = np.concatenate([noisy(3)[:, :10], made, noisy(4)[:, :10]], axis=1)  # cropped to its middle
    assert scorer(wide, made, "full")["mse"] == 0


def test_says_what_it_can_not_compute(scorer, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    text = " ".join(scorer.remarks([256, "full"]))
    assert "LPIPS (alex) needs" in text
    assert "alexnet-owt-7be5be79.pth" in text
    assert "identity" in text
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    assert "LPIPS (alex) needs ~/checkpoints/alexnet" in " ".join(scorer.remarks([256]))


def test_published_psnr_is_what_their_mse_says():
    for row in benchmark.published():
        if "psnr" in row:
            assert row["psnr"] == pytest.approx(row["psnr_printed"] + 10 * np.log10(2), abs=0.006)
            assert row["psnr"] > 10 * np.log10(4 / row["mse"]) - 0.05  # a mean of logarithms is at least the mean's
        assert row["source"]


def test_says_where_published_numbers_come_from_and_what_was_corrected():
    first, second = benchmark.corrections()
    assert "GANInverter README, commit e3d5d4d" in first
    assert "PSNR raised by 3.01 dB" in first
    assert "read at second hand" in second


def test_scores_another_tool(lab, pictures, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for path in pictures.glob("*.png"):
        Image.fromarray(255 - np.asarray(Image.open(path))).save(theirs / path.name)
    images = {"originals": str(pictures), "perfect": str(pictures), "negative": str(theirs)}
    images |= {"dogs": str(theirs), "masks": "boxes.json", "expressions": str(theirs)}  # classes, not tools
    outcome = lab("benchmark", images=images, options={"sizes": [24, "full"]}).run()
    means = {(r["method"], r["size"]): r for r in outcome.numbers if r.get("picture") == "mean"}
    assert set(means) == {(m, s) for m in ("perfect", "negative") for s in ("24", "full")}
    assert means["perfect", "full"]["mse"] == 0
    assert means["negative", "full"]["psnr"] < 20
    assert outcome.verdicts[0].holds is None
    (theirs / "a.png").unlink()
    with pytest.raises(ConfigError, match=r"lacks originals/a \(1 of 5\)"):
        lab("benchmark", images=images, options={"sizes": [24, "full"]}).run()
