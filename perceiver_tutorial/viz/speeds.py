"""How wrong motion is told, over how fast things move."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from ..doors import checked
from .lines import COLOURS, DASHES, MARKERS
from .picture import INK, Picture, open_frame


@checked
def draw_errors_by_speed(
    speeds: Float[Tensor, " speeds"],
    errors: Mapping[str, Float[Tensor, " speeds"]],
    learned_to: float,
) -> Picture:
    """A curve of mean errors for each method, and a band for the speeds that were learned from.

    Args:
        speeds: of the true motion, in pixels.
        errors: method -> mean end-point error at each speed, in pixels.
        learned_to: the fastest motion in the training, in pixels.
    """
    figure = Figure(figsize=(6.0, 3.0), layout="constrained")
    axes = figure.add_subplot()
    axes.axvspan(0, learned_to, color="#EEEEEE", linewidth=0)
    axes.text(learned_to / 2, 0.97, "learned from", ha="center", va="top", fontsize=8, color=INK,
              transform=axes.get_xaxis_transform())  # fmt: skip
    for number, (name, error) in enumerate(errors.items()):
        look = {"color": COLOURS[number % 4], "linestyle": DASHES[number % 4]}
        axes.plot(speeds.numpy(), error.numpy(), marker=MARKERS[number % 4], label=name, **look)
    axes.set(
        xlabel="true motion, in pixels", ylabel="end-point error", ylim=(0, None), xlim=(0, None)
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, 0.9))
    open_frame(axes)
    ends = "; ".join(f"{n} from {e[0]:.1f} to {e[-1]:.1f}" for n, e in errors.items())
    told = f"motion of {speeds[0]:.1f} to {speeds[-1]:.1f} pixels, learned up to {learned_to:.1f}"
    return Picture(figure, f"End-point errors over {told}: {ends}.")
