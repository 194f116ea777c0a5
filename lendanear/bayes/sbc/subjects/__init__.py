"""How data of each model are simulated, one module per model, named like it.

A subject has ``design()``, a small study without its outcomes, in the form that the model's
``build`` takes, the same in every replicate; and ``simulate(design, random)``, which draws
parameters from the prior and outcomes from the parameters and returns a
`lendanear.bayes.sbc.replicate.Simulated`. Priors are written out here a second time, in NumPy, so
that a prior that is coded otherwise than it is documented is found too.
"""
