"""Scores of a recipe under several choices, written down seed by seed, with its fingerprint."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Notes:
    """A file of scores.

    Attributes:
        file: where they are written down.
        fingerprint: of the recipe; scores of another one are not kept.
        command: measures what is missing.
    """

    file: Path
    fingerprint: str
    command: str

    def write(self, choice: str, seed: int, scores: Sequence[int | float]) -> None:
        """Write scores down beside those that other choices and seeds of this recipe reached."""
        known = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        if known.get("fingerprint") != self.fingerprint:
            known = {"fingerprint": self.fingerprint, "scores": {}}
        row = known["scores"].setdefault(choice, {})
        row[str(seed)] = [round(score, 4) for score in scores]
        beside = self.file.with_suffix(".part")
        beside.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        beside.replace(self.file)

    def read(self) -> dict[str, list[list[int | float]]]:
        """Choice -> the scores of every seed.

        Raises:
            FileNotFoundError: if nothing was measured.
        """
        if not self.file.exists():
            raise FileNotFoundError(
                f"expected scores in {self.file}. Measure them: {self.command}."
            )
        found = json.loads(self.file.read_text(encoding="utf-8"))["scores"]
        return {choice: list(of_seed.values()) for choice, of_seed in found.items()}
