"""Bayesian estimates: models, how they are sampled, when they may be published, what they say."""

import os as _os

# PyTensor would look for a C compiler and a BLAS to link to, and warn where there is none; sampling
# is compiled by numba, which needs neither. Read once, when PyTensor is first imported.
_os.environ.setdefault("PYTENSOR_FLAGS", "cxx=")
