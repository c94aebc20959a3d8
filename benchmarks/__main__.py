"""Measure this project against transformers: python tutorial.py bench [PART OF A NAME ...].

Random weights, one sample, one thread. Every model runs in turns: transformers, this project as you
write it, this project sped up; what counts is the median of the rounds' ratios in processor time.
After every model the results are written to benchmarks/results.json; stop whenever you like.
"""

import argparse
import sys

import torch

from . import growth, machine, report, results
from .cases import BF16, FAST, PLAIN, Case, chosen, difference
from .measuring import Timing, in_turns, watch


def main(words: list[str]) -> int:
    """Do what was asked; 0 when everything was measured."""
    options = _options(words)
    torch.set_num_threads(options.threads)
    if options.report:
        report.write(results.read())
        return 0
    try:
        wanted = chosen(options.names, options.quick)
        timing = Timing(options.rounds, options.seconds)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    found = results.begin(machine.describe())
    print(machine.in_one_line(found["machine"]))
    try:
        for case in wanted:
            print(f"{case.name} ...", flush=True)
            found["models"][case.name] = measure(case, timing, options.bf16)
            results.write(found)
        if not options.names:
            found["growth"] = growth.growth()
            results.write(found)
    except KeyboardInterrupt:
        print("Stopped. What was measured is kept.", file=sys.stderr)
        return 130
    finally:
        print(results.table(found))
        if "growth" in found:
            print(growth.told(found["growth"]))
    return 0


def measure(case: Case, timing: Timing, bf16: bool = False) -> dict[str, dict]:
    """Time, memory and error of every side of a task."""
    torch.manual_seed(0)
    sides = case.sides(bf16)
    with torch.inference_mode():
        sides[FAST].run()  # it measures its ways when it first runs
        if BF16 in sides:
            sides[BF16].run()
    watched = {name: watch(side.run) for name, side in sides.items()}
    taken = in_turns({name: side.run for name, side in sides.items()}, timing)
    measured = {
        name: {
            "seconds": [round(seconds, 5) for seconds in taken[name]],
            "times": side.times,
            "bytes": watched[name].peak_bytes,
        }
        for name, side in sides.items()
    }
    for name in {FAST, BF16} & set(sides):
        error = difference(watched[name].answer, watched[PLAIN].answer)
        measured[name]["error"] = float(f"{error:.2g}")
    return measured


def _options(words: list[str]) -> argparse.Namespace:
    described, note = __doc__.split("\n\n")
    parser = argparse.ArgumentParser("tutorial.py bench", description=described, epilog=note)
    parser.add_argument("names", nargs="*", help="parts of names; none: ten usual models")
    parser.add_argument("--quick", action="store_true", help="two small models only")
    parser.add_argument("--rounds", type=int, default=5, help="for each model (5)")
    parser.add_argument("--seconds", type=float, default=60, help="no round begins after (60)")
    parser.add_argument("--threads", type=int, default=1, help="of the processor (1)")
    parser.add_argument("--bf16", action="store_true", help="once more in bfloat16")
    parser.add_argument("--report", action="store_true", help="write docs/speed.md only")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
