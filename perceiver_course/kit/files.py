"""Where the files lie that the course reads."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
