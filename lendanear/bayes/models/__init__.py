"""Generative models, one per file: data in, PyMC model out."""
