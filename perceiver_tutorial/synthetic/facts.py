"""Questions whose answers stand in the text: who sold what to whom, and where."""

from random import Random
from typing import NamedTuple

from ..doors import checked
from .names import invented_names

ITEMS = ("key", "map", "hat", "pen", "cup", "bag", "fan", "jar")
ASKED = {
    "Who sold?": "seller",
    "Who bought?": "buyer",
    "What?": "item",
    "Where?": "place",
}
REPORTS = (
    "{seller} sold the {item} to {buyer} in {place}.",
    "{buyer} bought the {item} from {seller} in {place}.",
    "In {place}, {seller} sold {buyer} the {item}.",
    "In {place}, {buyer} got the {item} from {seller}.",
)


class Question(NamedTuple):
    """A question, a text that answers it, and where.

    Attributes:
        text: the question, a space, then the report.
        start: place of the answer's first character.
        stop: one after its last, as in a slice.
    """

    text: str
    start: int
    stop: int

    @property
    def answer(self) -> str:
        """What is to be found."""
        return self.text[self.start : self.stop]


@checked
def questions(num_questions: int, seed: int = 0, held_out: bool = False) -> list[Question]:
    """Draw reports of sales among invented people, and ask for one of four things in each.

    Args:
        num_questions: how many.
        seed: the same seed draws the same questions.
        held_out: with names that are not for training.

    >>> one = questions(1)[0]
    >>> one.text, one.answer
    ('Who sold? In Dabama, Kikosi sold Kifipo the fan.', 'Kikosi')
    """
    random = Random(f"{seed} {held_out}")
    names = invented_names(held_out)
    return [_drawn(random, names) for _ in range(num_questions)]


def _drawn(random: Random, names: tuple[str, ...]) -> Question:
    seller, buyer, place = random.sample(names, 3)
    said = {"seller": seller, "buyer": buyer, "place": place, "item": random.choice(ITEMS)}
    question, wanted = random.choice(tuple(ASKED.items()))
    report = random.choice(REPORTS)
    before = f"{question} {report.split(f'{{{wanted}}}')[0]}".format(**said)
    return Question(
        f"{question} {report.format(**said)}", len(before), len(before) + len(said[wanted])
    )
