"""Simulated data of `lendanear.bayes.models.responders`: each of its two models gets its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from lendanear.bayes.models import responders as model
from lendanear.bayes.quantities import Reported
from lendanear.bayes.sbc.replicate import Simulated
from lendanear.bayes.sbc.trials import trial_design
from lendanear.bayes.trial import TERMS, design_matrix
from lendanear.vocabulary import ARM_KEYS


def design() -> model.Responders:
    """Return the trial."""
    trial = trial_design(model.OUTCOMES)
    shape = (trial.people, -1)
    return model.Responders(
        scores=trial.scores.reshape(*shape, len(model.OUTCOMES)),
        arm=trial.person_arm,
        design=design_matrix(trial).reshape(*shape, len(TERMS)),
    )


def simulate(design: model.Responders, random: np.random.Generator) -> Simulated:
    """Draw parameters and scores of both models."""
    noise, of_noise = _reliability(design, random)
    change, of_change = _true_change(design, random)
    return Simulated(
        of_noise | of_change,
        model.noise_containers(noise) | model.change_containers(change),
        partial(_quantities, noise, change),
    )


def _reliability(
    design: model.Responders, random: np.random.Generator
) -> tuple[model.Responders, dict[str, np.ndarray]]:
    """Return scores of everybody as those of Control are drawn, and their parameters."""
    priors = model.Priors()
    centre = priors.of_outcomes(0.0, priors.dimension_centre)
    mean = random.normal(centre, priors.of_outcomes(priors.intercept, priors.dimension))
    spread = priors.of_outcomes(priors.spread, priors.dimension_spread)
    person, residual = np.abs(random.normal(0, spread, (2, len(spread))))
    people = person * random.standard_normal((len(design.arm), 1, len(spread)))
    noise = residual * random.standard_normal(design.scores.shape)
    truth = dict(zip(model.NOISE, (mean, person, residual), strict=True))
    return replace(design, scores=mean + people + noise), truth


def _true_change(
    design: model.Responders, random: np.random.Generator
) -> tuple[model.Responders, dict[str, np.ndarray]]:
    """Return overall empathy of everybody, in all outcomes, and its parameters."""
    priors, arms = model.Priors(), len(ARM_KEYS)
    truth = {
        "terms": random.normal(0, priors.scales()),
        "sd_person": np.abs(random.normal(0, priors.spread, ())),
        "sd_residual": np.abs(random.normal(0, priors.spread, ())),
        "sd_change": np.abs(random.normal(0, priors.change_spread, arms)),
        "slant": np.tanh(random.normal(0, priors.slant, arms)),
    }
    one = {name: values[None] for name, values in truth.items()}
    overall = model.simulate(design, one, random)[0]
    return replace(design, scores=np.broadcast_to(overall[..., None], design.scores.shape)), truth


def _quantities(
    noise: model.Responders, change: model.Responders, posterior: Mapping[str, np.ndarray]
) -> Reported:
    found = {}
    person, residual = (posterior[f"control_sd_{part}"] ** 2 for part in ("person", "residual"))
    for place, outcome in enumerate(model.OUTCOMES):
        found["reliability", outcome] = (person / (person + residual))[..., place]
    found["mean score", model.OVERALL] = posterior["control_mean"][..., 0]
    found["SD of errors", model.OVERALL] = posterior["control_sd_residual"][..., 0]
    loglik = model.noise_log_likelihood(noise, posterior).sum(axis=(-1, -2))
    found["log-likelihood", "reliability"] = loglik
    for name, values in (
        ("mean true change", model.mean_changes(posterior)),
        ("SD of true change", posterior["sd_change"]),
        ("slant", posterior["slant"]),
    ):
        found |= {(name, arm): values[..., place] for place, arm in enumerate(ARM_KEYS)}
    found["SD between people", "all"] = posterior["sd_person"]
    found["SD within people", "all"] = posterior["sd_residual"]
    loglik = model.log_likelihood(change, posterior).sum(axis=-1)
    found["log-likelihood", "true change"] = loglik
    return found
