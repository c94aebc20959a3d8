"""The table of twins: each class that readers type, and the package's class of the same name.

`python tests/support/twins.py` prints it as the page docs/twins.md.
"""

import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import typed_models as typed
from shaken import relative_error, shake
from tolerances import EXACT
from torch import Tensor, nn

from perceiver_tutorial import attention, deit, hiera, perceiver, positions
from perceiver_tutorial.perceiver import TINY, FourierConfig
from perceiver_tutorial.perceiver.config import NO_RESIDUAL
from perceiver_tutorial.perceiver.decoder import PerceiverDecoder

ROOT = Path(__file__).parents[2]
TYPED_CLASSES = {
    name: one
    for name, one in vars(typed).items()
    if inspect.isclass(one) and one.__module__ == typed.__name__
}

Names = dict[str, str]


def call(module: nn.Module, *inputs: Any) -> Any:
    """What a module makes of its inputs."""
    return module(*inputs)


@dataclass(frozen=True)
class Twin:
    """A typed module, ours of the same class, and something to feed both.

    Attributes:
        typed: as a reader writes it.
        ours: the package's.
        inputs: what the typed one is called with.
        names: beginnings of our parameters' names -> what they are in the typed module.
        ask: from our module and the same inputs to the same answer.
    """

    typed: nn.Module
    ours: nn.Module
    inputs: tuple[Any, ...]
    names: Names = field(default_factory=dict)
    ask: Callable[..., Any] = call

    def load(self) -> None:
        """Give the typed module our weights, all of them and no others."""
        self.typed.load_state_dict(renamed(self.ours.state_dict(), self.names))


def renamed(state: dict[str, Tensor], names: Names) -> dict[str, Tensor]:
    """A state dict whose names begin in another way; of several beginnings the longest counts."""
    found = {}
    for name, value in state.items():
        begin = max((old for old in names if name.startswith(old)), key=len, default="")
        found[names.get(begin, "") + name.removeprefix(begin)] = value
    return found


def assert_same_numbers(twin: Twin) -> None:
    """A typed module takes its twin's weights, of at most five other names, and does the same."""
    assert len(twin.names) <= 5
    shake(twin.ours)
    twin.load()
    theirs, ours = (
        tensors(twin.typed.eval()(*twin.inputs)),
        tensors(twin.ask(twin.ours, *twin.inputs)),
    )
    assert len(theirs) == len(ours)
    assert max(relative_error(*both) for both in zip(ours, theirs, strict=True)) < EXACT


def tensors(answer: Any) -> list[Tensor]:
    """All tensors of an answer, in the order of their names."""
    if isinstance(answer, Tensor):
        return [answer]
    parts = [answer[name] for name in sorted(answer)] if isinstance(answer, dict) else answer
    return [tensor for part in parts for tensor in tensors(part)]


# --- the floor ----------------------------------------------------------------------------------


def multi_head_attention() -> Twin:
    sizes = {"q_dim": 6, "kv_dim": 10, "num_heads": 2, "qk_channels": 8, "v_channels": 14}
    return Twin(
        typed.MultiHeadAttention(**sizes),
        attention.MultiHeadAttention(**sizes),
        (torch.randn(3, 4, 6), torch.randn(3, 5, 10), torch.rand(3, 4, 5) < 0.9),
    )


def mlp() -> Twin:
    return Twin(typed.MLP(6, 3), attention.MLP(6, 3), (torch.randn(2, 5, 6),))


def cross_attention_layer() -> Twin:
    sizes = {
        **{"q_dim": 6, "kv_dim": 10, "num_heads": 2, "qk_channels": 8, "v_channels": 14},
        **{"widening_factor": 3, "query_residual": False},
    }
    return Twin(
        typed.CrossAttentionLayer(**sizes),
        attention.CrossAttentionLayer(**sizes),
        (torch.randn(3, 4, 6), torch.randn(3, 5, 10), torch.rand(3, 4, 5) < 0.9),
    )


def self_attention_layer() -> Twin:
    sizes = {"channels": 6, "num_heads": 2, "qk_channels": 8, "v_channels": 14, "eps": 0.1}
    return Twin(
        typed.SelfAttentionLayer(**sizes, widening_factor=3),
        attention.SelfAttentionLayer(**sizes, widening_factor=3),
        (torch.randn(3, 4, 6),),
    )


# --- Perceiver IO -------------------------------------------------------------------------------

IMAGES = TINY["deepmind/vision-perceiver-fourier"]  # 8 x 10 pixels, 5 bands, 4 classes
LEARNED = TINY["deepmind/vision-perceiver-learned"]  # 6 channels and 5 for positions, made 8
CONV = TINY["deepmind/vision-perceiver-conv"]  # 32 x 24 pixels, 6 channels
TEXT = TINY["deepmind/language-perceiver"]  # up to 9 bytes, 14 channels
FLOW = TINY["deepmind/optical-flow-perceiver"]  # 6 x 8 pixels, 3 bands, 5 channels
TOGETHER = replace(
    TINY["deepmind/multimodal-perceiver"],  # 20 samples of sound in fours, 5 classes, 11 channels
    image=replace(
        TINY["deepmind/multimodal-perceiver"].image, num_frames=6,
        image_size=(8, 4), positions=FourierConfig(2, (6, 2, 1)),
    ),
)  # fmt: skip
POSITIONS = typed.FourierPositions(5, (8, 10))
SPACE, TIME = typed.FourierPositions(2, (6, 2, 1)), typed.FourierPositions(6, (20,))
LATENTS, WIDTH = 7, 12  # of all of them
WIDE_FLOW = 5 + 2 * (2 * 3 + 1)  # channels and positions


def typed_encoder(channels: int, **sizes: int) -> typed.PerceiverEncoder:
    return typed.PerceiverEncoder(
        channels, LATENTS, WIDTH, num_blocks=3, num_layers=2, self_heads=2, **sizes
    )


def fourier_positions() -> Twin:
    ours = positions.FourierPositions((8, 10), num_bands=5)
    return Twin(POSITIONS, ours, ((8, 10),), ask=lambda ours, _size: ours())


def learned_positions() -> Twin:
    ours = positions.LearnedPositions((8, 10), 5)
    return Twin(typed.LearnedPositions(80, 5), ours, ((8, 10),), ask=lambda ours, _size: ours())


def pixel_preprocessor() -> Twin:
    return Twin(
        typed.PixelPreprocessor(POSITIONS),
        perceiver.build(IMAGES).preprocessor,
        (torch.randn(2, 3, 8, 10),),
    )


def conv_preprocessor() -> Twin:
    return Twin(
        typed.ConvPreprocessor(typed.conv_stem(6), 6, typed.FourierPositions(5, (8, 10))),
        perceiver.build(CONV).preprocessor,
        (torch.randn(2, 3, 32, 24),),
        {"stem.0.conv.": "stem.0.", "stem.0.norm.": "stem.1."},
    )


def conv_preprocessor_learned() -> Twin:
    table = typed.LearnedPositions(80, 5)
    return Twin(
        typed.ConvPreprocessor(nn.Conv2d(3, 6, 1), 6, table, project=8),
        perceiver.build(LEARNED).preprocessor,
        (torch.randn(2, 3, 8, 10),),
        {"positions.project.": "project."},
    )


def text_preprocessor() -> Twin:
    return Twin(
        typed.TextPreprocessor(14, 9),
        perceiver.build(TEXT).preprocessor,
        (torch.randint(262, (2, 7)),),
    )


def flow_preprocessor() -> Twin:
    return Twin(
        typed.FlowPreprocessor(typed.FourierPositions(3, (6, 8)), 5),
        perceiver.build(FLOW).preprocessor,
        (torch.randn(3, 2, 27, 6, 8),),
    )


def video_preprocessor() -> Twin:
    ours = perceiver.build(TOGETHER).preprocessor.parts["image"]
    return Twin(typed.VideoPreprocessor(SPACE), ours, (torch.randn(2, 6, 3, 8, 4),))


def audio_preprocessor() -> Twin:
    ours = perceiver.build(TOGETHER).preprocessor.parts["audio"]
    return Twin(typed.AudioPreprocessor(TIME, samples=4), ours, (torch.randn(2, 20, 1),))


def one_hot_preprocessor() -> Twin:
    ours = perceiver.build(TOGETHER).preprocessor.parts["label"]
    return Twin(typed.OneHotPreprocessor(5), ours, (torch.randn(2, 5),))


def typed_multimodal() -> typed.MultimodalPreprocessor:
    return typed.MultimodalPreprocessor(
        {
            "image": typed.VideoPreprocessor(SPACE),
            "audio": typed.AudioPreprocessor(TIME, samples=4),
            "label": typed.OneHotPreprocessor(5),
        }
    )


def raw_together() -> dict[str, Tensor]:
    return {
        "image": torch.randn(2, 6, 3, 8, 4),
        "audio": torch.randn(2, 20, 1),
        "label": torch.randn(2, 5),
    }


def multimodal_preprocessor() -> Twin:
    ours = perceiver.build(TOGETHER).preprocessor
    return Twin(typed_multimodal(), ours, (raw_together(),), {"mask_tokens.": "mask."})


def perceiver_encoder() -> Twin:
    model = perceiver.build(TEXT)
    return Twin(
        typed_encoder(14, qk_channels=8, v_channels=12),
        model.encoder,
        (torch.randn(2, 9, 14), torch.rand(2, 1, 9) < 0.8),
        {"cross.0.": "cross.", "blocks.0.": "block."},
        lambda ours, x, mask: ours(x, mask[:, 0]),
    )


def learned_queries() -> Twin:
    model = perceiver.build(IMAGES)
    return Twin(typed.LearnedQueries(1, WIDTH), model.queries, (torch.randn(2, 80, 25),))


def multimodal_queries() -> Twin:
    ours = perceiver.build(TOGETHER).queries
    points = {"image": torch.tensor([7, 100, 190]), "audio": torch.arange(4)}
    return Twin(
        typed_multimodal_queries(),
        ours,
        (torch.randn(2, 18, 53), points),
        {"parts.label.": "label."},
        lambda ours, x, points: together(ours(x, points | {"label": torch.arange(1)})),
    )


def typed_multimodal_queries() -> typed.MultimodalQueries:
    sizes = {"image": (6, 8, 4), "audio": (5,)}
    return typed.MultimodalQueries(sizes, {"image": SPACE, "audio": TIME}, label_channels=9)


def together(rows: dict[str, Tensor]) -> Tensor:
    """Rows of all modalities, one after another by name."""
    return torch.cat([rows[name] for name in sorted(rows)], dim=1)


def perceiver_decoder() -> Twin:
    return Twin(
        typed.PerceiverDecoder(10, WIDTH, 11, query_residual=False),
        PerceiverDecoder(NO_RESIDUAL, 10, WIDTH, output_channels=11),
        (torch.randn(2, 5, 10), torch.randn(2, LATENTS, WIDTH)),
    )


def tied_head() -> Twin:
    model = perceiver.build(TEXT)
    head = typed.TiedHead(nn.Embedding(262, 14))
    return Twin(head, model.postprocessor, (torch.randn(2, 9, 14),))


class LastMapAndFlowHead(typed.FlowHead):
    """The last linear map is the typed decoder's; ours is the head's, so that it stands here."""

    def __init__(self, size, channels):
        super().__init__(size)
        self.final = nn.Linear(channels, 2)

    def forward(self, y):
        return super().forward(self.final(y))


def flow_head() -> Twin:
    ours = perceiver.build(FLOW).postprocessor
    return Twin(
        LastMapAndFlowHead((6, 8), WIDE_FLOW),
        ours,
        (torch.randn(3, 48, WIDE_FLOW),),
        {"linear.": "final."},
        lambda ours, y: ours.assemble(ours(y)),
    )


LAST_MAP = {"postprocessor.linear.": "decoder.final."}
READ_ONCE = {"encoder.cross.0.": "encoder.cross.", "encoder.blocks.0.": "encoder.block."}


def image_classifier() -> Twin:
    return Twin(
        typed.image_classifier(POSITIONS, LATENTS, WIDTH, 3, num_layers=2, self_heads=2, classes=4),
        perceiver.build(IMAGES),
        (torch.randn(2, 3, 8, 10),),
        READ_ONCE | LAST_MAP,
    )


def language_model() -> Twin:
    text = typed.TextPreprocessor(14, 9)
    decoder = typed.PerceiverDecoder(14, WIDTH, None, 2, False, qk_channels=10, v_channels=14)
    return Twin(
        typed.PerceiverIO(
            text,
            typed_encoder(14, qk_channels=8, v_channels=12),
            typed.LearnedQueries(9, 14),
            decoder,
            typed.TiedHead(text.embeddings),
        ),
        perceiver.build(TEXT),
        (torch.randint(262, (2, 9)),),
        READ_ONCE,
    )


def optical_flow() -> Twin:
    preprocessor = typed.FlowPreprocessor(typed.FourierPositions(3, (6, 8)), 5)
    width = preprocessor.num_channels
    return Twin(
        typed.PerceiverIO(
            preprocessor,
            typed_encoder(width),
            nn.Identity(),
            typed.PerceiverDecoder(width, WIDTH, 2, query_residual=False),
            typed.FlowHead((6, 8)),
        ),
        perceiver.build(FLOW),
        (torch.randn(3, 2, 27, 6, 8),),
        READ_ONCE | LAST_MAP,
    )


class Autoencoder(typed.PerceiverIO):
    """Several modalities: queries for some points, and a head for each modality."""

    def forward(self, raw, points):
        x = self.preprocessor(raw)
        y = self.decoder(self.queries(x, points), self.encoder(x))
        sizes = {name: len(some) for name, some in points.items()} | {"label": 1}
        rows = y.split([sizes[name] for name in sorted(sizes)], dim=1)
        heads = self.postprocessor
        return {name: heads[name](some) for name, some in zip(sorted(sizes), rows, strict=True)}


def multimodal() -> Twin:
    preprocessor, queries = typed_multimodal(), typed_multimodal_queries()
    widths = {"audio": 4, "image": 3, "label": 5}
    heads = {
        name: nn.Sequential(OrderedDict(linear=nn.Linear(11, n))) for name, n in widths.items()
    }
    return Twin(
        Autoencoder(
            preprocessor,
            typed_encoder(preprocessor.num_channels),
            queries,
            typed.PerceiverDecoder(queries.num_channels, WIDTH, 11, query_residual=False),
            nn.ModuleDict(heads),
        ),
        perceiver.build(TOGETHER),
        (raw_together(), {"image": torch.tensor([7, 100, 190]), "audio": torch.arange(4)}),
        {
            **READ_ONCE,
            "preprocessor.mask_tokens.": "preprocessor.mask.",
            "queries.parts.": "queries.",
            "postprocessor.parts.": "postprocessor.",
        },
        decoded,
    )


def decoded(ours: nn.Module, raw: dict[str, Tensor], points: dict[str, Tensor]) -> Any:
    """Our answers at some points, a row for each."""
    answers = ours.decode(ours.encode(raw), raw, points=points | {"label": torch.arange(1)})
    sound, label = answers["audio"].unflatten(1, (4, 4)), answers["label"][:, None]
    return answers | {"audio": sound, "label": label}


# --- Hiera --------------------------------------------------------------------------------------

TINY_HIERA = hiera.HieraConfig(8, 1, (1, 2, 2, 1), input_size=(64, 96), num_classes=7)


def mask_unit_attention() -> Twin:
    return Twin(
        typed.MaskUnitAttention(6, 10, num_heads=2, unit_tokens=8, pool=4),
        hiera.MaskUnitAttention(6, 10, num_heads=2, unit_tokens=8, pool=4),
        (torch.randn(2, 24, 6),),
    )


def hiera_layer() -> Twin:
    return Twin(
        typed.HieraLayer(6, 10, num_heads=2, unit_tokens=8, pool=4),
        hiera.HieraLayer(6, 10, num_heads=2, unit_tokens=8, pool=4),
        (torch.randn(2, 24, 6),),
    )


def hiera_model() -> Twin:
    return Twin(
        typed.Hiera(8, (1, 2, 2, 1), 1, (64, 96), classes=7),
        hiera.build(TINY_HIERA),
        (torch.randn(2, 3, 64, 96),),
        {
            "encoder.": "",
            "encoder.patches.projection.": "patches.",
            "encoder.positions.table": "positions",
        },
    )


# --- DeiT ---------------------------------------------------------------------------------------

TINY_DEIT = deit.DeiTConfig(12, 3, 2, image_size=(16, 24), patch_size=4, num_classes=7)


def patch_embedding() -> Twin:
    ours = deit.build(TINY_DEIT).patches
    return Twin(typed.PatchEmbedding(12, 4), ours, (torch.randn(2, 3, 16, 24),))


def deit_model() -> Twin:
    return Twin(
        typed.DeiT(12, 2, 3, (16, 24), 4, classes=7),
        deit.build(TINY_DEIT),
        (torch.randn(2, 3, 16, 24),),
        {},
        lambda ours, images: logits_of(ours(images)),
    )


def logits_of(output: "deit.DeiTOutput") -> tuple[Tensor, Tensor]:
    return output.class_logits, output.distillation_logits


TWINS: dict[str, Callable[[], Twin]] = {
    "MultiHeadAttention": multi_head_attention,
    "MLP": mlp,
    "SelfAttentionLayer": self_attention_layer,
    "CrossAttentionLayer": cross_attention_layer,
    "FourierPositions": fourier_positions,
    "LearnedPositions": learned_positions,
    "PixelPreprocessor": pixel_preprocessor,
    "ConvPreprocessor": conv_preprocessor,
    "ConvPreprocessor, learned positions": conv_preprocessor_learned,
    "TextPreprocessor": text_preprocessor,
    "FlowPreprocessor": flow_preprocessor,
    "VideoPreprocessor": video_preprocessor,
    "AudioPreprocessor": audio_preprocessor,
    "OneHotPreprocessor": one_hot_preprocessor,
    "MultimodalPreprocessor": multimodal_preprocessor,
    "PerceiverEncoder": perceiver_encoder,
    "LearnedQueries": learned_queries,
    "MultimodalQueries": multimodal_queries,
    "PerceiverDecoder": perceiver_decoder,
    "TiedHead": tied_head,
    "FlowHead, after the last linear map": flow_head,
    "PerceiverIO, image classifier": image_classifier,
    "PerceiverIO, language model": language_model,
    "PerceiverIO, optical flow": optical_flow,
    "PerceiverIO, multimodal": multimodal,
    "MaskUnitAttention": mask_unit_attention,
    "HieraLayer": hiera_layer,
    "Hiera": hiera_model,
    "PatchEmbedding": patch_embedding,
    "DeiT": deit_model,
}


# --- the page -----------------------------------------------------------------------------------

HEAD = """# Twins

What readers type in the notebooks, and the package's class of the same name. Ours may take more
options. A typed module loads its weights once the beginnings of some names are replaced, and then
gives the same numbers: [tests/course/test_twins.py](../tests/course/test_twins.py).
`python tests/support/twins.py` writes this page.

| Class | As typed | Parameters and parts | Ours → typed |
|:--|:--|:--|:--|
"""


def page() -> str:
    """The table as docs/twins.md has it."""
    return HEAD + "\n".join(rows()) + "\n"


def rows() -> Iterator[str]:
    for name, twin in TWINS.items():
        both = twin()
        typed_class = TYPED_CLASSES[name.partition(",")[0]]
        file = Path(inspect.getsourcefile(type(both.ours))).relative_to(ROOT).as_posix()
        signature = f"`{inspect.signature(typed_class)}`".replace("Identity()", "nn.Identity()")
        names = ", ".join(
            f"`{old}` → " + (f"`{new}`" if new else "nothing") for old, new in both.names.items()
        )
        cells = (f"[{name}](../{file})", signature, parts(both.typed), names or "the same names")
        yield f"| {' | '.join(cells)} |"


def parts(module: nn.Module) -> str:
    """The names that a module itself gives."""
    own = dict(module.named_parameters(recurse=False)) | dict(module.named_children())
    return ", ".join(f"`{name}`" for name in own) or "none"


if __name__ == "__main__":
    (ROOT / "docs/twins.md").write_text(page(), encoding="utf-8")
