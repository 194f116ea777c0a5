"""Simulation-based calibration: posteriors of simulated data must hold the truth as they claim.

Parameters are drawn from a model's prior, data are simulated with them, and the model is fitted to
these data. If model, likelihood and sampler are right, the truth is nothing special among draws
from the posterior: its rank among them is uniform over replicates, whatever the data look like.

Source: Cook, Gelman and Rubin (2006), J. Comput. Graph. Stat. 15:675; Talts, Betancourt, Simpson,
Vehtari and Gelman (2018), arXiv 1804.06788; the log-likelihood as a quantity that sees more:
Modrak et al. (2025), Bayesian Analysis 20:461.
"""
