"""Files that are torn, empty, of another kind, or traps: each is named, and nothing of it is run.

What checkpoints do about torn and trapped weights is in test_broken.py.
"""

import json
import os
import pickle
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracle import Refused, outcome
from PIL import Image
from safetensors.torch import save_file
from strategies import FEW

from perceiver_course.kit.claims import read_claims
from perceiver_course.kit.clips import read_clips
from perceiver_course.kit.recipes.recipe import FOLDER, read_trained
from perceiver_course.kit.recipes.scores import Notes, measured
from perceiver_course.recipes import RECIPES
from perceiver_tutorial import deit
from perceiver_tutorial.apps.evaluation import loop
from perceiver_tutorial.apps.evaluation.folder import labelled_pictures
from perceiver_tutorial.checkpoints import compare, files, load
from perceiver_tutorial.checkpoints.processors import read_processor
from perceiver_tutorial.perceiver import TINY

PERCEIVER = TINY["deepmind/vision-perceiver-fourier"]
DEIT = deit.DeiTConfig(6, 2, depth=1, image_size=(16, 24), patch_size=8, num_classes=5)
DATA = FOLDER.parent
ZEROS = 8 * 2**20
pytestmark = pytest.mark.usefixtures("without_shape_checks")


class Trap:
    """Unpickled as it wants to be, it leaves a file behind."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def bomb(file: Path, member: str, content: bytes) -> Path:
    """A small file that becomes a large one."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(member, content)
    return file


def array_of_zeros() -> bytes:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }" % ZEROS
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(ZEROS)


@pytest.mark.parametrize("ask", [load, compare])
@pytest.mark.parametrize("name", ["x.npz", "x.bin", "x.pth"])
def test_a_zip_bomb_is_not_unpacked(ask, name, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_UNPACKED", 2**20)
    bomb(tmp_path / name, "p::linear//w.npy", array_of_zeros())
    with pytest.raises(ValueError, match=r"that would become 8,\d+,\d+\. Nothing was unpacked"):
        ask(tmp_path / name, config=PERCEIVER)


def test_what_is_packed_within_reason_is_read(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", **{"p::linear//w": np.zeros((300, 300), "f4")})
    assert files.read_weights(tmp_path / "x.npz")["linear//w"].shape == (300, 300)


def test_an_array_that_promises_more_than_memory_holds_is_refused(tmp_path):
    promise = array_of_zeros()[:128].replace(b"%d" % ZEROS, b"%d" % (ZEROS * 10**9))
    bomb(tmp_path / "x.npz", "p::linear//w.npy", promise)
    with pytest.raises(ValueError, match=r"expected a whole numpy file, got x\.npz"):
        load(tmp_path / "x.npz", config=PERCEIVER)


WEIGHTS = {".safetensors": DEIT, ".pth": DEIT, ".npz": PERCEIVER, ".pystate": PERCEIVER}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A file of weights in every format."""
    folder = tmp_path_factory.mktemp("weights")
    save_file({"w": torch.rand(5, 3)}, folder / "x.safetensors")
    torch.save({"w": torch.rand(5, 3)}, folder / "x.pth")
    np.savez(folder / "x.npz", **{"p::linear//w": np.zeros((5, 3), "f4")})
    (folder / "x.pystate").write_bytes(pickle.dumps({"linear": {"w": np.zeros((5, 3), "f4")}}))
    return {suffix: (folder / f"x{suffix}").read_bytes() for suffix in WEIGHTS}


@pytest.mark.parametrize("suffix", WEIGHTS)
@settings(FEW, max_examples=30)
@given(place=st.floats(0, 0.999), byte=st.integers(0, 255), cut=st.booleans())
def test_a_byte_is_wrong_or_the_rest_is_gone(suffix, place, byte, cut, saved, tmp_path_factory):
    whole = saved[suffix]
    at = int(place * len(whole))
    broken = whole[:at] if cut else whole[:at] + bytes([byte]) + whole[at + 1 :]
    file = tmp_path_factory.mktemp("x") / f"x{suffix}"
    file.write_bytes(broken)
    answer = outcome(lambda: files.read_weights(file))
    assert answer is Refused or all(isinstance(w, torch.Tensor) for w in answer.values())


@settings(FEW, max_examples=60)
@given(st.dictionaries(
    st.sampled_from(["size", "crop_size", "image_mean", "image_std", "resample", "do_resize",
                     "rescale_factor", "do_center_crop", "image_processor_type", "pad"]),
    st.sampled_from([None, -1, 0, 2.5, "x", [], [0.5] * 3, ["x"] * 3, {}, {"height": 3}, True, [[]],
                     {"height": -3, "width": 0}, float("nan"), 10**9, "DeiTImageProcessor"]),
))  # fmt: skip
@example({"image_processor_type": "DeiTImageProcessor", "image_mean": [None] * 3})
@example({"image_processor_type": "PerceiverImageProcessor", "crop_size": 0})
def test_a_file_of_preparation_says_strange_things(published):
    published = {"image_processor_type": "DeiTImageProcessor", **published}
    prepared = outcome(lambda: read_processor(published))
    if prepared is not Refused:
        picture = Image.new("RGB", (20, 16))
        outcome(lambda: prepared(picture))


# --- pictures -------------------------------------------------------------------------------------


def folder_of(tmp_path: Path) -> Path:
    for label in "01":
        (tmp_path / "pictures" / label).mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(tmp_path / "pictures" / label / "a.png")
    return tmp_path / "pictures"


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    folder = folder_of(tmp_path)
    Image.new("RGB", (9, 9)).save(tmp_path / "secret.png")
    (folder / "1" / "b.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(ValueError, match=r"got 1/b\.png, a link to .*secret\.png\. Copy"):
        labelled_pictures(folder, 2)


def test_a_class_that_is_a_link_out_of_the_folder_is_refused(tmp_path):
    folder = folder_of(tmp_path)
    shutil.move(folder / "1", tmp_path / "elsewhere")
    (folder / "1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"expected pictures inside .*, got 1"):
        labelled_pictures(folder, 2)


def test_a_link_within_the_folder_and_to_the_folder_are_followed(tmp_path):
    folder = folder_of(tmp_path)
    (folder / "1" / "b.png").symlink_to(folder / "0" / "a.png")
    (tmp_path / "link").symlink_to(folder)
    assert len(labelled_pictures(folder, 2).pictures) == 3
    assert len(labelled_pictures(tmp_path / "link", 2).pictures) == 3


@pytest.mark.parametrize("content", [
    b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"GIF89a", b"not a picture",
    pickle.dumps({"a": 1}),
])  # fmt: skip
def test_a_file_that_is_no_picture_is_a_problem_and_not_the_end(content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    assert isinstance(loop._read(tmp_path / "a.png", lambda picture: picture.copy()), str)


def test_a_picture_that_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "MOST_PIXELS", 10_000)
    Image.new("1", (200, 200)).save(tmp_path / "a.png")
    problem = loop._read(tmp_path / "a.png", lambda _: pytest.fail("it was unpacked"))
    assert problem == "expected at most 10,000 pixels, got 200 x 200. Make it smaller first."


# --- what the course writes down itself -----------------------------------------------------------

STRANGE = {
    "nothing": b"", "torn": b'{"a": [1, ', "another kind": b"\x89PNG\r\n", "a list": b"[1, 2]",
    "a number": b"7", "deep": b"[" * 2_000, "a pickle": pickle.dumps(Trap(Path("sprung"))),
    "no rows": b'{"x": 1}', "binary": bytes(range(256)), "a tag": b"!!python/object/apply:os.abort",
}  # fmt: skip


@pytest.mark.parametrize("content", STRANGE)
def test_a_strange_ledger_is_refused(content, tmp_path):
    (tmp_path / "claims.yaml").write_bytes(STRANGE[content])
    assert outcome(lambda: read_claims(tmp_path / "claims.yaml")) is Refused


@pytest.mark.parametrize("content", STRANGE)
def test_strange_notes_are_refused(content, tmp_path):
    (tmp_path / "notes.json").write_bytes(STRANGE[content])
    notes = Notes(tmp_path / "notes.json", "fingerprint", "python tools/x.py")
    assert outcome(notes.read) is Refused
    assert outcome(lambda: measured("x", tmp_path / "notes.json")) is Refused


@pytest.mark.parametrize("content", [*STRANGE, "others"])
def test_strange_weights_of_a_recipe_are_refused(content, tmp_path):
    file = tmp_path / "digits-fourier.safetensors"
    save_file({"w": torch.zeros(2)}, file)
    if content != "others":
        file.write_bytes(STRANGE[content])
    assert outcome(lambda: read_trained("digits-fourier", RECIPES, tmp_path)) is Refused


@pytest.mark.parametrize("content", STRANGE)
def test_strange_clips_are_refused(content, tmp_path):
    (tmp_path / "clips.npz").write_bytes(STRANGE[content])
    assert outcome(lambda: read_clips(tmp_path / "clips.npz")) is Refused


def test_notes_without_a_recipe_are_refused(tmp_path):
    (tmp_path / "seeds.json").write_text(json.dumps({"x": {"scores": 3}}))
    assert outcome(lambda: measured("x", tmp_path / "seeds.json")) is Refused


def test_a_zip_of_a_version_that_nobody_has_is_broken(tmp_path):
    file = tmp_path / "x.npz"
    np.savez(file, **{"p::linear//w": np.zeros((5, 3))})
    content = bytearray(file.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 64  # the version that is needed, times ten
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"expected a whole zip file, got x\.npz of"):
        files.read_weights(file)
