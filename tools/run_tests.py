"""Run the tests: all of them, or what you name.

python tutorial.py test                       the unit tests, then every notebook
python tutorial.py test -k attention          the unit tests that pytest finds by these words
python tutorial.py test notebooks             every notebook, or those whose files you name
python tutorial.py test-numbers sse4          the numeric tests as on a lesser processor, or avx2
python tutorial.py test-browser               JupyterLab in a real Chromium
"""

import os
import sys
import time
from pathlib import Path

from tutorial import call

WORKERS = "2"
PYTEST = ["-m", "pytest", "-q", "--color=" + ("auto" if sys.stdout.isatty() else "no")]
UNITS = [*PYTEST, "-m", "not browser", "--durations=25", "-n", WORKERS, "--dist", "loadgroup"]
NOTEBOOKS = [
    *(*PYTEST, "--nbval-lax", "--nbval-current-env"),
    *("--nbval-cell-timeout=120", "--nbval-kernel-startup-timeout=120"),
    "--nbval-sanitize-with=tests/nbval_sanitize.cfg",
    *("-n", WORKERS, "--dist", "loadscope"),  # one kernel per notebook: cells must not scatter
]
BROWSER = [*PYTEST, "-m", "browser", "tests/gates/test_browser.py"]
PROCESSORS = {  # how torch, oneDNN and MKL are told to compute as on a lesser one
    "sse4": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_CBWR": "COMPATIBLE",
    },
}
NUMBERS = [*PYTEST, "-m", "numeric and not slow", "-n", WORKERS, "--dist", "loadgroup"]


def parts(words: list[str]) -> dict[str, list[str]]:
    """The runs that the words ask for: notebooks go to nbval, all else to pytest."""
    if not words:
        return {"unit tests": UNITS, "notebooks": [*NOTEBOOKS, "notebooks"]}
    if words[0] == "--browser":
        return {"browser": [*BROWSER, *words[1:]]}
    if words[0] == "--numbers":
        return {"numeric tests": [*NUMBERS, *words[1:]]}
    if any(word.endswith(".ipynb") or Path(word).name == "notebooks" for word in words):
        return {"notebooks": [*NOTEBOOKS, *words]}
    return {"unit tests": [*PYTEST, *words]}


def main(words: list[str]) -> int:
    """Do one part after the other, say how each ended; the worst exit status."""
    if words[:1] == ["--numbers"] and words[1:2] and words[1] in PROCESSORS:
        os.environ.update(PROCESSORS[words[1]])
        words = [words[0], *words[2:]]
    lines, worst = [], 0
    for name, part in parts(words).items():
        started = time.time()
        status = call([sys.executable, *part])
        ended = f"FAILED, status {status}," if status else "passed"
        lines.append(f"{name}: {ended} in {time.time() - started:.0f} s")
        worst = max(worst, status)
    print(*lines, sep="\n")
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
