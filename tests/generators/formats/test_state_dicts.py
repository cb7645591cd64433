"""Layouts that only differ by their container or names from a golden file: written here, by torch itself."""

import io
import zipfile

import pytest
import torch

from i2s_lightning.errors import ConfigError, UnsupportedWeightsError
from i2s_lightning.generators.build import build
from i2s_lightning.generators.formats import read_generator_state
from i2s_lightning.generators.formats.container import read_file
from i2s_lightning.generators.formats.weights import Weights

ROS = "rosinality_sg2/ros_sg2_32.legacy_container.pt"


@pytest.fixture(scope="module")
def rosinality(golden):
    """The plain tensors of rosinality's golden file."""
    root = read_file(golden / ROS)
    weights = Weights(root["g_ema"], "g_ema")
    average = Weights({"latent_avg": root["latent_avg"]}, "file").take("latent_avg")
    return {name: weights.take(name) for name in list(weights)}, average


@pytest.fixture(scope="module")
def expected(golden):
    return read_generator_state(golden / ROS)


def _read(tmp_path, contents, **options):
    torch.save(contents, tmp_path / "x.pt", **options)
    return read_generator_state(tmp_path / "x.pt")


def _same(found, expected, *, without=()):
    assert found.config == expected.config
    assert found.tensors.keys() == expected.tensors.keys()
    for name, value in expected.tensors.items():
        if not name.endswith(without or ("?",)):
            assert torch.equal(found.tensors[name], value), name


def _one_storage(tensors):
    """Every tensor a view of one storage, transposed ones among them."""
    shared = torch.cat([tensor.flatten() if tensor.ndim != 2 else tensor.T.flatten() for tensor in tensors.values()])
    found, start = {}, 0
    for name, tensor in tensors.items():
        flat = shared[start : start + tensor.numel()]
        found[name] = flat.view(tensor.T.shape).T if tensor.ndim == 2 else flat.view(tensor.shape)
        start += tensor.numel()
    return found


VARIANTS = {
    "zip container": lambda tensors, average: {"g_ema": tensors, "latent_avg": average},
    "in a module": lambda tensors, average: {
        "g_ema": {f"module.{name}": value for name, value in tensors.items()},
        "latent_avg": average,
    },
    "parameters": lambda tensors, average: {
        "g_ema": {name: torch.nn.Parameter(value) for name, value in tensors.items()},
        "latent_avg": average,
    },
    "channels last": lambda tensors, average: {
        "g_ema": {
            name: value.to(memory_format=torch.channels_last) if value.ndim == 4 else value
            for name, value in tensors.items()
        },
        "latent_avg": average,
    },
    "one storage": lambda tensors, average: {"g_ema": _one_storage(tensors), "latent_avg": average},
    "pSp": lambda tensors, average: {
        "state_dict": {
            "encoder.input_layer.0.weight": torch.zeros(3),
            **{f"decoder.{name}": value for name, value in tensors.items()},
        },
        "latent_avg": average.repeat(8, 1),
        "opts": {"output_size": 32},
    },
    "float64": lambda tensors, average: {
        "g_ema": {name: value.double() for name, value in tensors.items()},
        "latent_avg": average,
    },
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_of_a_file_read_the_same(variant, rosinality, expected, tmp_path):
    _same(_read(tmp_path, VARIANTS[variant](*rosinality)), expected)


def test_storages_of_a_gpu_are_read_on_the_cpu(rosinality, expected, tmp_path):
    tensors, average = rosinality
    buffer, moved = io.BytesIO(), io.BytesIO()
    torch.save({"g_ema": tensors, "latent_avg": average}, buffer)
    with zipfile.ZipFile(buffer) as before, zipfile.ZipFile(moved, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            if name.endswith("data.pkl"):
                data = data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
            after.writestr(name, data)
    (tmp_path / "x.pt").write_bytes(moved.getvalue())
    assert b"cuda:0" in moved.getvalue()
    _same(read_generator_state(tmp_path / "x.pt"), expected)


def test_half_precision_is_read_as_float32(rosinality, expected, tmp_path):
    tensors, average = rosinality
    state = _read(tmp_path, {"g_ema": {n: v.half() for n, v in tensors.items()}, "latent_avg": average.half()})
    name = "synthesis.b32.conv0.weight"
    assert state.tensors[name].dtype == torch.float32
    assert torch.allclose(state.tensors[name], expected.tensors[name], rtol=1e-3, atol=1e-6)


def test_a_snapshot_without_average_asks_for_it_to_be_computed(rosinality, tmp_path):
    tensors, _ = rosinality
    state = _read(tmp_path, {"g_ema": tensors, "args": {"lr": 0.002}})
    assert state.source["w_avg"] == "computed"
    assert state.tensors["mapping.w_avg"].shape == (64,)


def test_missing_noise_maps_are_made_up_and_said_to_be(rosinality, expected, tmp_path):
    tensors, average = rosinality
    old = {name: value for name, value in tensors.items() if not name.startswith("noises.")}
    state = _read(tmp_path, {"g_ema": old, "latent_avg": average})
    _same(state, expected, without=(".noise_const",))
    again = _read(tmp_path, {"g_ema": old, "latent_avg": average})
    assert torch.equal(state.tensors["synthesis.b8.conv1.noise_const"], again.tensors["synthesis.b8.conv1.noise_const"])
    assert state.tensors["synthesis.b8.conv1.noise_const"].shape == (8, 8)
    assert "noise" in state.source["notes"][0]


def test_maps_are_not_made_up_beyond_reason(rosinality, tmp_path):
    """Eleven more blocks of tiny tensors would ask for maps of 65536 x 65536."""
    tensors, average = rosinality
    old = {name: value for name, value in tensors.items() if not name.startswith("noises.")}
    for block in range(3, 14):
        for name, value in list(old.items()):
            for copied, new in (("convs.4.", 2 * block), ("convs.5.", 2 * block + 1), ("to_rgbs.2.", block)):
                if name.startswith(copied):
                    old[name.replace(copied, f"{copied.split('.')[0]}.{new}.")] = value
    with pytest.raises(UnsupportedWeightsError, match="blocks for images beyond 2048 pixels"):
        _read(tmp_path, {"g_ema": old, "latent_avg": average})


def test_only_g_is_used_and_said_to_be(rosinality, expected, tmp_path):
    tensors, average = rosinality
    state = _read(tmp_path, {"g": tensors, "latent_avg": average})
    _same(state, expected)
    assert "not the moving average" in state.source["notes"][0]


def test_a_name_of_a_modified_network_is_refused(rosinality, tmp_path):
    tensors, _ = rosinality
    with pytest.raises(UnsupportedWeightsError, match=r"no network of its kind has, first: 'attention.weight'"):
        _read(tmp_path, {"g_ema": {**tensors, "attention.weight": torch.zeros(3)}})


@pytest.mark.parametrize("name", ["nv_stylegan2_ada_pytorch/sg2ada_skip32_m8.torch_save_module.pt"])
def test_stylegan2_state_dict_reads_as_its_pickle(name, golden, tmp_path):
    _same(_read(tmp_path, read_generator_state(golden / name).tensors), read_generator_state(golden / name))


@pytest.mark.parametrize("case", ["sg3t_32", "sg3r_256_narrow"])
def test_stylegan3_state_dict_reads_as_its_pickle(case, golden, tmp_path):
    original = build(read_generator_state(golden / f"nv_stylegan3/{case}.pkl"))
    found = build(_read(tmp_path, original.state().tensors))
    assert found.sha256 == original.sha256


def test_stylegan3_state_dict_of_other_settings_is_refused(golden, tmp_path):
    tensors = read_generator_state(golden / "nv_stylegan3/sg3t_32.pkl").tensors
    renamed = {name.replace("L0_36_", "L0_40_"): value for name, value in tensors.items()}
    with pytest.raises(UnsupportedWeightsError, match="other than the default sampling settings"):
        _read(tmp_path, renamed)


def test_resolution_is_only_for_the_layout_that_lacks_it(golden):
    model = golden / "rosinality_sg1/ros_sg1_32.bare.model"
    assert len(read_generator_state(model, 32).config["channels"]) == 4
    assert len(read_generator_state(model).config["channels"]) == 9
    with pytest.raises(UnsupportedWeightsError, match="outputs of 4 to 1024 px; the resolution 33"):
        read_generator_state(model, 33)
    with pytest.raises(ConfigError, match="says its own"):
        read_generator_state(golden / ROS, 32)


def test_untrained_outputs_are_left_out(golden, tmp_path):
    weights = Weights(read_file(golden / "rosinality_sg1/ros_sg1_32.bare.model"), "file")
    tensors = {name: weights.take(name) for name in list(weights)}
    for block in range(5, 9):
        tensors[f"generator.to_rgb.{block}.conv.bias"].zero_()
    state = _read(tmp_path, {"g_running": tensors})
    assert len(state.config["channels"]) == 5
    assert "resolution 64" in state.source["inferred"][0]


def test_revised_tensorflow_generator_is_the_orig_architecture(golden):
    from i2s_lightning.generators.formats import tensorflow

    gs = read_file(golden / "nv_tf/tf_sg2ada_32.pkl")[2]
    variables = gs.state["components"]["synthesis"].state["variables"]
    kept = [(name, value) for name, value in variables if "ToRGB" not in name]
    levels = [
        (f"ToRGB_lod{5 - k}/{name.rsplit('/', 1)[1]}", value)
        for k in (2, 3, 4, 5)
        for name, value in variables
        if name.startswith(f"{2**k}x{2**k}/ToRGB")
    ]
    original = tensorflow.read_tensorflow(gs)
    gs.state["components"]["synthesis"].state["variables"] = kept + levels
    state = tensorflow.read_tensorflow(gs)
    assert state.config == {**original.config, "architecture": "orig"}
    name = "synthesis.b32.torgb.weight"
    assert torch.equal(state.tensors[name], original.tensors[name])
    assert "synthesis.b16.torgb.weight" not in state.tensors
    build(state)
