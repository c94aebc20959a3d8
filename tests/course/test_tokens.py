"""The table of tokens holds what transformers' own default configurations say."""

import math

import pytest
import torch
from torch import nn
from transformers import BertConfig, ViTConfig, VivitConfig, Wav2Vec2Config

from perceiver_course.kit.tokens import WAV2VEC2, num_frames, num_patches, same_data, token_table

TEXT, PHOTOGRAPH, SOUND, VIDEO = same_data()


def test_bert_reads_at_most_512_subwords():
    assert BertConfig().max_position_embeddings == TEXT.num_tokens


def test_vit_cuts_a_photograph_into_patches_of_16_by_16():
    config = ViTConfig()
    assert (config.image_size, config.patch_size) == (224, 16)
    assert PHOTOGRAPH.num_tokens == (config.image_size // config.patch_size) ** 2
    assert PHOTOGRAPH.num_inputs == config.image_size**2


def test_wav2vec2_has_the_convolutions_of_the_table():
    config = Wav2Vec2Config()
    assert tuple(zip(config.conv_kernel, config.conv_stride, strict=True)) == WAV2VEC2
    assert math.prod(stride for _, stride in WAV2VEC2) == 320


def test_vivit_cuts_a_video_into_tubes_of_two_frames():
    config = VivitConfig()
    size = (config.num_frames, config.image_size, config.image_size)
    assert num_patches(size, tuple(config.tubelet_size)) == VIDEO.num_tokens
    assert math.prod(size) == VIDEO.num_inputs


@pytest.mark.parametrize("num_samples", [400, 16_000, SOUND.num_inputs])
def test_frames_are_counted_as_torch_convolves(num_samples):
    stack = nn.Sequential(*(nn.Conv1d(1, 1, kernel, stride) for kernel, stride in WAV2VEC2))
    waveform = torch.zeros(1, 1, num_samples, device="meta")
    assert stack.to("meta")(waveform).shape[-1] == num_frames(num_samples)


def test_399_samples_are_too_few():
    with pytest.raises(ValueError, match=r"399 samples are too few"):
        num_frames(399)


@pytest.mark.parametrize("size, patch", [((224, 224), (16, 15)), ((224, 224), (2, 16, 16))])
def test_patches_that_do_not_fit_are_refused(size, patch):
    with pytest.raises(ValueError, match=r"nothing may be left over"):
        num_patches(size, patch)


def test_a_perceiver_reads_raw_samples_for_less_than_all_of_them_would_read_each_other():
    assert all(512 * one.num_inputs < one.map_cells[1] for one in same_data())


def test_the_table_has_a_line_for_each_kind_of_data():
    assert [line.split("  ")[0] for line in token_table().splitlines()[1:]] == [
        one.data for one in same_data()
    ]
