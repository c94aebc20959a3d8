"""What is said about the Perceiver in AlphaStar, as far as sizes can tell."""

from dataclasses import replace

from perceiver_course import claim
from perceiver_tutorial.perceiver import ALPHASTAR_ENTITIES
from perceiver_tutorial.tracing import cost, walk


def test_the_replacement_takes_entities_and_gives_entities_and_nothing_else():
    steps = walk(ALPHASTAR_ENTITIES)
    found = {
        "entities in": steps["raw"].shape,
        "latents": steps["encoder"].shape[1],
        "layers": steps["encoder.blocks.0.0"].runs,
        "entities out": steps["answer"].shape,
    }
    claim("pio.sc2.replace", found)


def test_the_number_of_latents_is_a_choice_and_changes_only_the_table_and_the_cost():
    encoder = ALPHASTAR_ENTITIES.encoder
    counted = {
        latents: cost(
            replace(ALPHASTAR_ENTITIES, encoder=replace(encoder, num_latents=latents))
        ).total
        for latents in (32, 64)
    }
    found = {
        "latents": list(counted),
        "parameters": [total.parameters for total in counted.values()],
        "MFLOP": [round(total.flops / 1e6) for total in counted.values()],
    }
    claim("pio.sc2.no-tuning", found)
