"""Simulated data of `lendanear.bayes.models.coaching_gaussian`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from lendanear.bayes.models import coaching_gaussian as model
from lendanear.bayes.quantities import Reported
from lendanear.bayes.sbc.replicate import Simulated
from lendanear.bayes.sbc.trials import trial_design
from lendanear.bayes.training import OVERALL, with_overall
from lendanear.bayes.trial import LATER, TERMS, TREATED, Trial, containers
from lendanear.vocabulary import DIMENSION_KEYS


def design() -> Trial:
    """Return the trial."""
    return trial_design(DIMENSION_KEYS)


def simulate(design: Trial, random: np.random.Generator) -> Simulated:
    """Draw parameters and scores."""
    truth = model.prior_draw(random)
    data = replace(design, scores=model.simulate(design, truth, random))
    return Simulated(truth, containers(data), partial(_quantities, data))


def _quantities(data: Trial, posterior: Mapping[str, np.ndarray]) -> Reported:
    effects = with_overall(posterior["effect"])
    found = {}
    cells = {
        f"{key}, conversation {number}": (..., arm, place)
        for arm, key in enumerate(TREATED)
        for place, number in enumerate(LATER)
    }
    found |= {("pooled effect", when): posterior["pooled"][cell] for when, cell in cells.items()}
    for when, cell in cells.items():
        found["effect", f"{OVERALL}, {when}"] = effects[(*cell, -1)]
    last = f"{TREATED[-1]}, conversation {LATER[-1]}"
    for place, dimension in enumerate(DIMENSION_KEYS):
        found["effect", f"{dimension}, {last}"] = effects[..., -1, -1, place]
    for name, words in (
        ("pooling_sd", "SD of effects"),
        ("peculiar_sd", "SD of peculiarities"),
    ):
        found[words, "all dimensions"] = posterior[name]
    for name in ("between", "within"):
        found[f"SD {name} people", DIMENSION_KEYS[0]] = posterior[f"{name}_stds"][..., 0]
        pair = " and ".join(DIMENSION_KEYS[:2])
        found[f"correlation {name} people", pair] = posterior[f"{name}_corr"][..., 0, 1]
    level = posterior["terms"][..., TERMS.index("intercept"), 0]
    found["level", DIMENSION_KEYS[0]] = level
    found["log-likelihood", "all"] = model.log_likelihood(data, posterior).sum(axis=-1)
    return found
