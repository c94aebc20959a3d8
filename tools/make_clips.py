"""Make the tiny audio-video set of the course, data/clips.npz, by arithmetic.

python tools/make_clips.py
"""

import sys
from pathlib import Path

import numpy as np

from perceiver_course.kit.clips import FILE, clips, stored_clips

NUM_CLIPS, SEED = 64, 1_000_000


def main(file: Path = FILE) -> int:
    """Write the file; 0 if that went well."""
    beside = file.with_name(f"part-{file.name}")
    np.savez_compressed(beside, **stored_clips(clips(NUM_CLIPS, SEED)))
    beside.replace(file)
    print(f"{file.name}: {NUM_CLIPS} clips, {file.stat().st_size:,} bytes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
