"""Simulated data of `lendanear.bayes.models.coaching_overall`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from lendanear.bayes.models import coaching_overall as model
from lendanear.bayes.quantities import Reported
from lendanear.bayes.sbc.replicate import Simulated
from lendanear.bayes.sbc.trials import trial_design
from lendanear.bayes.trial import TERMS, Trial, containers


def design() -> Trial:
    """Return the trial."""
    return trial_design([model.OUTCOME])


def simulate(design: Trial, random: np.random.Generator) -> Simulated:
    """Draw parameters and scores."""
    priors = model.Priors()
    truth = {
        "terms": random.normal(0, priors.scales()),
        "sd_person": np.abs(random.normal(0, priors.spread, ())),
        "sd_residual": np.abs(random.normal(0, priors.spread, ())),
    }
    data = replace(design, scores=model.simulate(design, truth, random))
    return Simulated(truth, containers(data), partial(_quantities, data))


def _quantities(data: Trial, posterior: Mapping[str, np.ndarray]) -> Reported:
    terms = posterior["terms"]
    found = {}
    for place, term in enumerate(TERMS):
        name, _, group = term.rstrip("]").partition("[")
        found[name, group.replace(",", ", conversation ") or "all"] = terms[..., place]
    found["SD between people", "all"] = posterior["sd_person"]
    found["SD within people", "all"] = posterior["sd_residual"]
    found["log-likelihood", "all"] = model.log_likelihood(data, posterior).sum(axis=-1)
    return found
