"""DeepMind's releases: pickles of haiku's dictionaries, read without running anything."""

import collections
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from shaken import relative_error, shake
from tiny import CONFIGS, raw_for
from tolerances import EXACT

from perceiver_tutorial.checkpoints import compare, load, save, transpose_stem_kernel
from perceiver_tutorial.checkpoints.files import read_weights
from perceiver_tutorial.checkpoints.haiku import read_pickle
from perceiver_tutorial.perceiver import build, with_fidelity

GOLDEN = Path(__file__).parents[1] / "parity/golden"
FAMILIES = ("fourier", "learned", "conv", "mlm", "flow", "multimodal")
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class FlatMapping(collections.abc.Mapping):
    """Stands for haiku's: a dictionary that cannot be changed, pickled as a call on another."""

    def __init__(self, content):
        self.content = dict(content)

    def __getitem__(self, key):
        return self.content[key]

    def __iter__(self):
        return iter(self.content)

    def __len__(self):
        return len(self.content)

    def __reduce__(self):
        return type(self), (self.content,)


@pytest.fixture
def haiku(monkeypatch):
    """A package by that name, as far as a pickle of it is concerned."""
    name = "haiku._src.data_structures"
    module = types.ModuleType(name)
    module.FlatMapping = FlatMapping
    monkeypatch.setattr(FlatMapping, "__module__", name)
    for part in ("haiku", "haiku._src", name):
        monkeypatch.setitem(sys.modules, part, module)
    return FlatMapping


def released(family, mapping=dict):
    """A golden file's weights in the structure of the released pickles."""
    parts = {"p": {}, "s": {}}
    with np.load(GOLDEN / f"{family}.npz") as arrays:
        for key in arrays.files:
            kind, _, name = key.partition("::")
            module, _, leaf = name.rpartition("//")
            if kind in parts:
                parts[kind].setdefault(module, {})[leaf] = arrays[key]
    params, state = (
        mapping({module: mapping(leaves) for module, leaves in part.items()})
        for part in parts.values()
    )
    is_image = family in ("fourier", "learned", "conv")
    return {"params": params, "state": state} if is_image else params


@pytest.mark.parametrize("family", FAMILIES)
@torch.no_grad()
def test_a_released_pickle_gives_what_the_golden_file_gives(family, tmp_path, haiku):
    golden = load(GOLDEN / f"{family}.npz", fidelity="deepmind")
    file = tmp_path / "released.pystate"
    file.write_bytes(pickle.dumps(released(family, haiku)))
    model = load(file, fidelity="deepmind", config=golden.config)
    raw = raw_for(golden.config)
    theirs, ours = golden(raw), model(raw)
    if not isinstance(theirs, dict):
        theirs, ours = {"": theirs}, {"": ours}
    assert all(relative_error(ours[name], theirs[name]) == 0 for name in theirs)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_is_read(protocol, tmp_path):
    file = tmp_path / "x.pickle"
    weights = {"linear": {"w": np.arange(6.0, dtype=np.float32).reshape(2, 3)}}
    file.write_bytes(pickle.dumps(weights, protocol=protocol))
    assert np.array_equal(read_pickle(file)["linear//w"], weights["linear"]["w"])


def test_sixteen_bits_and_other_orders_of_axes_are_read(tmp_path):
    file = tmp_path / "x.pickle"
    odd = np.asfortranarray(np.arange(6.0, dtype=">f2").reshape(2, 3))
    file.write_bytes(pickle.dumps(collections.OrderedDict(a={"w": odd, "n": np.array(3)})))
    read = read_weights(file)
    assert read["a//w"].tolist() == odd.tolist() and read["a//n"] == 3


@pytest.mark.parametrize("name", [n for n in CONFIGS if n.endswith("images") and n[0] in "flc"])
def test_what_we_write_has_the_released_structure(name, tmp_path):
    file = save(build(CONFIGS[name]), tmp_path / "x.pystate", "deepmind")
    content = pickle.loads(file.read_bytes())
    has_state = name == "conv images"
    assert (set(content) == {"params", "state"}) == has_state
    params = content["params"] if has_state else content
    assert params["perceiver_encoder/~/cross_attention/attention/linear_1"]["w"].shape[1] == (
        CONFIGS[name].encoder.qk_channels or build(CONFIGS[name]).preprocessor.num_channels
    )
    if has_state:
        (average, *_) = [m for m in content["state"] if m.endswith("mean_ema")]
        assert set(content["state"][average]) == {"average", "hidden", "counter"}
        assert content["state"][average]["average"].shape == (1, 1, 1, 6)


def test_fidelity_is_chosen_for_a_pickle(tmp_path):
    config = CONFIGS["learned images"]
    file = save(build(config), tmp_path / "x.pystate", "deepmind")
    assert load(file, config=config).config == config
    deepmind = load(file, fidelity="deepmind", config=config).config
    assert deepmind == with_fidelity(config, "deepmind")


def test_a_pickle_is_compared_weight_by_weight(tmp_path):
    weights = released("fourier")
    del weights["params"]["perceiver_encoder/~/trainable_position_encoding"]
    file = tmp_path / "x.pystate"
    file.write_bytes(pickle.dumps(weights))
    compared = compare(file, load(GOLDEN / "fourier.npz").config)
    assert compared.names("missing") == [
        "perceiver_encoder/~/trainable_position_encoding//pos_embs"
    ]


@pytest.mark.usefixtures("float64")
def test_a_kernel_is_transposed_in_place_and_back():
    model = shake(build(CONFIGS["conv images"]))
    raw = raw_for(model.config)
    before, kernel = model(raw), model.preprocessor.stem[0].conv.weight.clone()
    assert transpose_stem_kernel(model) is model
    assert torch.equal(model.preprocessor.stem[0].conv.weight, kernel.mT)
    assert relative_error(model(raw), before) > 1e-3
    assert relative_error(transpose_stem_kernel(model)(raw), before) < EXACT


def test_only_a_convolution_has_a_kernel_to_transpose():
    with pytest.raises(
        ValueError, match=r"with a convolutional stem, got PixelPreprocessor\. Only"
    ):
        transpose_stem_kernel(build(CONFIGS["fourier images"]))
