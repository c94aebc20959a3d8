"""Plant bugs, one at a time, and show which tests notice: python tutorial.py mutants [NAME ...].

Names are those of tables (floor, perceiver, losses, hiera, deit, around, data, kinds) or parts of
those of bugs; without any, all are tried, two at a time. Bugs are planted in copies; the working
tree stays as it is. After every bug the results are written to mutants/results.json, and in the
end the page mutants/README.md.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from tutorial import REPRODUCIBLE

from . import report
from .planting import Seen, copied, planted, run
from .table import Mutant, chosen, read_tables

COPIES = 2  # of the course: bugs at a time, one in each


def main(words: list[str]) -> int:
    """Do what was asked; 0 when enough bugs were noticed, and all others are explained."""
    options = _options(words)
    os.environ.update(REPRODUCIBLE)
    if options.report:
        return tell(read_tables())
    try:
        wanted = chosen(options.names)
        with ExitStack() as stack:
            copies = [stack.enter_context(copied()) for _ in range(COPIES)]
            found = try_all(copies, wanted, options.fast)
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


def try_all(copies: Sequence[Path], wanted: Sequence[Mutant], fast: bool) -> report.Results:
    """What the tests make of every bug; with `fast` only of which there is one, and not kept.

    Raises:
        RuntimeError: if a test is red without any bug.
    """
    began, found, free = time.time(), {}, SimpleQueue()
    for copy in copies:
        free.put(copy)

    def one(mutant: Mutant) -> dict:
        copy = free.get()
        try:
            return try_one(copy, mutant, fast)
        finally:
            free.put(copy)

    print(f"{len(wanted)} bugs. First the same tests without any ...", flush=True)
    pool = ThreadPoolExecutor(len(copies))
    try:
        list(pool.map(demand_green, copies, shares(wanted, len(copies))))
        print(f"green, {time.time() - began:.0f} s", flush=True)
        for mutant, entry in zip(wanted, pool.map(one, wanted), strict=True):
            found[mutant.id] = entry
            told = f"{noticed(entry['seen'])}, {entry['seconds']:.0f} s"
            print(f"{len(found):3} {mutant.id}: {told}", flush=True)
            if not fast:
                report.write({**report.read(), mutant.id: entry})
    finally:
        pool.shutdown(cancel_futures=True)
    return found


def shares(wanted: Sequence[Mutant], count: int) -> list[list[str]]:
    """Whatever should notice some bug, divided among so many copies."""
    targets = list(dict.fromkeys(target for mutant in wanted for target in mutant.targets()))
    return [targets[number::count] for number in range(count)]


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


def demand_green(copy: Path, targets: Sequence[str]) -> None:
    """Let pass what is green without any bug.

    Raises:
        RuntimeError: if something is not, so that its red would say nothing.
    """
    seen = run(copy, targets, seconds=None, compiled=True) if targets else {}
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
