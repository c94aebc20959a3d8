"""Where the truth of a prediction comes from: a walk, or a computation."""

from collections.abc import Callable
from dataclasses import dataclass

from ...tracing import walk
from ..predict import Prediction


@dataclass(frozen=True, kw_only=True)
class WalkedPrediction(Prediction):
    """A prediction about one stop of a published model's walk.

    Attributes:
        model: published name.
        stage: name of the stop.
        depth: how far inside it lies, as in `walk`.
    """

    model: str
    stage: str
    depth: int | None = 2

    def true_shape(self) -> tuple[int, ...]:
        """What the walk says."""
        return walk(self.model, depth=self.depth)[self.stage].shape


@dataclass(frozen=True, kw_only=True)
class ComputedPrediction(Prediction):
    """A prediction about an array that a few lines of the course compute.

    Attributes:
        compute: makes an array of the shape in question, or gives that shape.
    """

    compute: Callable[[], object]

    def true_shape(self) -> tuple[int, ...]:
        """What comes out."""
        made = self.compute()
        return tuple(getattr(made, "shape", made))
