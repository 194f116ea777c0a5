"""Simulated data of `lendanear.bayes.models.choice_curve`: each form gets its own choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from lendanear.bayes.models import choice_curve as model
from lendanear.bayes.quantities import Reported
from lendanear.bayes.sbc.replicate import Simulated
from lendanear.vocabulary import SCENARIO_KEYS

SCENARIOS = 3
GAPS = (1, 2, 3, 5, 8, 12)
"""Score differences, in points."""
CHOICES = 12
"""Per scenario and score difference."""


def design() -> model.Gaps:
    """Return how many choices are made at which difference, half of them either way."""
    half = np.full((SCENARIOS * len(GAPS), 1), CHOICES / 2)
    return model.Gaps(
        scenarios=SCENARIO_KEYS[:SCENARIOS],
        scenario=np.repeat(np.arange(SCENARIOS), len(GAPS)),
        gap=np.tile(np.array(GAPS, dtype=float), SCENARIOS),
        higher=half,
        lower=half,
    )


def simulate(design: model.Gaps, random: np.random.Generator) -> Simulated:
    """Draw parameters of all forms, and choices from each form."""
    priors = model.Priors()
    truth = {"lapse": random.beta(1, priors.lapse, ()) / 2}
    for ending in ("", "_alone"):
        truth[f"log_slope{ending}"] = random.normal(np.log(priors.slope), priors.log_slope, ())
        truth[f"slope_signed{ending}"] = random.normal(0, priors.slope_sd, ())
        apart = truth[f"slope_signed{ending}"] * random.standard_normal(len(design.scenarios))
        truth[f"slope{ending}"] = np.exp(truth[f"log_slope{ending}"] + apart)
    intercepts = random.normal(0, priors.published_intercept, len(design.scenarios))
    truth["published_intercept"] = intercepts
    truth["published_slope"] = random.normal(0, priors.published_slope, ())
    one = {name: np.asarray(values)[None] for name, values in truth.items()}
    made = {}
    for form in model.FORMS:
        chance = model.chances(form, one, design.scenario, design.gap)[0]
        higher = random.binomial(CHOICES, chance)[:, None].astype(float)
        made[form] = replace(design, higher=higher, lower=CHOICES - higher)
    values: dict[str, np.ndarray] = {}
    for form, data in made.items():
        values |= model.containers(data, form)
    return Simulated(truth, values, partial(_quantities, made))


def _quantities(made: Mapping[str, model.Gaps], posterior: Mapping[str, np.ndarray]) -> Reported:
    found = {}
    for form, name, words in (
        (model.LAPSES, "slope", "slope"),
        (model.NO_LAPSES, "slope_alone", "slope"),
        (model.PUBLISHED, "published_intercept", "intercept"),
    ):
        for place, key in enumerate(made[form].scenarios):
            found[f"{words}, {form}", key] = posterior[name][..., place]
    found[f"slope, {model.PUBLISHED}", "all"] = posterior["published_slope"]
    found["lapses", "all"] = posterior["lapse"]
    found["typical slope", "in logarithm"] = posterior["log_slope"]
    found["SD of slopes", "in logarithm"] = np.abs(posterior["slope_signed"])
    for form, data in made.items():
        found["log-likelihood", form] = model.log_likelihood(data, posterior, form).sum(axis=-1)
    return found
