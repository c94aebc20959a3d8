"""What is said about the Perceiver that reads bytes: the bytes, their ids, how many there are."""

from dataclasses import replace

import measured
import pytest
import theirs
import torch
from measured import cost_of, gflop
from shaken import relative_error, shake
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertForMaskedLM, PerceiverTokenizer

from perceiver_course import claim
from perceiver_tutorial.perceiver import TINY, build
from perceiver_tutorial.perceiver.tokenizer import encode_text

pytestmark = pytest.mark.usefixtures("no_gradients")

HELLO = "hello world"
SENTENCE = "This is an incomplete sentence where some words are missing."
LANGUAGE = theirs.MASKED_LANGUAGE


@pytest.fixture(scope="module")
def tokenizer():
    return PerceiverTokenizer()


def is_equal(ours, others):
    return relative_error(ours, others) < 1e-5


def our_tiny():
    """Ours with room for as many bytes as transformers' tiny one."""
    return shake(build(replace(TINY[measured.BYTES], max_bytes=20)))


# -- bytes and ids -------------------------------------------------------------------------


def test_an_id_is_a_byte_and_six_more(tokenizer):
    found = {text: tokenizer(text).input_ids for text in (HELLO, "é")}
    for text, ids in found.items():
        assert ids[1:-1] == [byte + 6 for byte in text.encode()]
        assert encode_text([text], length=None).ids.tolist() == [ids]
    claim("pio.text.raw-bytes", found)


def test_a_tokenizer_from_a_folder_is_one_from_nowhere(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = PerceiverTokenizer.from_pretrained(tmp_path)
    found = {
        "kind": type(loaded).__name__,
        "vocabulary files": len(loaded.vocab_files_names),
        "longest": tokenizer.model_max_length,
        "same ids": loaded(SENTENCE).input_ids == tokenizer(SENTENCE).input_ids,
    }
    claim("pio.text.tokenizer-from-pretrained", found)


def test_texts_are_padded_to_2048_ids(tokenizer):
    padded = tokenizer(HELLO, padding="max_length", return_tensors="pt")
    assert {ids.dtype for ids in padded.values()} == {torch.int64}
    ours = encode_text([HELLO])
    assert torch.equal(ours.ids, padded.input_ids)
    assert torch.equal(ours.mask, padded.attention_mask.bool())
    shapes = {name: ids.shape for name, ids in padded.items()}
    claim("pio.text.padded-length", {**shapes, "real ids": int(padded.attention_mask.sum())})


def span(ids, part):
    """Where a part of the ids stands: from, and up to."""
    start = next(i for i in range(len(ids)) if ids[i : i + len(part)] == part)
    return [start, start + len(part)]


def test_two_special_ids_shift_all_bytes_by_one(tokenizer):
    ids = tokenizer(SENTENCE).input_ids
    bare = encode_text([SENTENCE], special=False).ids[0].tolist()
    missing = [byte + 6 for byte in b" missing."]
    found = {
        "added": tokenizer.convert_ids_to_tokens([ids[0], ids[-1]]),
        "transformers": span(ids, missing),
        "bytes alone": span(bare, missing),
    }
    claim("pio.text.adds-cls-sep", found)


def test_there_are_256_bytes_and_6_special_ids(tokenizer):
    table = theirs.published(LANGUAGE).perceiver.input_preprocessor.embeddings
    special = {
        token: tokenizer.convert_tokens_to_ids(token) for token in tokenizer.get_added_vocab()
    }
    found = {
        "rows": table.num_embeddings,
        "tokenizer": len(tokenizer),
        "its vocab_size": tokenizer.vocab_size,
        "special": special,
    }
    claim("pio.text.vocab-size", found)


def bert_flops(length):
    """Operations of BERT base, its head over all words included."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        model = BertForMaskedLM(BertConfig(max_position_embeddings=length))
        model.eval().requires_grad_(False)(torch.zeros(1, length, dtype=torch.long))
    return gflop(counter.get_total_flops())


def test_2048_bytes_cost_a_perceiver_what_512_words_cost_bert(tokenizer):
    words, letters = BertConfig().max_position_embeddings, tokenizer.model_max_length
    found = {
        "words": words,
        "bytes": letters,
        "BERT GFLOP": bert_flops(words),
        "Perceiver GFLOP": gflop(cost_of(measured.BYTES).total.flops),
        "BERT GFLOP on bytes": bert_flops(letters),
    }
    claim("pio.text.bert-512", found)


def masked_as_in_pretraining(tokenizer):
    """A tiny model, a sentence with two words masked, and what stood there."""
    ids = torch.tensor([tokenizer(SENTENCE).input_ids])
    hidden = torch.zeros_like(ids, dtype=torch.bool)
    for word in (b" words", b" missing"):
        start, stop = span(ids[0].tolist(), [byte + 6 for byte in word])
        hidden[:, start + 1 : stop] = True
    labels = ids.masked_fill(~hidden, -100)
    model = theirs.tiny(LANGUAGE, max_position_embeddings=ids.shape[1])
    return model, ids.masked_fill(hidden, tokenizer.mask_token_id), labels


def test_text_of_any_script_can_be_masked_and_guessed(tokenizer):
    model, ids, labels = masked_as_in_pretraining(tokenizer)
    output, hidden = model(ids, labels=labels), labels != -100
    loss = cross_entropy(output.logits[hidden], labels[hidden])
    scripts = ["Encyclopædia", "Βικιπαίδεια", "ウィキペディア"]
    back = [tokenizer.decode(tokenizer(s).input_ids, skip_special_tokens=True) for s in scripts]
    found = {
        "mask id": int(ids[hidden].unique()),
        "bytes guessed": int(hidden.sum()),
        "loss of those only": bool(torch.isclose(loss, output.loss)),
        "scripts that come back": sum(a == b for a, b in zip(scripts, back, strict=True)),
    }
    claim("pio.text.pretraining-data", found)


# -- padding and length --------------------------------------------------------------------


def test_padding_is_read_unless_a_mask_forbids_it():
    padded = theirs.tiny_input(LANGUAGE)["inputs"] % 256 + 6
    padded[:, 8:] = 0
    mask = padded != 0
    model, ours = theirs.tiny(LANGUAGE), our_tiny()
    runs = {
        "transformers": lambda ids, mask=None: model(ids, attention_mask=mask).logits[:, :8],
        "ours": lambda ids, mask=None: ours(ids, mask=mask)[:, :8],
    }
    as_if_unpadded = {}
    for name, run in runs.items():
        answers = {"with mask": run(padded, mask), "without": run(padded)}
        short = run(padded[:, :8])
        as_if_unpadded[name] = {how: is_equal(answer, short) for how, answer in answers.items()}
    claim("pio.text.attention-mask-dropped", as_if_unpadded)


def error_for_a_text_of(length, model):
    with pytest.raises((IndexError, ValueError)) as error:
        model(torch.zeros(1, length, dtype=torch.long))
    return error.type.__name__


def test_one_byte_too_many_is_refused():
    positions = theirs.published(LANGUAGE).perceiver.input_preprocessor.position_embeddings
    found = {
        "rows": positions.num_embeddings,
        "transformers": error_for_a_text_of(21, theirs.tiny(LANGUAGE)),
        "ours": error_for_a_text_of(21, our_tiny()),
    }
    claim("pio.text.max-length-enforced", found)


def test_transformers_answers_for_every_place_there_could_be():
    ids = theirs.tiny_input(LANGUAGE)["inputs"]
    found = {"ids": ids.shape[1], "transformers": theirs.tiny(LANGUAGE)(ids).logits.shape[1]}
    claim("pio.text.mlm-fixed-output-length", {**found, "ours": our_tiny()(ids).shape[1]})
