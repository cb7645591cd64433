"""Hostile, broken and mislabelled files: refused with the reason, quickly, in little memory, with nothing executed."""

import json
import os
import re
import subprocess
import sys

import pytest
import torch

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.build import build
from i2s_lightning.generators.formats import known, read_generator_state

ASKS, DAMAGED, DOES = (
    "the file asks for {}, which is none",
    "the file is damaged: .*{}",
    "the file {}.*, which no generator",
)
CUT, IS, MISSING = "cut short or damaged .*unfinished download", "the file is {}", "lacks .*{}.*Get it again"

#: A file of the archive, and the sentence that its refusal must contain.
REASONS = {
    "exec_os_system_proto0.pkl": "no format of StyleGAN weights",
    "exec_builtins_eval.pkl": ASKS.format("builtins.eval"),
    "exec_builtins_exec.pkl": ASKS.format("builtins.exec"),
    "exec_py2_builtin_eval.pkl": ASKS.format("__builtin__.eval"),
    "exec_getattr_chain.pkl": ASKS.format("builtins.getattr"),
    "exec_dotted_name.pkl": ASKS.format("torch.serialization.os.system"),
    "exec_dotted_name_2.pkl": ASKS.format("torch.serialization.os.system"),
    "exec_torch_jit_execwrapper.pkl": ASKS.format("torch.jit.unsupported_tensor_ops.execWrapper"),
    "exec_torch_load_nested.pkl": ASKS.format("torch.load"),
    "exec_pickle_loads_nested.pkl": ASKS.format("_pickle.loads"),
    "exec_subprocess_popen.pkl": ASKS.format("subprocess.Popen"),
    "newobj_ex_popen.pkl": ASKS.format("subprocess.Popen"),
    "exec_inst_opcode.pkl": "no format of StyleGAN weights",
    "exec_obj_opcode.pkl": ASKS.format("os.system"),
    "exec_stack_global_from_memo.pkl": ASKS.format("posix.system"),
    "exec_after_stop.pkl": "no generator was recognised in the file; it holds nothing",
    "exec_reduce_in_dict_key.pkl": ASKS.format("posix.system"),
    "exec_build_setstate.pkl": ASKS.format("posix.system"),
    "build_pollutes_class.pkl": DOES.format("changes dnnlib.util.EasyDict"),
    "build_pollutes_function.pkl": DOES.format("changes torch._utils._rebuild_tensor_v2"),
    "ext_opcode.pkl": DOES.format("has the pickle operation 0x82 at offset 2"),
    "numpy_object_array.pkl": DOES.format("has an array of Python objects"),
    "exec_numpy_object_array_payload.pkl": ASKS.format("posix.system"),
    "exec_nested_in_storage_bytes.pkl": DOES.format("has a tensor whose bytes are no torch storage"),
    "exec_nested_in_tensor_state.pkl": ASKS.format("posix.system"),
    "exec_torch_zip.pt": ASKS.format("posix.system"),
    "torch_pid_module_source.pt": DOES.format("carries program source"),
    "huge_tensor_claim_size.pt": DOES.format("has a tensor that claims 1,099,511,627,776 elements of a storage of 4"),
    "tensor_negative_stride.pt": DOES.format("has a tensor with a negative or senseless"),
    "tensor_negative_size.pt": DOES.format("has a tensor with a negative or senseless"),
    "huge_legacy_storage_claim.pt": DAMAGED.format("a storage lacks its size"),
    "binbytes8_claim.pkl": CUT,
    "frame_claim.pkl": CUT,
    "billion_laughs.pkl": DAMAGED.format("loose values"),
    "deep_nesting.pkl": "no generator was recognised in the file; it holds a list",
    "self_reference.pkl": "no generator under G_ema or G .*'G_ema': a dict",
    "empty.pkl": IS.format("empty"),
    "truncated_first_10.pkl": CUT,
    "truncated_last_byte.pkl": CUT,
    "truncated_legacy.pt": CUT,
    "bad_crc.pt": DAMAGED.format("fails its checksum"),
    "random_bytes.pkl": "starts with the bytes 63 8b d4 38 .*Download it again",
    "safetensors_header.pt": "safetensors but not one that i2s_lightning wrote",
    "npy_file.pkl": IS.format("a NumPy array. A generator is needed here"),
    "wrong_legacy_magic.pt": "no generator was recognised in the file; it holds 4660",
    "legacy_big_endian.pt": "written on a big-endian machine; load and save it",
    "plain_zip.pt": "a zip archive but no torch file .*word/document.xml",
    "zip_missing_storage.pt": DAMAGED.format("its storage '7' is missing"),
    "zip_traversal_key.pt": DAMAGED.format("etc/passwd' is missing"),
    "zip_big_endian.pt": "written on a big-endian machine",
    "html_page.pkl": IS.format(r"an HTML page \(a web page saved in place of the weights\). Download it again"),
    "html_page_bom.pt": IS.format("an HTML page"),
    "xml_error.pkl": IS.format("an XML document, probably a server's error message"),
    "only_discriminator.pkl": "no generator under G_ema or G .*'D': Discriminator.* Use a network snapshot with G_ema",
    "g_ema_none.pkl": "no generator under G_ema or G .*'G_ema': nothing",
    "empty_dict.pkl": "no generator was recognised in the file; it holds nothing",
    "wrong_conv_shape.pkl": r"synthesis.b16.conv1.weight should have shape \(8, 8, 3, 3\); the file has \(8, 6, 3, 3\)",
    "wrong_affine_shape.pkl": "synthesis.b8.conv0.affine.weight should have shape",
    "missing_bias.pkl": "missing synthesis.b8.conv0.bias",
    "missing_block.pkl": MISSING.format("synthesis.b8"),
    "wrong_resolution.pkl": DAMAGED.format("img_resolution is 32, its layers make it 16"),
    "num_ws_mismatch.pkl": DAMAGED.format("num_ws is 99, its layers make it 6"),
    "w_avg_wrong_size.pkl": r"mapping.w_avg should have shape \(16,\); the file has \(15,\)",
    "noise_const_wrong_size.pkl": "synthesis.b8.conv1.noise_const should have shape",
    "unknown_activation.pkl": r"differ in activation \('lrelu', 'gelu'\)",
    "nan_weight.pkl": "synthesis.b8.conv1.weight holds NaN",
    "int8_weight.pkl": "'synthesis.b8.conv1.weight' holds int8 numbers.*get the original one",
    "complex_weight.pkl": "'synthesis.b8.conv1.weight' holds complex64 numbers",
    "persistence_version_99.pkl": "expected .*version 6; got type 'class', version 99",
    "persistence_type_function.pkl": "expected .*type 'class', version 6; got type 'function'",
    "unknown_class_name.pkl": "contains a 'EvilGenerator'.*never run. Use a network of NVIDIA's own",
    "ros_missing_torgb.pt": MISSING.format("to_rgbs.1.conv.weight"),
    "ros_string_for_tensor.pt": "expected a tensor at 'style.1.weight', got 'not a tensor'",
    "ros_int_key.pt": "has 3 where the name of a tensor should be",
    "lern_missing_block.pt": MISSING.format("synthesis.b8"),
    "tf_version_99.pkl": "has version 99; 2 to 5 are known",
    "tf_missing_variable.pkl": MISSING.format("synthesis/8x8/Conv1/weight"),
    "tf_wrong_shape.pkl": "synthesis.b8.conv1.weight should have shape",
    "tf_object_array.pkl": DOES.format("has an array of Python objects"),
}
LOADED = (
    "g_ema_only.pkl",
    "double_weights.pkl",
    "ros_small_ok.pt",
    "g_without_ema.pkl",
    "tf_pair_only.pkl",
    "tf_gs_only.pkl",
)


# Runs alone: limits the process, and records every event that Python's audit hooks see while a file is being loaded.
GUARDED = """
import encodings.cp437, json, pathlib, resource, sys, time  # cp437: zipfile's codec of plain names
from i2s_lightning.generators.build import build
from i2s_lightning.generators.formats import read_generator_state

folder = pathlib.Path(sys.argv[1])
for good in sys.argv[2:]:
    build(read_generator_state(folder / good))  # whatever is imported lazily is imported before the guards close
statm = pathlib.Path("/proc/self/statm")
if statm.exists():  # only Linux says how much there is already
    limit = int(statm.read_text().split()[0]) * resource.getpagesize() + 500 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
events = None
forbidden = ("import", "exec", "compile", "os.", "subprocess.", "pickle.", "socket.", "shutil.", "ctypes.", "marshal.")
sys.addaudithook(lambda event, _: events is not None and event.startswith(forbidden) and events.append(event))
report = {}
for path in sorted(folder.iterdir()):
    if path.name == "manifest.json":
        continue
    events, start = [], time.monotonic()
    try:
        build(read_generator_state(path))
        outcome, message = "loaded", ""
    except BaseException as error:
        outcome, message = type(error).__name__, str(error)
    seen, events = events, None
    report[path.name] = (outcome, message, time.monotonic() - start, sorted(set(seen)))
print(json.dumps(report))
"""


@pytest.fixture(scope="module")
def report(malicious, tmp_path_factory):
    """What one guarded process made of every file."""
    canary = tmp_path_factory.mktemp("canary") / "sang"
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, str(malicious), "g_ema_only.pkl", "ros_small_ok.pt", "tf_gs_only.pkl"],
        env={**os.environ, "I2S_CANARY": str(canary), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout.splitlines()[-1]), canary


def test_every_file_of_the_archive_has_its_expectation(manifest):
    assert manifest.keys() == REASONS.keys() | set(LOADED)
    assert not [name for name in LOADED if manifest[name]["expect"] == "refuse"]
    assert not [name for name in REASONS if manifest[name]["expect"] == "load"]


@pytest.mark.parametrize("name", REASONS)
def test_refused_with_the_reason(name, report):
    outcome, message, _, _ = report[0][name]
    assert outcome == "UnsupportedWeightsError"
    assert re.search(REASONS[name], message, re.DOTALL), message


@pytest.mark.parametrize("name", LOADED)
def test_loaded(name, malicious):
    state = read_generator_state(malicious / name)
    assert build(state).sha256
    assert ("not the moving average" in str(state.source["notes"])) == (
        name in ("g_without_ema.pkl", "tf_pair_only.pkl")
    )


def test_value_of_double_weights(malicious):
    single, double = (read_generator_state(malicious / name) for name in ("g_ema_only.pkl", "double_weights.pkl"))
    assert all(torch.equal(single.tensors[name], double.tensors[name]) for name in single.tensors)


def test_nothing_is_left_behind_in_our_own_classes(malicious):
    for name in ("build_pollutes_class.pkl", "build_pollutes_function.pkl"):
        with pytest.raises(UnsupportedWeightsError):
            read_generator_state(malicious / name)
    for entry in known.TABLE.values():
        assert not hasattr(entry, "polluted")
        assert not hasattr(entry.new or entry.call, "polluted")


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a git-LFS pointer.*git lfs pull"),
        (b'{"error": "quota exceeded"}', "a JSON text, probably a server's error"),
        (b"\x1f\x8b\x08\x00 gzip", "compressed with gzip; unpack it first"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"PK\x03\x04 and no directory", "unfinished download"),
        (b"\x80\x02}q\x00X\xff\xff\xff\x7f", "unfinished download"),
    ],
)
def test_impostors_are_named(contents, reason, tmp_path):
    (tmp_path / "stylegan2-ffhq.pkl").write_bytes(contents)
    with pytest.raises(UnsupportedWeightsError, match=f"(?s)stylegan2-ffhq.pkl: .*{reason}"):
        read_generator_state(tmp_path / "stylegan2-ffhq.pkl")


def test_nothing_is_executed_or_imported(report):
    outcomes, canary = report
    assert not canary.exists()
    assert {name: seen for name, (_, _, _, seen) in outcomes.items() if seen} == {}


def test_refused_within_two_seconds_and_500_megabytes(report, manifest):
    outcomes, _ = report
    assert outcomes.keys() == manifest.keys()
    assert {name for name, (outcome, _, _, _) in outcomes.items() if outcome == "loaded"} == set(LOADED)
    assert {outcome for outcome, _, _, _ in outcomes.values()} == {"loaded", "UnsupportedWeightsError"}
    assert {name: seconds for name, (_, _, seconds, _) in outcomes.items() if seconds > 2} == {}


def test_the_payloads_would_have_run(malicious, tmp_path):
    """The sentinel works: Python's own unpickler does run one of them."""
    canary = tmp_path / "sang"
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))",
            malicious / "exec_builtins_exec.pkl",
        ],
        env={**os.environ, "I2S_CANARY": str(canary)},
        check=False,
        capture_output=True,
    )
    assert canary.exists()
