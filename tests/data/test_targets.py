import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from i2s_lightning.data.targets import Targets
from i2s_lightning.errors import ImageError


@pytest.fixture
def embedded(tmp_path):
    """What an embedding tells of two pictures, one beside another ending of the same name."""
    random = np.random.default_rng(0)
    metrics = {}
    for name in ("sub/a", "b.png"):
        path = tmp_path / "then" / f"{name.removesuffix('.png')}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (8, 10, 3), dtype=np.uint8)).save(path)
        metrics[name] = {"file": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    data = {"fit": "crop", "resample": "lanczos", "background": [255, 255, 255]}
    run = {"generator": {"img_channels": 3, "img_shape": [8, 8]}, "settings": {"data": data}}
    return SimpleNamespace(metrics=metrics, run=run)


def test_a_target_is_the_prepared_picture(embedded):
    pixels = np.asarray(Image.open(embedded.metrics["sub/a"]["file"]))[:, 1:9]
    wanted = torch.tensor(pixels).permute(2, 0, 1) / 127.5 - 1
    torch.testing.assert_close(Targets(embedded)("sub/a"), wanted)


def test_preparation_is_that_of_the_run(embedded):
    cropped = Targets(embedded)("b.png")
    embedded.run["settings"]["data"] |= {"fit": "pad", "background": [255, 0, 0]}
    padded = Targets(embedded)("b.png")
    assert not torch.equal(cropped, padded)
    assert padded[:, 0, 0].tolist() == [1, -1, -1]


def test_pictures_that_have_moved_are_found_by_name(embedded, tmp_path):
    wanted = {name: Targets(embedded)(name) for name in embedded.metrics}
    now = (tmp_path / "then").rename(tmp_path / "now")
    with pytest.raises(ImageError, match=r"a\.png: .* If it has moved, say where"):
        Targets(embedded)("sub/a")
    found = Targets(embedded, now)
    assert all(torch.equal(found(name), target) for name, target in wanted.items())


def test_another_picture_is_refused(embedded):
    path = Path(embedded.metrics["b.png"]["file"])
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(
        ImageError, match=r"not the picture that was embedded as 'b\.png'.*Targets\(embedding, folder\)"
    ):
        Targets(embedded)("b.png")
