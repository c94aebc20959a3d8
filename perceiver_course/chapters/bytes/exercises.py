"""Exercises about text as bytes: UTF-8, ids, tables, padding, and a shorter code."""

import re
from collections.abc import Callable, Sequence

import torch
from einops import reduce
from jaxtyping import Bool, Float
from torch import Tensor

from perceiver_tutorial.perceiver import decode_text, encode_text

from ...kit import samples
from ...kit.exercises import BugHunt, Draw, Exercise, Project, Repair, Slip, Stage
from ...kit.predictions import Prediction, walked


def _text(draw: Draw) -> tuple[str]:
    first, last = draw.choice(("é", "漢", "ß😀")), draw.choice(("n", "Tor", "a b"))
    return (first + last,)


def _ids(text: str, shift: int = 6, ends: tuple[int, ...] = (4, 5)) -> list[int]:
    first, last = ends[:1], ends[1:]
    return [*first, *(byte + shift for byte in text.encode()), *last]


def _two_bytes(
    number: int, marks: tuple[int, int] = (0b11000000, 0b10000000), mask: int = 0b111111
) -> list[int]:
    return [marks[0] | number >> 6, marks[1] | number & mask]


def _sizes_of_tables(draw: Draw) -> tuple[int, int, int]:
    return tuple(draw.sizes(3, 10, 300))


def _table_parameters(vocabulary: int, places: int, channels: int, more: int = 0) -> int:
    return (vocabulary + more + places) * channels


TEXT_TO_IDS = Exercise(
    task="return the ids of a text as a list: 4 for [CLS], its bytes, 5 for [SEP].",
    inputs=_text,
    reference=_ids,
    slips=(
        Slip("[CLS] and [SEP] are missing.", {"ends": ()}),
        Slip("[SEP] is missing at the end.", {"ends": (4,)}),
        Slip("[CLS] is 4 and comes first, [SEP] is 5 and comes last.", {"ends": (5, 4)}),
        Slip("1 and 2 are [BOS] and [EOS]; [CLS] is 4 and [SEP] is 5.", {"ends": (1, 2)}),
        Slip("[CLS] and [SEP] are ids already: only bytes are shifted.", {"ends": (10, 11)}),
        Slip(
            "these are the numbers of characters; é is two bytes: text.encode().",
            lambda text: [4, *(ord(character) + 6 for character in text), 5],
        ),
        Slip("a byte's id is the byte + 6; ids 0 to 5 are special.", {"shift": 0}),
        Slip("ids 0 to 5 are special: that makes six, and byte 0 has the id 6.", {"shift": 5}),
    ),
)

TWO_BYTES = Exercise(
    task="return the two bytes of a character from its number, 128 to 2047: 110 and its upper five "
    "bits, then 10 and its lower six.",
    inputs=lambda draw: (draw.size(128, 2047),),
    reference=_two_bytes,
    slips=(
        Slip(
            "the bits are right, the marks are missing: 0b11000000 and 0b10000000.",
            {"marks": (0, 0)},
        ),
        Slip("the second byte is marked with 10, not with 110.", {"marks": (192, 192)}),
        Slip("the marks have changed places: 110 begins the first byte.", {"marks": (128, 192)}),
        Slip(
            "the second byte has six bits of its own; take the others away with & 0b111111.",
            {"mask": -1},
        ),
        Slip(
            "turned round: the upper bits come first.",
            lambda number: _two_bytes(number)[::-1],
        ),
        Slip(
            "the lower byte holds six bits, not five: shift by 6.",
            lambda number: [0b11000000 | number >> 5, 0b10000000 | number & 0b11111],
        ),
        Slip(
            "UTF-8 splits eleven bits into five and six and marks both; it is no number of two "
            "bytes.",
            lambda number: [number // 256, number % 256],
        ),
        Slip("the marks stand in the highest bits: 0b11000000 and 0b10000000.", {"marks": (6, 2)}),
    ),
)

BYTE_PARAMETERS = Exercise(
    task="return how many parameters a text preprocessor has: a row of `channels` for each id, "
    "and one for each position.",
    inputs=_sizes_of_tables,
    reference=_table_parameters,
    slips=(
        Slip(
            "the two tables are added to one another, not multiplied.",
            lambda vocabulary, places, channels: vocabulary * places * channels,
        ),
        Slip(
            "there is a table of positions, too.",
            lambda vocabulary, _places, channels: vocabulary * channels,
        ),
        Slip(
            "there is a table of ids, too.", lambda _vocabulary, places, channels: places * channels
        ),
        Slip("6 special ids and 256 bytes have rows: 262 counts them already.", {"more": 6}),
        Slip("an embedding is a table alone; it has no bias.", {"more": 1}),
        Slip(
            "every row holds `channels` numbers.", lambda vocabulary, places, _: vocabulary + places
        ),
    ),
)


def _rows_and_mask() -> tuple[Tensor, Tensor]:
    """Two texts of up to 5 rows of width 4; of the second, two rows are padding."""
    generator = torch.Generator().manual_seed(0)
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    return torch.randn(2, 5, 4, generator=generator), mask


def _mean_of_text(
    rows: Float[Tensor, "batch inputs channels"], mask: Bool[Tensor, "batch inputs"]
) -> Float[Tensor, "batch channels"]:
    return (rows * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def _survives_padding(average) -> bool:
    rows, mask = _rows_and_mask()
    more_rows = torch.cat([rows, torch.ones(2, 3, 4)], dim=1)
    more_mask = torch.cat([mask, torch.zeros(2, 3, dtype=torch.bool)], dim=1)
    return torch.allclose(average(more_rows, more_mask), average(rows, mask), atol=1e-6)


SURVIVES_PADDING = BugHunt(
    task="`average(rows, mask)` returns the mean of each text's rows, padding left out, for rows "
    "[2, 5, 4] and mask [2, 5]. Return whether more padding leaves it the same.",
    inputs=_rows_and_mask,
    right=_mean_of_text,
    bugs=(
        lambda rows, _mask: reduce(rows, "b n c -> b c", "mean"),
        lambda rows, mask: reduce(rows * mask[..., None], "b n c -> b c", "mean"),
        lambda rows, mask: (rows * ~mask[..., None]).sum(1),
    ),
    reference=_survives_padding,
)


def _word(draw: Draw) -> str:
    return "".join(chr(ord("a") + n) for n in draw.randint(26, draw.size(low=4)).tolist())


def _round_trip(encode: Callable, draw: Draw) -> str:
    word = _word(draw)
    read = decode_text(encode([word], 16)[0][0])
    return "" if read == word else f"{word!r} is written, and {read!r} is read back."


def _all_bytes(encode: Callable, draw: Draw) -> str:
    (text,) = _text(draw)
    ids, wanted = encode([text], 24)[0][0], encode_text([text], 24).ids[0]
    if torch.equal(ids, wanted):
        return ""
    count = f"{int((ids != 0).sum())} ids are there, {int((wanted != 0).sum())} are needed"
    return f"{text!r} is {len(text.encode())} bytes between [CLS] and [SEP]: {count}."


def _mask_of_text(encode: Callable, draw: Draw) -> str:
    texts = [_word(draw), "a", f"{_word(draw)} {_word(draw)}"]
    mask, wanted = encode(texts, 24)[1], encode_text(texts, 24).mask
    if torch.equal(mask, wanted):
        return ""
    return f"{int(mask.sum())} ids are marked True, {int(wanted.sum())} are no padding."


ENCODE = Repair(
    task="`encode(texts, length)` returns ids [texts, length] with [CLS] and [SEP], padded with 0, "
    "and the mask: True where an id is no padding.",
    stages=(
        Stage(_round_trip, "Look at the number that is added to a byte: six ids are special."),
        Stage(_all_bytes, "Look at what is counted: characters, or bytes."),
        Stage(_mask_of_text, "Look at the condition of the mask: which ids does it leave out?"),
    ),
)


def _ids_per_character(strings: Sequence[str]) -> float:
    """How many ids held-out English takes for each character, if these strings are one id each."""
    text = "\n".join(samples.prose().test_lines)
    longest_first = sorted(strings, key=len, reverse=True)
    return len(re.sub("|".join(map(re.escape, longest_first)) or "$^", "\0", text)) / len(text)


SHORTER = Project(
    name="bytes.shorter",
    task="13 rows of the table are never read. Give each a string of its own: return a "
    "list of at most 13 strings. How many ids does held-out English take for each character? "
    "`samples.prose().train_lines` is there to choose by.",
    score=_ids_per_character,
    rivals={"a byte each": 1.0, "the 13 most frequent pairs": 0.86},
    limits={"strings": (len, 13)},
    is_lower_better=True,
)


PREDICTIONS = {
    "bytes.ids": Prediction(
        question="the text 'é 漢😀' becomes ids, with [CLS] and [SEP]. Which shape have they?",
        formula="B, 1 + 2 + 1 + 3 + 4 + 1",
        symbols={"B": 1},
        slips={
            "B, 1 + 1 + 1 + 1 + 1 + 1": "one id for each byte, not for each character.",
            "B, 2 + 1 + 3 + 4": "[CLS] and [SEP] are ids as well.",
            "B, 1 + 2 + 3 + 4 + 1": "the space is a byte, too.",
        },
        compute=lambda: encode_text(["é 漢😀"], length=None).ids,
    ),
    "bytes.input-array": walked(
        question="2048 ids become an input array; every id has a row of 768. Which shape has it?",
        step=("deepmind/language-perceiver", "preprocessor"),
        slips={
            "B, M, 2*C": "positions are added here, not appended: the width stays.",
            "B, M, 262": "that would be one-hot; a table turns each id into 768 numbers.",
            "B, C, M": "one row for each byte; channels come last.",
            "B, M, D": "1280 is the latents' width; what they read may have another.",
        },
    ),
}
