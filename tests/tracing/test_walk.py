"""Walks at published size say what transformers' own modules say, and take no time."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from types import MethodType

import pytest
import torch
from jaxtyping import Float
from torch import Tensor, nn

from perceiver_tutorial import deit, perceiver
from perceiver_tutorial.attention import MLP
from perceiver_tutorial.tracing import walk
from perceiver_tutorial.tracing.table import columns

TRACES = json.loads((Path(__file__).parent / "traces.json").read_text())
FIRST_CHUNK = {
    "image": torch.arange(6272),
    "audio": torch.arange(15),
    "label": torch.arange(1),
}
# What transformers calls a module, and what stands in its place here.
INSIDE_A_LAYER = {
    "attention.self.layernorm2": "norm_kv",
    "attention.self.query": "attention.q_proj",
    "attention.self.key": "attention.k_proj",
    "attention.self.value": "attention.v_proj",
    "attention.self.dropout": "attention.weights",
    "attention.self": "attention.context",
    "attention.output.dense": "attention.out_proj",
    "attention": "attention",
    "layernorm": "norm_mlp",
    "mlp.dense1": "mlp.fc1",
    "mlp.dense2": "mlp.fc2",
    "mlp": "mlp",
}
LAYERS = {
    "encoder.cross_attention": ("encoder.cross.0", "norm_q"),
    "encoder.self_attends.0": ("encoder.blocks.0.0", "norm_q"),
    "decoder.decoding_cross_attention": ("decoder.cross", "norm_q"),
    "decoder.decoder.decoding_cross_attention": ("decoder.cross", "norm_q"),
}
OTHERS = {
    "input_preprocessor": "preprocessor",
    "input_preprocessor.embeddings": "preprocessor.embeddings",
    "input_preprocessor.position_embeddings": "preprocessor.positions",
    "input_preprocessor.positions_projection": "preprocessor.positions.project",
    "input_preprocessor.convnet_1x1": "preprocessor.stem",
    "input_preprocessor.convnet.conv": "preprocessor.stem.0.conv",
    "input_preprocessor.convnet.batchnorm": "preprocessor.stem.0.norm",
    "input_preprocessor.convnet.max_pool": "preprocessor.stem.0",
    "input_preprocessor.convnet": "preprocessor.stem",
    "input_preprocessor.conv_after_patches": "preprocessor.linear",
    "encoder": "encoder",
    "decoder.output_position_encodings": "queries",
    "decoder.decoder.output_position_encodings": "queries",
    "decoder": "answer",
    "embedding_decoder": "postprocessor",
    "output_postprocessor": "postprocessor",
}
OF_TEXTS = ("deepmind/language-perceiver", "text-classifier")
# Rows without a counterpart: what transformers keeps as modules and we as plain steps.
ELSEWHERE = (
    "embeddings",  # the latents before they read: the first input of encoder.cross.0
    "decoder.decoder",  # logits before the batch of one row is squeezed away
    "input_preprocessor.convnet.conv.zero_pad_2d",
    "input_preprocessor.convnet.relu",
    "input_preprocessor.modalities.image.conv_after_patches",  # an identity
)
# Positions have no batch here, as they are the same for every sample; patches are flat at once.
LAID_OUT_OTHERWISE = ("position_embeddings", "positions_projection", "conv_after_patches")


def ours(theirs: str, model: str) -> str | None:
    """Our name of a module of transformers."""
    if theirs in ELSEWHERE:
        return None
    if theirs.endswith("final_layer"):
        return {
            "deepmind/language-perceiver": "decoder.final",
            "deepmind/optical-flow-perceiver": "postprocessor.linear",
            "deepmind/multimodal-perceiver": "decoder.final",
        }.get(model, "postprocessor.linear")
    for prefix, (attention, first_norm) in LAYERS.items():
        if theirs == prefix or theirs.startswith(prefix + "."):
            inside = {**INSIDE_A_LAYER, "attention.self.layernorm1": first_norm}
            rest = theirs.removeprefix(prefix).lstrip(".")
            return f"{attention}.{inside[rest]}" if rest else attention
    if "multimodal" in model:
        return _of_a_modality(theirs)
    if theirs == "input_preprocessor.position_embeddings" and model in OF_TEXTS:
        return "preprocessor.position_embeddings"
    if model == "deepmind/language-perceiver" and theirs == "decoder":
        return "decoder"
    return OTHERS[theirs]


def _of_a_modality(theirs: str) -> str:
    modality = re.search(r"audio|image|label", theirs)
    if modality is None:
        return {"decoder": "decoder.final"}.get(theirs) or OTHERS[theirs]
    name = modality.group()
    if theirs.endswith("classifier"):
        return f"postprocessor.parts.{name}.linear"
    if theirs.startswith("decoder"):
        return f"queries.parts.{name}"
    room = "preprocessor" if theirs.startswith("input") else "postprocessor"
    where = ".positions" if theirs.endswith("position_embeddings") else ""
    return f"{room}.parts.{name}{where}"


def published_or_classifier(model: str):
    return perceiver.TEXT_CLASSIFIER if model == "text-classifier" else model


@pytest.fixture(scope="module")
def walks():
    """Every model walked once, down to the last module."""
    return {
        model: walk(
            published_or_classifier(model),
            depth=None,
            points=FIRST_CHUNK if "multimodal" in model else None,
        )
        for model in TRACES
    }


@pytest.mark.parametrize("model", TRACES)
def test_every_shape_is_the_one_transformers_gives(model, walks):
    compared = 0
    for row in TRACES[model]:
        name = ours(row["module"], model)
        if name is None:
            continue
        step = walks[model][name]
        got, want = list(step.outputs[0].sizes), row["outputs"][0]
        if row["module"].endswith(LAID_OUT_OTHERWISE):
            got, want = (math.prod(got), got[-1]), (math.prod(want), want[-1])
        assert got == want, f"{row['module']} is {name} here"
        if row["class"] in ("Linear", "LayerNorm"):
            assert step.inputs[0].sizes[-1] == row["inputs"][0][-1]
        compared += 1
    assert compared >= len(TRACES[model]) - len(ELSEWHERE)


@pytest.mark.parametrize("model", TRACES)
def test_latents_enter_as_the_trace_says(model, walks):
    wanted = [row["outputs"][0] for row in TRACES[model] if row["module"] == "embeddings"]
    for shape in wanted:
        assert list(walks[model]["encoder.cross.0"].inputs[0].sizes) == shape


TIMED = """
import time
from perceiver_tutorial import perceiver
from perceiver_tutorial.tracing import walk

def seconds(action, times):
    start = time.process_time()
    action()
    taken = time.process_time() - start
    return taken if times == 1 else min(taken, seconds(action, times - 1))

counting = seconds(lambda: [None for _ in range(1_000_000)], times=9)
for name in perceiver.PUBLISHED:
    print(name, seconds(lambda: walk(name), times=3) / counting)
"""


def test_a_published_model_is_walked_while_python_counts_to_40_million():
    """That is a second on a laptop, and longer where walking takes longer too."""
    done = subprocess.run([sys.executable, "-c", TIMED], capture_output=True, text=True, check=True)
    millions = {name: float(ratio) for name, ratio in map(str.split, done.stdout.splitlines())}
    assert list(millions) == list(perceiver.PUBLISHED)
    assert max(millions.values()) < 40, millions


def test_a_block_that_shares_its_weights_is_counted_every_time_and_run_once():
    with torch.device("meta"):
        model = perceiver.build("deepmind/vision-perceiver-fourier")
        raw = perceiver.example_input(model.config)
    times = []
    model.encoder.blocks[0][0].attention.q_proj.register_forward_hook(lambda *_: times.append(1))
    step = walk(model, raw, depth=None)["encoder.blocks.0.0.attention.q_proj"]
    assert (step.modules, step.runs, len(times)) == (6, 48, 1)


def test_layers_that_are_made_alike_are_all_counted_and_few_are_run():
    with torch.device("meta"):
        model = deit.build("facebook/deit-tiny-patch16-224").eval()
    ran = []
    for number, layer in enumerate(model.layers):
        layer.mlp.act.number = 0
        layer.mlp.act.forward = MethodType(noting(ran, number), layer.mlp.act)
    images = torch.zeros(1, 3, 224, 224, device="meta")
    step = walk(model, images)["layers.0"]
    assert (step.modules, step.runs, len(step.names)) == (12, 12, 12)
    assert ran == [*range(12)], "a method of its own makes each of them different"
    ran.clear()
    model.layers[5].register_forward_hook(lambda *_: ran.append(5))
    model.layers[6].mlp.act.register_forward_hook(lambda *_: ran.append(6))
    model.layers[7].mlp.act.number = 1
    assert walk(model, images)["layers.0"] == step
    assert ran == [5, 6], "who has a hook is like no other"


def noting(ran, number):
    """A method that does nothing but remember that it was run."""

    def forward(_self, x):
        ran.append(number)
        return x

    return forward


class Cut(nn.Module):
    """Keeps the first rows; how many stands in a number or in a list."""

    def __init__(self, kept):
        super().__init__()
        self.kept = kept

    def forward(
        self, x: Float[Tensor, "batch rows channels"]
    ) -> Float[Tensor, "batch kept channels"]:
        return x[:, : self.kept if isinstance(self.kept, int) else self.kept[0]]


@pytest.mark.parametrize("kept", [(3, 2), ([3], [2])])
def test_modules_that_look_alike_and_are_not_are_both_run(kept):
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = map(Cut, kept)

        def forward(
            self, x: Float[Tensor, "batch rows channels"]
        ) -> Float[Tensor, "batch kept channels"]:
            return torch.cat([self.one(x), self.other(x)], 1)

    walked = walk(Both(), torch.zeros(1, 5, 4, device="meta"))
    assert [walked[name].shape[1] for name in ("one", "other", "answer")] == [3, 2, 5]


def test_a_module_shared_with_others_keeps_its_name():
    class Reader(nn.Module):
        def __init__(self, mlp):
            super().__init__()
            self.mlp = mlp

        def forward(
            self, x: Float[Tensor, "batch rows channels"]
        ) -> Float[Tensor, "batch rows channels"]:
            return self.mlp(x)

    class Three(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Reader(MLP(4))
            self.second = Reader(self.first.mlp)
            self.third = Reader(MLP(4))

        def forward(
            self, x: Float[Tensor, "batch rows channels"]
        ) -> Float[Tensor, "batch rows channels"]:
            return self.third(self.second(self.first(x)))

    with torch.device("meta"):
        weightless = Three()
    on_meta = walk(weightless, torch.zeros(1, 5, 4, device="meta"), depth=None)
    for_real = walk(Three(), torch.zeros(1, 5, 4), depth=None)
    assert [s.names for s in on_meta.steps] == [s.names for s in for_real.steps]
    assert repr(on_meta) == repr(for_real)


@pytest.mark.parametrize("model", perceiver.PUBLISHED)
def test_every_step_has_named_axes_as_in_the_signatures(model):
    for step in walk(model).steps:
        for output in step.outputs:
            assert len(output.axes) == len(output.sizes) > 0, step.name


def test_axis_names_are_those_of_the_signature():
    steps = walk("deepmind/optical-flow-perceiver")
    assert steps["preprocessor"].axes == {"batch": 1, "inputs": 182528, "channels": 322}
    assert steps["answer"].axes == {"batch": 1, "height": 368, "width": 496, "xy": 2}
    assert steps["raw"].axes == {
        "batch": 1,
        "frames": 2,
        "colours": 27,
        "height": 368,
        "width": 496,
    }


def test_a_real_forward_pass_has_the_same_shapes_as_one_on_the_meta_device():
    config = tiny_images()
    real = perceiver.build(config).eval()
    raw = perceiver.example_input(config)
    assert str(walk(real, raw, depth=None)).splitlines()[1:] == [
        line for line in str(walk(config, depth=None)).splitlines()[1:]
    ]


def tiny_images():
    return perceiver.ImageClassifierConfig(
        encoder=perceiver.EncoderConfig(7, 12, 3, 2, 2, 1),
        stem=perceiver.PixelStem(),
        positions=perceiver.FourierConfig(5, (8, 10)),
        image_size=(8, 10),
        num_classes=4,
    )


def test_shared_weights_are_counted_once_and_runs_every_time():
    block = walk("deepmind/vision-perceiver-fourier")["encoder.blocks.0.0"]
    assert (block.modules, block.runs) == (6, 48)
    assert block.parameters == 37_810_176


def test_after_a_walk_the_model_is_as_it_was():
    model = perceiver.build(tiny_images())
    raw = perceiver.example_input(tiny_images())
    before = {name: set(vars(module)) for name, module in model.named_modules()}
    walk(model, raw, depth=None)
    assert {name: set(vars(module)) for name, module in model.named_modules()} == before
    assert not model.encoder.cross[0].attention.weights.is_recorded


def test_a_failing_model_is_left_as_it_was_too():
    model = perceiver.build(tiny_images())
    with pytest.raises(ValueError, match="expected images"):
        walk(model, torch.zeros(1, 3, 4, 4))
    assert "forward" not in vars(model.encoder)


def test_the_table_is_plain_text_of_fixed_width():
    lines = str(walk(tiny_images(), depth=1)).splitlines()
    count = sum(p.numel() for p in perceiver.build(tiny_images()).parameters())
    assert lines[0] == f"ImageClassifierConfig: {count:,} parameters"
    assert lines[2].split() == ["step", "axes", "shape", "parameters", "modules", "runs"]
    assert [line.split()[0] for line in lines[3:]] == [
        "raw", "preprocessor", "encoder", "queries", "decoder", "postprocessor", "answer",
    ]  # fmt: skip
    assert all(line == line.rstrip() for line in lines)


def test_an_unknown_step_is_answered_with_those_there_are():
    with pytest.raises(KeyError, match=r"no step is called 'latents'. There are: raw, .*encoder"):
        walk(tiny_images())["latents"]


def test_a_module_needs_something_to_read():
    with pytest.raises(ValueError, match=r"expected raw, the input for this module"):
        walk(nn.Linear(3, 4))


def test_any_module_can_be_walked():
    steps = walk(nn.Sequential(nn.Linear(3, 5), nn.GELU()), torch.zeros(2, 3), depth=None)
    assert [step.shape for step in steps.steps] == [(2, 3), (2, 5), (2, 5), (2, 5)]


def test_a_module_walked_alone_has_names_from_its_own_signature():
    steps = walk(MLP(4, widening_factor=3), torch.zeros(2, 5, 4), depth=None)
    named = {step.name: " ".join(step.axes) for step in steps.steps}
    assert named == dict.fromkeys(
        ("raw", "fc1", "act", "fc2", "answer"), "batch positions channels"
    )


def test_two_maps_of_one_mlp_are_two_steps_though_their_names_differ_in_a_number_only():
    steps = walk(MLP(4), torch.zeros(2, 5, 4), depth=None)
    assert [steps[name].modules for name in ("fc1", "fc2")] == [1, 1]


def test_a_batch_is_carried_through():
    assert walk(tiny_images(), batch_size=5)["answer"].shape == (5, 4)


def test_columns_are_aligned():
    table = columns(("a", "n"), [("long name", "1"), ("b", "200")], right=("n",))
    assert table == "a            n\nlong name    1\nb          200"
