"""Plant bugs, one at a time, and show which tests notice: python tutorial.py mutants [NAME ...].

Names are those of tables (floor, perceiver, losses, hiera, deit, around) or parts of those of bugs;
without any, all are tried. Bugs are planted in a copy; the working tree stays as it is. After every
bug the results are written to mutants/results.json, and in the end the page mutants/README.md.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tutorial import REPRODUCIBLE

from . import report
from .planting import Seen, copied, planted, run
from .table import Mutant, chosen, read_tables


def main(words: list[str]) -> int:
    """Do what was asked; 0 when enough bugs were noticed, and all others are explained."""
    options = _options(words)
    os.environ.update(REPRODUCIBLE)
    if options.report:
        return tell(read_tables())
    try:
        wanted = chosen(options.names)
        with copied() as copy:
            found = try_all(copy, wanted, options.fast)
    except (ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was found is kept.", file=sys.stderr)
        return 130
    print(f"\n{report.matrix(wanted, found)}\n\n{report.summary(wanted, found)}")
    if not options.fast:
        tell(read_tables())
    return report.verdict(wanted, found)


def try_all(copy: Path, wanted: Sequence[Mutant], fast: bool) -> report.Results:
    """What the tests make of every bug; with `fast` only of which there is one, and not kept.

    Raises:
        RuntimeError: if a test is red without any bug.
    """
    began = time.time()
    print(f"{len(wanted)} bugs. First the same tests without any ...", flush=True)
    demand_green(run(copy, [t for m in wanted for t in m.targets()], seconds=None, compiled=True))
    print(f"green, {time.time() - began:.0f} s", flush=True)
    found: report.Results = {}
    for number, mutant in enumerate(wanted, 1):
        found[mutant.id] = try_one(copy, mutant, fast)
        seen, seconds = found[mutant.id]["seen"], found[mutant.id]["seconds"]
        print(f"{number:3} {mutant.id}: {noticed(seen)}, {seconds:.0f} s", flush=True)
        if not fast:
            report.write({**report.read(), mutant.id: found[mutant.id]})
    return found


def noticed(seen: Seen) -> str:
    """The kinds of tests that turned red, and the first of them."""
    red = {level: test for level, test in seen.items() if test}
    return f"{', '.join(red)}, first {next(iter(red.values()))}" if red else "NOBODY NOTICED"


def try_one(copy: Path, mutant: Mutant, fast: bool) -> dict:
    """What the tests make of one bug."""
    began = time.time()
    with planted(mutant, copy):
        seen = run(copy, mutant.targets(), first_only=fast)
    if fast and report.is_killed(seen):  # others were not all run
        seen = {level: red for level, red in seen.items() if red}
    return report.entry(mutant, seen, time.time() - began)


def demand_green(seen: Seen) -> None:
    """Let pass what is green without any bug.

    Raises:
        RuntimeError: if something is not, so that its red would say nothing.
    """
    if red := [test for test in seen.values() if test]:
        raise RuntimeError(
            f"red without any bug: {', '.join(red)}. Repair that first: python tutorial.py test."
        )


def tell(tables: dict[str, list[Mutant]]) -> int:
    """Write the page, once all bugs were tried as they are now."""
    found = report.read()
    missing = report.out_of_date([m for mutants in tables.values() for m in mutants], found)
    if missing:
        print(f"The page waits for: {', '.join(missing)}.", file=sys.stderr)
        return 1
    report.PAGE.write_text(report.page(tables, found), encoding="utf-8", newline="\n")
    return 0


def _options(words: list[str]) -> argparse.Namespace:
    described, note = __doc__.split("\n\n")
    parser = argparse.ArgumentParser("tutorial.py mutants", description=described, epilog=note)
    parser.add_argument("names", nargs="*", help="tables, or parts of names; none: everything")
    parser.add_argument("--fast", action="store_true", help="stop at the first red test of each")
    parser.add_argument("--report", action="store_true", help="write the page, try nothing")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
