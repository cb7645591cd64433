import numpy as np
import pytest
import torch

from i2s_lightning import load_embedding
from i2s_lightning.__main__ import main


@pytest.mark.parametrize("ending", ["safetensors", "npz", "pt"])
def test_export_writes_all_latents(run, tmp_path, capsys, ending):
    out = tmp_path / f"all.{ending}"
    assert main(["export", run, str(out)]) == 0
    assert f"wrote 3 pictures to {out}" in capsys.readouterr().out
    readers = {
        "safetensors": lambda: load_embedding(out).ws,
        "npz": lambda: torch.from_numpy(np.load(out)["ws"]),
        "pt": lambda: torch.load(out, weights_only=True)["ws"],
    }
    assert torch.equal(readers[ending](), load_embedding(run).ws)


def test_an_exported_embedding_serves_other_verbs(run, tmp_path):
    main(["export", run, str(tmp_path / "all.safetensors")])
    (tmp_path / "run").rename(tmp_path / "gone")
    again = load_embedding(tmp_path / "all.safetensors")
    assert torch.equal(again.render(["bob"]), load_embedding(tmp_path / "gone").render(["bob"]))
    assert main(["convert", str(tmp_path / "all.safetensors"), str(tmp_path / "latents.npy")]) == 0
    assert np.array_equal(np.load(tmp_path / "latents.npy"), again.ws.numpy())


def test_a_wrong_ending_is_an_error_of_one_line(run, tmp_path, capsys):
    assert main(["export", run, str(tmp_path / "all.txt")]) == 1
    assert capsys.readouterr().err.startswith("error: expected a file that ends in .safetensors")
