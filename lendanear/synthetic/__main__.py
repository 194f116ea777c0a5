"""``python -m lendanear.synthetic --export DIR``: write the synthetic study's four files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lendanear.errors import LendAnEarError
from lendanear.synthetic import FILES, SEED, generate

SCALE_MAX: Final = 10_000
"""Largest scale: ten million participants, 450 GB of files."""
INTERRUPTED: Final = 130
"""Exit status after Ctrl-C, as shells have it."""


def _whole(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    allowed = f"{lowest} or more" if highest is None else f"{lowest} to {highest}"

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if value < lowest or (highest is not None and value > highest):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {allowed}")
        return value

    return number


def _folder(text: str) -> Path:
    # an unset variable in a shell script must not mean the current folder
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return Path(text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m lendanear.synthetic",
        description="Write the synthetic study: the study's four files, drawn at random.",
    )
    parser.add_argument(
        "--export",
        type=_folder,
        required=True,
        metavar="DIR",
        help="folder to write the files to",
    )
    parser.add_argument(
        "--scale",
        type=_whole(1, SCALE_MAX),
        default=1,
        metavar="K",
        help="how many times the study's 968 participants (default: 1)",
    )
    parser.add_argument(
        "--seed",
        type=_whole(0),
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
    except MemoryError:
        message = f"--scale {options.scale}: does not fit into memory; name a smaller one"
        print(message, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("Stopped; earlier files are untouched.", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    print(f"{options.export}: {', '.join(FILES.values())} (synthetic)")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
