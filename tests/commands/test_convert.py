from pathlib import Path

import numpy as np
import pytest
import torch

from i2s_lightning import load_embedding
from i2s_lightning.checkpoints.store import Result, write_shard
from i2s_lightning.commands.convert import main
from i2s_lightning.errors import CheckpointError, ConfigError, UnsupportedWeightsError
from i2s_lightning.generators import load_generator
from i2s_lightning.generators.formats import read_generator_state
from i2s_lightning.generators.load import read_state


@pytest.fixture(scope="session")
def golden():
    return Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def ours(tmp_path_factory, generator_file):
    """An embedding of two pictures with noise maps of their own."""
    generator = load_generator(generator_file)
    rng = torch.Generator().manual_seed(1)
    results = []
    for name in ("ada", "grace"):
        tensors = {"ws": torch.randn(generator.num_ws, generator.w_dim, generator=rng)}
        for i, (height, width) in enumerate(generator.noise_shapes):
            tensors[f"noise_{i:02d}"] = torch.randn(1, height, width, generator=rng)
        results.append(Result({"name": name, "status": "done"}, tensors))
    run = {
        "generator": {"file": str(generator_file), "sha256": generator.sha256},
        "settings": {"space": "w_plus", "noise": "fixed"},
    }
    path = tmp_path_factory.mktemp("ours") / "ours.safetensors"
    write_shard(path, results, run)
    return path


GENERATORS = [
    "nv_stylegan2_ada_pytorch/sg2ada_res4_w128.pkl",
    "nv_stylegan3/sg3r_256_narrow.pkl",
    "nv_tf/tf_sg1_32.pkl",
    "nv_tf/tf_sg2_32_cond.pkl",
    "rosinality_sg2/ros_sg2_32.legacy_container.pt",
    "genforce/genforce_sg2_32.pth",
    "lernapparat/lern_sg1_32.for_g_all.pt",
]


@pytest.mark.parametrize("name", GENERATORS)
def test_any_generator_becomes_ours_and_stays_itself(name, golden, tmp_path, capsys):
    main([str(golden / name), str(tmp_path / "g.safetensors")])
    assert f"to {tmp_path / 'g.safetensors'}" in capsys.readouterr().out
    ours, original = read_state(tmp_path / "g.safetensors"), read_state(golden / name)
    assert load_generator(tmp_path / "g.safetensors").sha256 == load_generator(golden / name).sha256
    assert ours.source["format"] == original.source["format"]


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("rosinality_sg2/ros_sg2_32.legacy_container.pt", "rosinality"),
        ("rosinality_sg2/ros_sg2_32.legacy_container.pt", "nvidia"),
        ("nv_tf/tf_sg2ada_32.pkl", "rosinality"),
        ("genforce/genforce_sg2_32.pth", "nvidia"),
        ("nv_stylegan3/sg3t_32.pkl", "nvidia"),
    ],
)
def test_there_and_back_is_exact(name, layout, golden, tmp_path):
    main([str(golden / name), str(tmp_path / "g.pt"), "--layout", layout])
    assert load_generator(tmp_path / "g.pt").sha256 == load_generator(golden / name).sha256
    torch.load(tmp_path / "g.pt", weights_only=True)  # plain tensors: other tools need no unpickler of ours


def test_rosinality_file_is_what_its_own_code_wrote(golden, tmp_path):
    """Names and shapes against the file that rosinality's code saved."""
    name = golden / "rosinality_sg2/ros_sg2_32.legacy_container.pt"
    main([str(name), str(tmp_path / "g.pt"), "--layout", "rosinality"])
    wanted, found = torch.load(name, weights_only=True), torch.load(tmp_path / "g.pt", weights_only=True)
    assert wanted["g_ema"].keys() == found["g_ema"].keys()
    for key, value in wanted["g_ema"].items():
        assert torch.equal(value, found["g_ema"][key]), key
    assert torch.equal(wanted["latent_avg"], found["latent_avg"])


def test_what_a_layout_can_not_say_is_said(golden, tmp_path, capsys):
    main([str(golden / "nv_stylegan2_ada_pytorch/sg2ada_cond32.pkl"), str(tmp_path / "g.pt"), "--layout", "nvidia"])
    assert "does not say conv_clamp=256" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [tmp_path / "g.pt"]


@pytest.mark.parametrize(
    ("name", "layout", "reason"),
    [
        ("nv_stylegan2_ada_pytorch/sg2ada_resnet32.pkl", "rosinality", "no generator with architecture=resnet"),
        ("nv_stylegan2_ada_pytorch/sg2ada_cond32.pkl", "rosinality", "no generator with c_dim=3"),
        ("nv_stylegan3/sg3t_32.pkl", "rosinality", "no generator with stylegan3"),
        ("nv_tf/tf_sg1_32.pkl", "nvidia", "no PyTorch StyleGAN1"),
        ("nv_tf/tf_sg2_32_cond.pkl", "nvidia", "can't say label_mode=concat"),
    ],
)
def test_what_a_layout_can_not_hold_is_refused(name, layout, reason, golden, tmp_path):
    with pytest.raises(UnsupportedWeightsError, match=f"{reason}.*write .safetensors"):
        main([str(golden / name), str(tmp_path / "g.pt"), "--layout", layout])
    assert list(tmp_path.iterdir()) == []


def test_resolution_is_passed_on(golden, tmp_path):
    model = str(golden / "rosinality_sg1/ros_sg1_32.bare.model")
    main([model, str(tmp_path / "g.safetensors"), "--resolution", "32"])
    assert load_generator(tmp_path / "g.safetensors").img_resolution == 32


@pytest.mark.parametrize("out", ["all.pt", "all.npy"])
def test_embedding_there_and_back_is_exact(out, ours, generator_file, tmp_path):
    main([str(ours), str(tmp_path / out), *(["--layout", "latents"] if out.endswith(".pt") else [])])
    main([str(tmp_path / out), str(tmp_path / "back.safetensors"), "--generator", str(generator_file)])
    found, original = load_embedding(tmp_path / "back.safetensors"), load_embedding(ours)
    assert found.names == ["all_0000", "all_0001"]
    assert torch.equal(found.ws, original.ws)
    assert found.space == "w_plus"


def test_rosinality_embedding_renders_as_before(ours, generator_file, tmp_path):
    main([str(ours), str(tmp_path / "all.pt")])
    file = torch.load(tmp_path / "all.pt", weights_only=True)
    original = load_embedding(ours)
    assert file["ada"]["img"].shape == (3, 16, 16)
    assert [tuple(noise.shape[:2]) for noise in file["ada"]["noise"]] == [(1, 1)] * 5
    main([str(tmp_path / "all.pt"), str(tmp_path / "back.safetensors"), "--generator", str(generator_file)])
    found = load_embedding(tmp_path / "back.safetensors")
    assert found.names == original.names
    assert torch.equal(found.render(), original.render())
    assert torch.equal(found.render(["ada"])[0], file["ada"]["img"])


def test_rosinality_embedding_holds_the_generators_noise_when_pictures_have_none(ours, generator_file, tmp_path):
    np.save(tmp_path / "x.npy", load_embedding(ours).ws.numpy())
    main([str(tmp_path / "x.npy"), str(tmp_path / "plain.safetensors"), "--generator", str(generator_file)])
    main([str(tmp_path / "plain.safetensors"), str(tmp_path / "x.pt")])
    main([str(tmp_path / "x.pt"), str(tmp_path / "back.safetensors"), "--generator", str(generator_file)])
    plain, back = load_embedding(tmp_path / "plain.safetensors"), load_embedding(tmp_path / "back.safetensors")
    assert torch.equal(plain.render(), back.render())


def test_projected_w_is_one_file_a_picture(ours, generator_file, tmp_path):
    main([str(ours), str(tmp_path / "folder")])
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["ada.npz", "grace.npz"]
    with np.load(tmp_path / "folder" / "ada.npz") as file:
        assert file["w"].shape == (1, 6, 16)
    main([str(tmp_path / "folder" / "ada.npz"), str(tmp_path / "b.safetensors"), "--generator", str(generator_file)])
    found = load_embedding(tmp_path / "b.safetensors")
    assert torch.equal(found["ada"], load_embedding(ours)["ada"])
    main([str(tmp_path / "b.safetensors"), str(tmp_path / "alone.npz")])
    assert (tmp_path / "alone.npz").is_file()


def test_a_single_w_is_recognised_as_such(generator_file, tmp_path):
    w = torch.randn(1, 16)
    np.savez(tmp_path / "a.npz", w=w.expand(6, -1)[None].numpy())
    np.savez(tmp_path / "b.npz", w=w[None].numpy())
    for name in ("a", "b"):
        out = tmp_path / f"{name}.safetensors"
        main([str(tmp_path / f"{name}.npz"), str(out), "--generator", str(generator_file)])
        found = load_embedding(out)
        assert found.space == "w"
        assert torch.equal(found.latent(name), w[0])
        assert found[name].shape == (6, 16)


def test_restyles_table_of_steps_gives_the_last(generator_file, tmp_path):
    steps = {
        f"images/{name}.jpg": [np.random.default_rng(i).normal(size=(6, 16)).astype("f4") for i in (1, 2)]
        for name in "ab"
    }
    np.save(tmp_path / "latents.npy", steps)
    main([str(tmp_path / "latents.npy"), str(tmp_path / "x.safetensors"), "--generator", str(generator_file)])
    found = load_embedding(tmp_path / "x.safetensors")
    assert found.names == ["a", "b"]
    assert np.array_equal(found["a"].numpy(), steps["images/a.jpg"][-1])


class _Evil:
    def __reduce__(self):
        return print, ("executed",)


def test_nothing_in_an_array_file_is_executed(tmp_path, generator_file, capsys):
    np.save(tmp_path / "x.npy", {"a": _Evil()})
    with pytest.raises(UnsupportedWeightsError, match=r"asks for builtins.print"):
        main([str(tmp_path / "x.npy"), str(tmp_path / "x.safetensors"), "--generator", str(generator_file)])
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (
            np.zeros((1, 18, 512), "f4"),
            r"expected latents of 6 x 16 \(or one w of 16\); got 18 x 512.*another generator",
        ),
        (np.zeros((1, 4, 16), "f4"), "expected latents of 6 x 16 .*; got 4 x 16"),
        (np.full((1, 6, 16), np.nan, "f4"), "holds NaN"),
        (np.zeros((1, 6, 16), "i4"), "expected an array of floating-point numbers; got '<i4'"),
        (np.zeros((2, 1, 6, 16), "f4"), r"expected latents \(N, L, D\); got torch.float32 of shape"),
    ],
)
def test_latents_that_do_not_fit_are_refused(array, reason, generator_file, tmp_path):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(CheckpointError, match=reason):
        main([str(tmp_path / "x.npy"), str(tmp_path / "x.safetensors"), "--generator", str(generator_file)])
    assert not (tmp_path / "x.safetensors").exists()


def test_cut_arrays_are_refused(generator_file, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1, 6, 16), "f4"))
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-3])
    with pytest.raises(CheckpointError, match="cut short or damaged"):
        main([str(tmp_path / "x.npy"), str(tmp_path / "x.safetensors"), "--generator", str(generator_file)])


@pytest.mark.parametrize(
    ("name", "place", "value", "reason"),
    [
        ("x.npy", 6, b"\x09", "no sound header"),  # found by fuzzing: numpy's own parser raises a TokenError
        ("x.npy", 20, b"(((", "no sound header"),
        ("x.npy", 60, b"(1 6", "no sound header"),
        ("x.npz", 60, b"\xff" * 40, "is damaged"),  # zlib's error
    ],
)
def test_damaged_arrays_are_refused(name, place, value, reason, generator_file, tmp_path):
    array = np.zeros((1, 6, 16), "f4")
    np.save(tmp_path / name, array) if name.endswith("y") else np.savez_compressed(tmp_path / name, w=array)
    data = bytearray((tmp_path / name).read_bytes())
    data[place : place + len(value)] = value
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=reason):
        main([str(tmp_path / name), str(tmp_path / "x.safetensors"), "--generator", str(generator_file)])


def test_fortran_order_and_other_precisions_are_read(generator_file, tmp_path):
    array = np.random.default_rng(0).normal(size=(2, 6, 16)).astype(">f8")
    np.save(tmp_path / "x.npy", np.asfortranarray(array))
    main([str(tmp_path / "x.npy"), str(tmp_path / "x.safetensors"), "--generator", str(generator_file)])
    assert np.array_equal(load_embedding(tmp_path / "x.safetensors").ws.numpy(), array.astype("f4"))


def test_noise_of_another_size_is_refused(ours, generator_file, tmp_path):
    main([str(ours), str(tmp_path / "all.pt")])
    file = torch.load(tmp_path / "all.pt", weights_only=True)
    file["ada"]["noise"][2] = torch.zeros(1, 1, 5, 5)
    torch.save(file, tmp_path / "all.pt")
    with pytest.raises(CheckpointError, match="ada: noise map 2 has another size"):
        main([str(tmp_path / "all.pt"), str(tmp_path / "x.safetensors"), "--generator", str(generator_file)])
    del file["ada"]["noise"][2]
    torch.save(file, tmp_path / "all.pt")
    with pytest.raises(CheckpointError, match="expected 5 noise maps a picture, or none"):
        main([str(tmp_path / "all.pt"), str(tmp_path / "x.safetensors"), "--generator", str(generator_file)])


def test_options_that_do_not_fit_are_refused(ours, golden, generator_file, tmp_path):
    generator = str(golden / "rosinality_sg2/ros_sg2_32.legacy_container.pt")
    np.save(tmp_path / "x.npy", np.zeros((1, 6, 16), "f4"))
    for words, reason in (
        ([generator, str(tmp_path / "g.pt")], "another ending with --layout rosinality or nvidia"),
        ([generator, str(tmp_path / "g.pt"), "--layout", "latents"], "--layout latents, which is for embeddings"),
        ([str(ours), str(tmp_path / "x.pt"), "--layout", "nvidia"], "--layout nvidia, which is for generators"),
        ([str(ours), str(tmp_path / "x.mat")], "expected .npz, .npy or .pt"),
        ([str(tmp_path / "x.npy"), str(tmp_path / "x.safetensors")], "say with --generator"),
        ([str(tmp_path / "x.npy"), str(tmp_path / "x"), "--generator", str(generator_file)], "ends in .safetensors"),
    ):
        with pytest.raises(ConfigError, match=reason):
            main(words)


def test_the_file_is_left_alone_when_there_is_nothing_to_convert(tmp_path):
    (tmp_path / "x.pkl").write_bytes(b"<html>")
    with pytest.raises(UnsupportedWeightsError, match="HTML page"):
        main([str(tmp_path / "x.pkl"), str(tmp_path / "x.safetensors")])


def test_source_notes_survive(golden, tmp_path):
    state = read_generator_state(golden / "lernapparat/lern_sg1_32.for_g_all.pt")
    main([str(golden / "lernapparat/lern_sg1_32.for_g_all.pt"), str(tmp_path / "g.safetensors")])
    found = load_generator(tmp_path / "g.safetensors").source
    assert found["notes"] == state.source["notes"]
    assert found["w_avg"].startswith("computed from 10,000 samples")
