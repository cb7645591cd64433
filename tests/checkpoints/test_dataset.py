import pickle

import torch
from torch.utils.data import DataLoader

from i2s_lightning import Targets
from i2s_lightning.checkpoints.embedding import load_embedding
from i2s_lightning.checkpoints.index import write_index


def test_renders_and_latents(embed, tmp_path):
    e = embed.fit(tmp_path / "run", steps=2)
    dataset = e.dataset()
    assert len(dataset) == 5
    for i, name in enumerate(e.names):
        image, ws = dataset[i]
        assert torch.equal(image, e.render([name])[0])
        assert torch.equal(ws, e[name])


def test_targets_by_workers_in_batches(embed, tmp_path):
    e = embed.fit(tmp_path / "run", steps=1)
    write_index(tmp_path / "run" / "latents")
    dataset = load_embedding(tmp_path / "run").dataset(Targets(e))
    images, ws = next(iter(DataLoader(dataset, batch_size=5, num_workers=1)))
    assert torch.equal(ws, e.ws)
    assert torch.equal(images, torch.stack([Targets(e)(name) for name in e.names]))


def test_workers_that_do_not_fork_can_have_it(embed, tmp_path):
    """An index's records are views into a mapped file."""
    e = embed.fit(tmp_path / "run", steps=1)
    write_index(tmp_path / "run" / "latents")
    e = load_embedding(tmp_path / "run")
    sent = pickle.loads(pickle.dumps(e.dataset(Targets(e))))
    assert torch.equal(sent[3][1], e["d"])
    assert sent.embedding.metrics == e.metrics
