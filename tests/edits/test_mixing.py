import torch

from i2s_lightning import edits


def test_the_grid_has_the_originals_on_its_borders(plain):
    edit = edits.mix(plain, ["ann", "bob"], ["carol", "dave_*"])
    assert edit.columns == 4
    assert edit.captions()[:5] == [None, "carol", "dave_1", "dave_2", "ann"]
    assert [shot.caption for shot in edit.shots][:2] == ["ann + carol", "ann + dave_1"]
    assert len(edit) == 6
    assert len(edit.shots_for("grid.png")) == 11
    assert len(edit.shots_for("grid.mp4")) == 6


def test_the_default_takes_the_upper_half_as_in_the_paper(plain):
    ws = edits.mix(plain, "ann", "bob").ws[0]
    assert torch.equal(ws[:3], plain["ann"][:3])
    assert torch.equal(ws[3:], plain["bob"][3:])


def test_weight_mixes_softly(plain):
    ws = edits.mix(plain, "ann", "bob", layers=[5], weight=0.25).ws[0]
    assert torch.equal(ws[:5], plain["ann"][:5])
    assert torch.allclose(ws[5], 0.75 * plain["ann"][5] + 0.25 * plain["bob"][5], atol=1e-6)


def test_noise_goes_with_its_layer(keep, plain):
    e = keep(plain.generator, noise="fixed", folder="noise")
    latent = edits.mix(e, "ann", "bob", layers="2-5").shots[0].build()
    for k, map_ in enumerate(latent.noise):
        assert torch.equal(map_, e.noise("bob" if k >= 2 else "ann")[k])
