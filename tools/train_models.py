"""Train the small models that come with the course, and store them in data/models.

python tools/train_models.py                all
python tools/train_models.py NAME ...       these
python tools/train_models.py --seeds ...    train five further seeds instead, and write their
                                            scores into data/seeds.json
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_model

from perceiver_course.kit.recipes.recipe import FOLDER
from perceiver_course.kit.recipes.scores import FILE, Measured, measure, write_down
from perceiver_course.recipes import RECIPES


def store(name: str, folder: Path) -> float:
    """Train one model, write it beside its place, move it there; its score."""
    recipe = RECIPES[name]
    model, _ = recipe.train()
    score = recipe.score(model)
    if score < recipe.at_least:
        raise RuntimeError(f"{name} scores {score:.3f}, expected at least {recipe.at_least}.")
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{name}.part"
    save_model(model, str(beside))
    beside.replace(folder / f"{name}.safetensors")
    return score


def store_seeds(name: str, file: Path) -> Measured:
    """Train every seed of one recipe and write down what each scored."""
    found = measure(RECIPES[name])
    worst = min(found.scores)
    if worst < RECIPES[name].at_least:
        raise RuntimeError(f"a seed of {name} scores {worst:.3f}: {found.scores}.")
    write_down(name, found, file)
    return found


def main(words: list[str], folder: Path = FOLDER, file: Path = FILE) -> int:
    """Train what was asked for; 0 if all of it exists."""
    names = [word for word in words if word != "--seeds"]
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        print(f"no recipe for {', '.join(unknown)}; there are {', '.join(RECIPES)}.")
        return 2
    torch.set_num_threads(1)
    for name in names or RECIPES:
        found = store_seeds(name, file) if "--seeds" in words else f"{store(name, folder):.3f}"
        print(f"{name:24} {found}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
