"""What two chapters or explorers need; here, where the files lie that the course reads."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALLED = Path(__file__).parents[1] / "data"
DATA = INSTALLED if INSTALLED.is_dir() else ROOT / "data"  # in a wheel, or in a copy of the course
