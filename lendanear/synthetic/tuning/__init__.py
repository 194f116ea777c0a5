"""How the parameters of the synthetic study were found: published numbers in, parameters out.

``python -m lendanear.synthetic.tuning`` rewrites the tuned sections of ``data/synthetic.toml``.
The generator never reads a published number; only this package does.
"""
