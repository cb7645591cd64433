import make_directions
import torch
from measures.attributes import ATTRIBUTES, OTHERS, accuracy, train_reader

from i2s_lightning import load_generator
from i2s_lightning.generators.samples import sample_w


def test_directions_move_their_own_attribute_and_no_other(generator_file, monkeypatch):
    """Where pictures are a linear function of styles and the reader of pictures, nothing else may move."""
    generator = load_generator(generator_file)
    shown = torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(make_directions, "render_w", lambda generator, w: (w @ shown)[:, :, None, None])
    found = make_directions.find(generator, torch.nn.Flatten(), 2000)
    assert list(found) == list(ATTRIBUTES)
    effects = make_directions.measure(generator, torch.nn.Flatten(), found, 16)
    deviations = (sample_w(generator, 500) @ shown).std(dim=0)
    relative = effects / deviations
    assert (relative.diagonal() > 0.3).all()
    assert float((relative - torch.diag(relative.diagonal())).abs().max()) < 0.1


def test_a_reader_learns_what_pictures_show():
    rng = torch.Generator().manual_seed(0)
    shown = torch.rand(600, 4, generator=rng)
    quarters = shown.unflatten(1, (2, 2)).repeat_interleave(16, 1).repeat_interleave(16, 2)
    pictures = (255 * quarters[..., None].expand(-1, -1, -1, 3)).byte()
    symmetric = shown.mean(1, keepdim=True).repeat(1, len(ATTRIBUTES + OTHERS))
    symmetric[:, 1] = shown[:, [1, 3]].sum(1) - shown[:, [0, 2]].sum(1)  # yaw turns its sign in the mirror
    reader = train_reader(pictures[:500], symmetric[:500], epochs=8, seed=0)
    assert (accuracy(reader, pictures[500:], symmetric[500:]) > 0.8).all()
