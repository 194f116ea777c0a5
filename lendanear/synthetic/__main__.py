"""``python -m lendanear.synthetic --export DIR``: write the synthetic study's four files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from lendanear.errors import LendAnEarError
from lendanear.synthetic import FILES, SEED, generate


def _at_least(lowest: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if value < lowest:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {lowest} or more")
        return value

    return number


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m lendanear.synthetic",
        description="Write the synthetic study: the study's four files, drawn at random.",
    )
    parser.add_argument(
        "--export", type=Path, required=True, metavar="DIR", help="folder to write the files to"
    )
    parser.add_argument(
        "--scale",
        type=_at_least(1),
        default=1,
        metavar="K",
        help="how many times the study's 968 participants (default: 1)",
    )
    parser.add_argument(
        "--seed",
        type=_at_least(0),
        default=SEED,
        metavar="N",
        help=f"seed of the random numbers (default: {SEED})",
    )
    options = parser.parse_args(arguments)
    try:
        generate(options.export, seed=options.seed, scale=options.scale)
    except LendAnEarError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"{options.export}: {', '.join(FILES.values())} (synthetic)")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
