"""Names on the Hub: from the cache without a network, or the command that fetches them."""

import errno
import os
import shutil
import socket
from dataclasses import replace

import huggingface_hub
import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import load_file, save_file
from shaken import shake
from theirs_deit import narrow

from perceiver_tutorial import deit, hiera
from perceiver_tutorial.checkpoints import compare, load, save
from perceiver_tutorial.checkpoints.hub import is_name
from perceiver_tutorial.zoo import build

CONFIG = deit.DeiTConfig(6, 2, depth=1, image_size=(16, 24), patch_size=8, num_classes=5)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and a network that is not to be touched."""

    def refuse(*_args, **_options):
        pytest.fail("somebody reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def put(cache, name, folder):
    """Lay a folder into the cache as a download does: blobs, and links to them."""
    place = cache / f"models--{name.replace('/', '--')}"
    (place / "snapshots" / COMMIT).mkdir(parents=True)
    (place / "blobs").mkdir()
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    for number, file in enumerate(sorted(folder.iterdir())):
        shutil.copy(file, place / "blobs" / str(number))
        os.symlink(place / "blobs" / str(number), place / "snapshots" / COMMIT / file.name)


def test_a_name_is_read_from_the_cache_without_a_network(cache, tmp_path):
    model = shake(build(CONFIG))
    put(cache, "facebook/deit-tiny-distilled-patch16-224", save(model, tmp_path / "x"))
    again = load("facebook/deit-tiny-distilled-patch16-224")
    assert torch.equal(again.norm.weight, model.norm.weight)
    assert compare("facebook/deit-tiny-distilled-patch16-224").fits


def test_anybodys_name_is_read_from_the_cache(cache, tmp_path):
    put(cache, "somebody/my-deit", save(build(CONFIG), tmp_path / "x"))
    assert load("somebody/my-deit").config == CONFIG


def test_older_repositories_have_no_safetensors(cache, tmp_path):
    model = build(CONFIG)
    folder = save(model, tmp_path / "x")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    put(cache, "facebook/deit-tiny-distilled-patch16-224", folder)
    assert load("facebook/deit-tiny-distilled-patch16-224").config == CONFIG


@pytest.mark.parametrize("name", [
    "deepmind/vision-perceiver-fourier", "facebook/hiera-tiny-224-in1k-hf", "somebody/my-deit",
])  # fmt: skip
def test_without_network_and_cache_there_is_one_sentence_with_the_command(name):
    with pytest.raises(FileNotFoundError) as error:
        load(name)
    said = str(error.value)
    assert (
        f"expected {name} on the Hub or in its cache, found neither: `hf download {name}`" in said
    )
    assert said.count(". ") == 0


def test_half_a_download_is_not_taken_for_a_model(cache, tmp_path):
    folder = save(build(CONFIG), tmp_path / "x")
    (folder / "model.safetensors").unlink()
    put(cache, "facebook/deit-tiny-patch16-224", folder)
    with pytest.raises(FileNotFoundError, match=r"`hf download facebook/deit-tiny-patch16-224`"):
        load("facebook/deit-tiny-patch16-224")


@pytest.mark.parametrize("size", ["base", "base_plus", "large", "huge"])
def test_metas_videos_have_a_longer_name_and_a_file_of_their_own(size):
    name = f"hiera_{size}_16x224"
    wanted = rf"`hf download facebook/{name}\.mae_k400_ft_k400`.* load\('{name}\.pth'\)"
    with pytest.raises(FileNotFoundError, match=wanted):
        load(f"facebook/{name}")


def test_a_video_is_read_from_the_cache_in_metas_own_layout(cache, tmp_path):
    config = hiera.HieraConfig(
        4, 1, (1, 1, 1, 1), (4, 32, 64), (3, 7, 7), (2, 4, 4), (1, 3, 3), (1, 2, 2),
        positions="separate", num_classes=5,
    )  # fmt: skip
    model = shake(build(config))
    folder = tmp_path / "x"
    folder.mkdir()
    state = torch.load(save(model, tmp_path / "y.pth", "meta"), weights_only=True)["model_state"]
    save_file(state, folder / "model.safetensors")
    (folder / "config.json").write_text(
        '{"embed_dim": 4, "num_heads": 1, "stages": [1, 1, 1, 1], "input_size": [4, 32, 64],'
        ' "patch_kernel": [3, 7, 7], "patch_stride": [2, 4, 4], "patch_padding": [1, 3, 3],'
        ' "q_stride": [1, 2, 2], "sep_pos_embed": true, "num_classes": 5}'
    )
    put(cache, "facebook/hiera_base_16x224.mae_k400_ft_k400", folder)
    again = load("facebook/hiera_base_16x224")
    assert again.config == config
    torch.testing.assert_close(again.state_dict(), model.state_dict(), rtol=0, atol=0)


def test_timms_folder_names_a_model_and_leaves_its_sizes_to_its_code(cache, tmp_path):
    model = shake(deit.build("facebook/deit-tiny-patch16-224"))
    folder = tmp_path / "x"
    save(model, folder / "model.safetensors", "timm")
    (folder / "config.json").write_text('{"architecture": "deit_tiny_patch16_224"}')
    put(cache, "timm/deit_tiny_patch16_224.fb_in1k", folder)
    again = load("timm/deit_tiny_patch16_224.fb_in1k")
    assert again.config == replace(model.config, norm_eps=1e-6)
    assert torch.equal(again.norm.weight, model.norm.weight)


@pytest.mark.parametrize("text, answer", [
    ("deepmind/language-perceiver", True), ("timm/hiera_tiny_224.mae", True),
    ("nowhere", False), ("/a/b", False), ("./a", False), ("a/b/c", False), ("../x", False),
    ("a/../b", False), ("x.pth", False),
])  # fmt: skip
def test_what_could_be_a_name(text, answer):
    assert is_name(text) == answer


def test_a_folder_of_that_name_comes_first(tmp_path, monkeypatch):
    save(build(CONFIG), tmp_path / "somebody" / "my-deit")
    monkeypatch.chdir(tmp_path)
    assert load("somebody/my-deit").config == CONFIG


def test_a_full_disk_is_not_taken_for_a_missing_network(monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", full)
    with pytest.raises(OSError, match="No space left on device"):
        load("somebody/my-deit")


def test_weights_in_several_files_are_read_from_the_cache(cache, tmp_path):
    narrow().save_pretrained(tmp_path / "parts", max_shard_size="40KB")
    put(cache, "somebody/large", tmp_path / "parts")
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) > 2
    assert load("somebody/large").config.channels == 24


def test_a_deit_iii_is_looked_for_at_timms():
    with pytest.raises(FileNotFoundError, match=r"`hf download timm/deit3_small_patch16_224\.fb_i"):
        load("deit3_small_patch16_224")
