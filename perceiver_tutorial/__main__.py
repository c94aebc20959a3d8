"""`python -m perceiver_tutorial doctor` is `perceiver-tutorial doctor`."""

import sys

from .apps.cli import main

sys.exit(main())
