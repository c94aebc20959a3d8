"""Files that are broken, or were made to harm: each gets a sentence, and nothing of them is run."""

import io
import json
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from perceiver_tutorial import deit
from perceiver_tutorial.checkpoints import load, save
from perceiver_tutorial.checkpoints.files import read_weights
from perceiver_tutorial.perceiver import TINY
from perceiver_tutorial.zoo import build

CONFIG = deit.DeiTConfig(6, 2, depth=1, image_size=(16, 24), patch_size=8, num_classes=5)
PERCEIVER = TINY["deepmind/vision-perceiver-fourier"]


class Trap:
    """Unpickled as it wants to be, it leaves a file behind."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


@pytest.fixture
def mark(tmp_path):
    """What must not exist afterwards."""
    yield tmp_path / "sprung"
    assert not (tmp_path / "sprung").exists()


def test_the_trap_works(tmp_path):
    pickle.loads(pickle.dumps(Trap(tmp_path / "sprung")))
    assert (tmp_path / "sprung").exists()


def code(name):
    """A pickle that asks for a name, and calls it."""
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n(S'true'\ntR.".encode()


NAMES = (
    "os.system", "posix.system", "builtins.eval", "builtins.exec", "builtins.getattr",
    "subprocess.Popen", "numpy.load", "numpy.core.multiarray.fromfile", "torch.load",
    "haiku._src.data_structures.Stack", "collections.abc.Mapping", "codecs.encode",
    "numpy.ndarray.tofile", "importlib.import_module",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_pickle_that_asks_for_anything_else_is_refused_by_that_name(name, tmp_path):
    (tmp_path / "x.pystate").write_bytes(b"\x80\x02" + code(name))
    refused = rf"dictionaries in x\.pystate, got {name}\. .* run anything: nothing of it was run\."
    with pytest.raises(ValueError, match=refused):
        load(tmp_path / "x.pystate", config=PERCEIVER)


@pytest.mark.parametrize("where", ["alone", "in a dictionary", "in an array", "as a key"])
def test_a_trap_in_a_pickle_is_not_sprung(where, tmp_path, mark):
    trap = Trap(mark)
    content = {
        "alone": trap,
        "in a dictionary": {"params": {"linear": {"w": trap}}, "state": {}},
        "in an array": {"linear": {"w": np.array([trap], dtype=object)}},
        "as a key": {trap: {}},
    }[where]
    (tmp_path / "x.pickle").write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=r"got (posix|nt)\.system\. A pickle can run anything"):
        load(tmp_path / "x.pickle", config=PERCEIVER)


@pytest.mark.parametrize("file", ["pytorch_model.bin", "x.pth", "x.pt"])
def test_a_trap_in_a_file_of_torch_is_not_sprung(file, tmp_path, mark):
    torch.save({"weight": Trap(mark)}, tmp_path / file)
    with pytest.raises(ValueError, match=r"expected tensors in .* weights_only refuses: .*system.* "
                       r"Nothing of it was run\. Take the original"):  # fmt: skip
        load(tmp_path / file, config=CONFIG)


def test_a_trap_in_an_npz_is_not_sprung(tmp_path, mark):
    np.savez(tmp_path / "x.npz", **{"p::linear//w": np.array([Trap(mark)], dtype=object)})
    with pytest.raises(ValueError, match=r"arrays of numbers in x\.npz, got Python objects, which "
                       r"can run anything: nothing"):  # fmt: skip
        load(tmp_path / "x.npz", config=PERCEIVER)


@pytest.mark.parametrize("file", ["model.safetensors", "x.npz"])
def test_a_pickle_under_another_name_is_not_opened(file, tmp_path, mark):
    (tmp_path / file).write_bytes(pickle.dumps(Trap(mark)))
    with pytest.raises(ValueError, match=rf"expected {file} to be what its ending says, got a file "
                       r"that starts like pickle\. Nothing of it was read"):  # fmt: skip
        load(tmp_path / file, config=CONFIG)


def test_a_safetensors_under_another_name_is_not_opened(tmp_path):
    save_file({"w": torch.zeros(2)}, tmp_path / "x.safetensors")
    for ending in (".pth", ".npz", ".pystate"):
        file = (tmp_path / "x.safetensors").rename(tmp_path / f"x{ending}")
        with pytest.raises(ValueError, match=r"starts like safetensors\. Nothing of it was read"):
            read_weights(file)
        file.rename(tmp_path / "x.safetensors")


@pytest.mark.parametrize("content, kind", [
    ({"linear": 3}, "str|int|NoneType"), ({"linear": {"w": "text"}}, "str"), ([1, 2], "NoneType"),
    ("text", "NoneType"),
])  # fmt: skip
def test_a_pickle_of_something_else_is_refused(content, kind, tmp_path):
    (tmp_path / "x.pickle").write_bytes(pickle.dumps(content))
    with pytest.raises(
        ValueError, match=rf"expected modules of arrays in x\.pickle, .* got ({kind})"
    ):
        load(tmp_path / "x.pickle", config=PERCEIVER)


@pytest.mark.parametrize("content, message", [
    ([torch.zeros(2)], r"expected a dictionary of weights in x\.pth, got list"),
    ({"model": {"w": 3}}, r"weights in x\.pth, under state_dict, .* got int at 'w'\. Save only"),
    ({}, r"expected a dictionary of weights in x\.pth"),
])  # fmt: skip
def test_a_file_of_torch_with_something_else_is_refused(content, message, tmp_path):
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "x.pth", config=CONFIG)


@pytest.mark.parametrize("odd", [np.array([None]), np.array(["text"]), np.zeros(2, "f4,i4")])
def test_arrays_of_something_else_are_refused(odd, tmp_path):
    (tmp_path / "x.pickle").write_bytes(pickle.dumps({"linear": {"w": odd}}))
    with pytest.raises(ValueError, match=r"expected numbers at 'linear//w' in x\.pickle, got"):
        load(tmp_path / "x.pickle", config=PERCEIVER)


# --- broken ---------------------------------------------------------------------------------------


def whole(suffix: str, folder: Path) -> Path:
    """A file of ours, whole."""
    if suffix in (".npz", ".pystate"):
        return save(build(PERCEIVER), folder / f"x{suffix}", "deepmind")
    return save(build(CONFIG), folder / f"x{suffix}", "timm")


@pytest.mark.parametrize("part", [0.02, 0.5, 0.999])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".npz", ".pystate"])
def test_a_file_that_ends_early_is_named(suffix, part, tmp_path):
    file = whole(suffix, tmp_path)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * part)])
    config = PERCEIVER if suffix in (".npz", ".pystate") else CONFIG
    torn = rf"expected a whole .*x\{suffix}.* ends early or is broken.*\. Download it again"
    with pytest.raises(ValueError, match=torn):
        load(file, config=config)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".npz", ".pystate"])
def test_an_empty_file_is_named(suffix, tmp_path):
    (tmp_path / f"x{suffix}").write_bytes(b"")
    with pytest.raises(ValueError, match=rf"got x\{suffix} with nothing in it"):
        load(tmp_path / f"x{suffix}", config=CONFIG)


def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path):
    header = json.dumps({"w": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}})
    content = struct.pack("<Q", len(header)) + header.encode()
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=r"expected a whole safetensors file"):
        load(tmp_path / "x.safetensors", config=CONFIG)


def test_a_torn_old_file_of_torch_is_refused(tmp_path):
    old = io.BytesIO()
    torch.save({"w": torch.zeros(50)}, old, _use_new_zipfile_serialization=False)
    (tmp_path / "x.pth").write_bytes(old.getvalue())
    assert read_weights(tmp_path / "x.pth", shapes_only=True)["w"].shape == (50,)
    (tmp_path / "x.pth").write_bytes(old.getvalue()[:-40])
    with pytest.raises(ValueError, match=r"expected a whole torch file"):
        read_weights(tmp_path / "x.pth")


@pytest.mark.parametrize("text, message", [
    ("{", r"expected JSON in config\.json, got something else"),
    ("[1]", r"expected a dictionary in config\.json, got list"),
    ("{}", r"expected one of transformers' Perceivers .*, got none"),
    ('{"architectures": "BertModel"}', r"expected one of .*, got"),
    ('{"architectures": [5]}', r"expected one of .*, got 5"),
    ('{"architecture": "resnet50"}', r"a DeiT or a Hiera that we have, got timm's 'resnet50"),
    ('{"embed_dim": 96, "stages": [1], "dim_mul": 3}', r"expected dim_mul=2\.0, as in all publ"),
    ('{"embed_dim": 96, "stages": 4}', r"the arguments of Meta's Hiera as it was publ"),
])  # fmt: skip
def test_a_wrong_configuration_is_refused(text, message, tmp_path):
    save(build(CONFIG), tmp_path / "x")
    (tmp_path / "x" / "config.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "x")


def test_a_lost_configuration_can_be_given(tmp_path):
    folder = save(build(CONFIG), tmp_path / "x")
    (folder / "config.json").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"expected a config\.json .* config=a published na"
    ):
        load(folder)
    assert load(folder, config=CONFIG).config == CONFIG


def test_a_file_of_unknown_ending_is_not_guessed(tmp_path):
    (tmp_path / "x.ckpt").write_bytes(b"?")
    with pytest.raises(ValueError, match=r"ends in \.safetensors, .*, got x\.ckpt"):
        load(tmp_path / "x.ckpt", config=CONFIG)


@pytest.mark.parametrize("suffix", [".safetensors", ".pystate"])
def test_a_link_to_a_file_is_followed(suffix, tmp_path):
    file = whole(suffix, tmp_path).rename(tmp_path / "blob")
    os.symlink(file, tmp_path / f"link{suffix}")
    assert load(tmp_path / f"link{suffix}", config=CONFIG if suffix[1] == "s" else PERCEIVER)


def test_nothing_is_built_unless_everything_fits(tmp_path):
    file = whole(".safetensors", tmp_path)
    wider = deit.DeiTConfig(8, 2, depth=1, image_size=(16, 24), patch_size=8, num_classes=5)
    devices = []
    build_really = build.dispatch(deit.DeiTConfig)

    def noted(config):
        devices.append(torch.get_default_device().type)
        return build_really(config)

    build.register(deit.DeiTConfig, noted)
    try:
        with pytest.raises(ValueError, match=r"Nothing was loaded"):
            load(file, config=wider)
        assert devices == ["meta"]
        load(file, config=CONFIG)
    finally:
        build.register(deit.DeiTConfig, build_really)
    assert devices == ["meta", "meta", "cpu"]
