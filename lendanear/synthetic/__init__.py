"""The synthetic study: the study's four files, drawn at random from calibrated parameters.

`generate` writes the files, `simulate` returns them in memory. What is drawn is data: no published
number is copied into it, and the analysis has to recover them within sampling error.
"""

from lendanear.synthetic.export import FILES, generate
from lendanear.synthetic.study import SEED, simulate

__all__ = ["FILES", "SEED", "generate", "simulate"]
