"""Rebuild the paper: ``python run_all.py --help`` says how."""

import sys

from lendanear.pipeline.cli import main

if __name__ == "__main__":
    sys.exit(main())
