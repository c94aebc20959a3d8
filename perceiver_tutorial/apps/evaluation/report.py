"""How often the model was right, beside what was published."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .folder import Folder
from .published import Accuracy
from .results import Run


@dataclass(frozen=True)
class Report:
    """Top-1 and top-5 over the pictures that were read.

    Attributes:
        run: what was run.
        num_pictures: counted.
        num_classes: that occur among them.
        top1: how many have their class first.
        top5: how many have it among the first five.
        order: how labels were taken for classes.
        problems: pictures that could not be read, and why.
        left_out: other files in the folder, and why they are not counted.
        num_left: pictures that were not reached, when somebody pressed Ctrl-C.
        published: accuracy of a published model.
        file: where the outcomes are.
    """

    run: Run
    num_pictures: int
    num_classes: int
    top1: int
    top5: int
    order: str
    problems: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    num_left: int = 0
    published: Accuracy | None = None
    file: str = ""

    def __str__(self) -> str:
        top1, top5 = self.published or (None, None)
        lines = [
            f"{self.run.model}, {self.num_pictures:,} pictures of {self.num_classes:,} classes in "
            f"{self.run.folder}",
            f"prepared: {self.run.preparation}",
            f"labels are classes {self.order}",
            "       here             published",
            self._line("top-1", self.top1, top1),
            self._line("top-5", self.top5, top5),
            "± is one standard error: how far chance moves a share of so many pictures",
        ]
        if self.file:
            lines.append(f"results: {self.file}")
        lines += _listed(self.problems, "could not be read and are not counted")
        lines += _listed(self.left_out, "other files are not counted")
        if self.num_left:
            lines.append(
                f"stopped with {self.num_left:,} pictures left: the same command goes on from here"
            )
        return "\n".join(lines)

    def _line(self, name: str, right: int, published: float | None) -> str:
        said = "-" if published is None else f"{published:.1f} %"
        if not self.num_pictures:
            return f"{name}    -              {said}"
        share = right / self.num_pictures
        error = math.sqrt(share * (1 - share) / self.num_pictures)
        return f"{name}  {share * 100:5.1f} % ± {error * 100:<4.1f}   {said}"


def _listed(names: Mapping[str, str], what: str) -> Iterator[str]:
    """The first ten of them, each with its reason."""
    if names:
        yield f"{len(names):,} {what}:"
    yield from (f"  {name}: {why}" for name, why in list(names.items())[:10])
    if len(names) > 10:
        yield f"  and {len(names) - 10:,} more"


def judge(
    run: Run,
    folder: Folder,
    best: Mapping[str, Sequence[int]],
    problems: Mapping[str, str],
    published: Accuracy | None = None,
    file: str = "",
) -> Report:
    """Count, over the pictures that are in the folder now.

    Args:
        run: what was run.
        folder: what lies in it.
        best: name -> up to five classes, the highest score first.
        problems: name -> why a picture could not be read.
        published: accuracy to compare with.
        file: where the outcomes are.
    """
    pictures = folder.pictures
    seen = [picture for picture in pictures if picture.name in best]
    broken = {p.name: problems[p.name] for p in pictures if p.name in problems}
    return Report(
        run=run,
        num_pictures=len(seen),
        num_classes=len({picture.label for picture in seen}),
        top1=sum(p.label == best[p.name][0] for p in seen),
        top5=sum(p.label in best[p.name][:5] for p in seen),
        order=folder.order,
        problems=broken,
        left_out=folder.left_out,
        num_left=len(pictures) - len(seen) - len(broken),
        published=published,
        file=file,
    )
