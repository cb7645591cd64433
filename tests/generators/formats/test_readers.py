"""The restricted reader on its own: what Python's pickle writes, and bombs that no golden file contains."""

import io
import pickle
import pickletools
import struct
import time
import zipfile
from collections import OrderedDict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from i2s_lightning.errors import UnsupportedWeightsError
from i2s_lightning.generators.formats import opcodes, read_generator_state
from i2s_lightning.generators.formats.container import read_file
from i2s_lightning.generators.formats.known import FILLERS, TABLE
from i2s_lightning.generators.formats.opcodes import Budget
from i2s_lightning.generators.formats.pickle_reader import read_pickle
from i2s_lightning.generators.formats.stand_ins import Storage, stored_tensor
from i2s_lightning.generators.formats.torch_legacy import nested_table
from i2s_lightning.generators.formats.weights import Weights

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(0, 9), inner, max_size=4)
    ),
    max_leaves=20,
)


def _read(data, *, budget=None):
    return read_pickle(memoryview(data), 0, table=TABLE, fillers=FILLERS, budget=budget or Budget())[0]


@given(value=PLAIN, protocol=st.integers(2, 5))
def test_plain_data_reads_as_python_reads_it(value, protocol):
    found = _read(pickle.dumps(value, protocol))
    assert found == value
    assert repr(found) == repr(value)  # also True against 1, -0.0 against 0.0


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_shared_and_ordered_containers(protocol):
    shared = [1, 2]
    found = _read(pickle.dumps({"a": shared, "b": shared, "c": OrderedDict(x={"k"})}, protocol))
    assert found["a"] is found["b"]
    assert type(found["c"]) is OrderedDict
    assert found["c"] == {"x": {"k"}}


def test_operations_that_call_are_unknown():
    forbidden = {"INST", "OBJ", "EXT1", "EXT2", "EXT4", "NEWOBJ_EX", "PERSID", "DUP", "STRING", "UNICODE"}
    codes = {ord(op.code) for op in pickletools.opcodes if op.name in forbidden}
    assert len(codes) == len(forbidden)
    for code in codes:
        with pytest.raises(UnsupportedWeightsError, match=f"has the pickle operation {code:#04x} at offset 2"):
            _read(b"\x80\x02" + bytes([code]) + b".")


class _Evil:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_unknown_names_are_refused_by_their_name(protocol, capsys):
    with pytest.raises(
        UnsupportedWeightsError, match=r"asks for (__builtin__|builtins).print, .* Nothing was imported"
    ):
        _read(pickle.dumps([1, _Evil()], protocol))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80\x02ccollections\nOrderedDict\nK\x01R.", "calls collections.OrderedDict"),
        (b"\x80\x02cnumpy\nndarray\n)R.", "calls numpy.ndarray"),
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "calls torch.FloatStorage"),
        (b"\x80\x02ctorch._utils\n_rebuild_parameter\n)R.", "calls torch._utils._rebuild_parameter with arguments"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "creates collections.OrderedDict"),
        (b"\x80\x02cdnnlib.util\nEasyDict\nK\x01\x85\x81.", "creates dnnlib.util.EasyDict"),
        (b"\x80\x02cdnnlib.util\nEasyDict\n)\x81}b.", "changes a dict"),
        (b"\x80\x02K\x01Q.", "refers to data outside itself"),
        (b"\x80\x02h\x05.", "a value that was never made"),
        (b"\x80\x02(K\x01.", "loose values"),
        (b"\x80\x02s.", "empty stack"),
        (b"\x80\x02K\x01K\x02a.", "fills 1, which is no list"),
        (b"\x80\x02(K\x01\x85K\x02d.", "operation 0x64"),
        (b"\x80\x02})K\x02s.", "a tuple is the key of a table"),
        (b"\x80\x02}(K\x01u.", "a key without a value"),
        (b"\x80\x02]K\x01e.", "lacks a mark"),
        (b"\x80\x02X\x02\x00\x00\x00\xff\xfe.", "not UTF-8"),
        (b"\x80\x02c" + b"a" * 300 + b"\nb\n.", "a name in its pickle does not end"),
        (b"\x80\x04K\x01K\x02\x93.", "looks up a name that is no text"),
        (b"\x80\x02c_codecs\nencode\nX\x02\x00\x00\x00\xc4\x80X\x06\x00\x00\x00latin1\x86R.", "that are no bytes"),
        (b"\x80\x02cargparse\nNamespace\n)RK\x01b.", "training options are no table"),
    ],
)
def test_misuse_of_what_is_known_is_refused(data, reason):
    with pytest.raises(UnsupportedWeightsError, match=reason):
        _read(data)


def test_number_of_operations_is_bounded():
    data = b"\x80\x02]" + b"\x8f" * 1000 + b"."
    with pytest.raises(UnsupportedWeightsError, match=f"more than {opcodes.MAX_OPERATIONS:,} operations"):
        _read(data, budget=Budget(500))


def test_deeply_nested_tuples_are_neither_hashed_nor_compared(tmp_path):
    nest = b"(" * 3000 + b"t" * 3000
    with pytest.raises(UnsupportedWeightsError, match="the key of a table"):
        _read(b"\x80\x02}" + nest + b"K\x01s.")
    (tmp_path / "x.pkl").write_bytes(b"\x80\x02" + nest + b".")
    assert type(read_file(tmp_path / "x.pkl")) is tuple


def _legacy(pickle_of_object, *, keys=("0",), storages=b""):
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    head += pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, 2)
    return head + pickle_of_object + pickle.dumps(list(keys), 2) + storages


def test_a_storage_in_a_storage_has_an_end():
    """Each tensor's bytes are a file of their own; a file inside that is refused, however deep it goes on."""
    inner = b"\x80\x02ctorch.storage\n_load_from_bytes\nC\x00\x85R."
    raw = _legacy(inner)
    outer = b"\x80\x03ctorch.storage\n_load_from_bytes\nB" + struct.pack("<I", len(raw)) + raw + b"\x85R."
    budget = Budget()
    with pytest.raises(UnsupportedWeightsError, match=r"asks for torch\.storage\._load_from_bytes"):
        read_pickle(memoryview(outer), 0, table=nested_table(budget), fillers=FILLERS, budget=budget)


def test_legacy_container_reads_as_the_zip_container(tmp_path):
    tensors = {"a": torch.arange(6.0).view(2, 3).T, "b": torch.ones((), dtype=torch.bfloat16), "c": torch.empty(0, 2)}
    for name, zipped in (("new", True), ("old", False)):
        torch.save(tensors, tmp_path / name, _use_new_zipfile_serialization=zipped)
        found = read_file(tmp_path / name)
        for key, value in tensors.items():
            assert torch.equal(found[key].read(), value)
            assert found[key].read().dtype == value.dtype


def test_a_torchscript_program_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        for name in ("x/data.pkl", "x/constants.pkl", "x/code/__torch__.py"):
            archive.writestr(name, b"\x80\x02}.")
    with pytest.raises(UnsupportedWeightsError, match="a TorchScript program"):
        read_file(tmp_path / "x.pt")


def test_a_compressed_record_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"\x80\x02}." + bytes(100_000))
    with pytest.raises(UnsupportedWeightsError, match="compressed or encrypted, which torch never does"):
        read_file(tmp_path / "x.pt")


def test_a_record_named_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x02}.")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x/data.pkl", b"\x80\x02}.")
    with pytest.raises(UnsupportedWeightsError, match="names a record twice"):
        read_file(tmp_path / "x.pt")


def test_a_huge_directory_is_refused_quickly(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x02}.")
    data = buffer.getvalue()
    end = data.index(b"PK\x05\x06")
    start = data.index(b"PK\x01\x02")
    padding = data[start:end] * (2**23 // (end - start))
    fields = list(struct.unpack("<4s4H2LH", data[end : end + 22]))
    fields[5:7] = len(padding), start
    (tmp_path / "x.pt").write_bytes(data[:start] + padding + struct.pack("<4s4H2LH", *fields))
    begin = time.monotonic()
    with pytest.raises(UnsupportedWeightsError, match="directory too large"):
        read_file(tmp_path / "x.pt")
    assert time.monotonic() - begin < 2


def test_many_tensors_on_one_storage_are_a_bomb():
    storage = Storage(torch.float32, 2**20, memoryview(bytes(2**22)))
    entries = {f"fc{i}": stored_tensor(storage, 0, (2**20,), (1,)) for i in range(100)}
    weights = Weights(entries, "the network")
    for i in range(6):
        weights.take(f"fc{i}")
    with pytest.raises(UnsupportedWeightsError, match="claim several times the numbers that are there"):
        weights.take("fc6")


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (5,), (1,)),
        (3, (2,), (1,)),
        (0, (2, 2), (3, 1)),
        (0, (10**9,), (0,)),
        (-1, (1,), (1,)),
        (0, (1,), ()),
        (0, (1,) * 9, (1,) * 9),
    ],
)
def test_tensors_that_reach_beyond_their_storage_are_refused(offset, size, stride):
    storage = Storage(torch.float32, 4, memoryview(bytes(16)))
    with pytest.raises(UnsupportedWeightsError, match="which no generator's weights do"):
        stored_tensor(storage, offset, size, stride)


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        ({"style.1.weight": torch.zeros(2, 2), "conv1.conv.weight": torch.zeros(1)}, "lacks the tensor"),
        ({"mapping.fc0.weight": torch.zeros(2)}, r"lacks 'synthesis.b4.\*'"),
        (
            {"mapping.fc0.weight": torch.zeros(2, 2), "synthesis.input.weight": torch.zeros(2, 2)},
            r"lacks 'synthesis.L\*'",
        ),
        ({"generator_smooth": {"synthesis.layer0.const": torch.zeros(1)}}, "lacks"),
        ({"g_mapping.dense0.weight": torch.zeros(2, 2)}, "lacks the tensor 'g_mapping.dense0.bias'"),
        (
            {"discriminator": {"conv.weight": torch.zeros(2)}},
            "no generator was recognised .*'discriminator'.*Supported",
        ),
    ],
)
def test_parts_of_networks_are_refused(contents, reason, tmp_path):
    torch.save(contents, tmp_path / "x.pt")
    with pytest.raises(UnsupportedWeightsError, match=f"x.pt: .*{reason}"):
        read_generator_state(tmp_path / "x.pt")
