"""`python -m perceiver_tutorial doctor` is `perceiver-tutorial doctor`."""

import sys

from .apps.cli import main

if __name__ == "__main__":
    sys.exit(main())
