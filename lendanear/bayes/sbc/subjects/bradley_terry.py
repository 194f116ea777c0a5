"""Simulated data of `lendanear.bayes.models.bradley_terry`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from lendanear.bayes.models import bradley_terry as model
from lendanear.bayes.pair_checks import Design
from lendanear.bayes.pair_checks import design as choices_shown
from lendanear.bayes.pair_checks import simulate as choose
from lendanear.bayes.pairs import Pairs
from lendanear.bayes.quantities import Reported
from lendanear.bayes.sbc.replicate import Simulated
from lendanear.bayes.settings import SEED
from lendanear.vocabulary import SCENARIO_KEYS

SCENARIOS = 3
CONVERSATIONS = 6
"""Per scenario."""
RATERS = 24
CHOICES = 12
"""Per rater; all but the raters are a fifth of the study's or less."""


def design() -> Pairs:
    """Return who is shown which pair: each choice is two rows, left or right, not counted yet."""
    random = np.random.default_rng(SEED)
    scenario = np.repeat(np.arange(SCENARIOS), CONVERSATIONS)
    pairs = np.array(
        [
            random.integers(SCENARIOS) * CONVERSATIONS + random.permutation(CONVERSATIONS)[:2]
            for _ in range(RATERS * CHOICES)
        ]
    )
    both = np.stack([pairs, pairs[:, ::-1]], axis=1).reshape(-1, 2)
    return Pairs(
        conversations=tuple(f"{place:020d}" for place in range(len(scenario))),
        scenarios=SCENARIO_KEYS[:SCENARIOS],
        scenario=scenario,
        raters=RATERS,
        rater=np.repeat(np.arange(RATERS), 2 * CHOICES),
        winner=both[:, 0],
        loser=both[:, 1],
        side=np.tile([1.0, -1.0], len(pairs)),
        count=np.tile([1.0, 0.0], len(pairs)),
    )


def simulate(design: Pairs, random: np.random.Generator) -> Simulated:
    """Draw parameters and choices."""
    priors = model.Priors()
    raters = priors.raters
    truth = {
        "log_spread": random.normal(0, priors.log_spread, ()),
        "spread_signed": random.normal(0, priors.spread_sd, ()),
        "side": random.normal(0, raters.side, ()),
        "side_sd": np.abs(random.normal(0, raters.side_sd, ())),
        "consistency_sd": np.abs(random.normal(0, raters.consistency_sd, ())),
    }
    apart = truth["spread_signed"] * random.standard_normal(len(design.scenarios))
    truth["spread"] = np.exp(truth["log_spread"] + apart)
    raw = truth["spread"][design.scenario] * random.standard_normal(len(design.conversations))
    truth["strength"] = raw - (design.centring() @ raw)[design.scenario]
    shown: Design = choices_shown(design)
    terms = (truth[name][None] for name in ("strength", *model.RATER_TERMS))
    left = choose(shown, *terms, random)[0].astype(float)
    made = np.stack([left, 1 - left], axis=1).ravel() > 0
    data = replace(design, count=made.astype(float))
    return Simulated(truth, model.containers(data), partial(_quantities, _only(data, made)))


def _only(data: Pairs, made: np.ndarray) -> Pairs:
    """Return the choices that were made."""
    rows = ("rater", "winner", "loser", "side", "count")
    return replace(data, **{name: getattr(data, name)[made] for name in rows})


def _quantities(data: Pairs, posterior: Mapping[str, np.ndarray]) -> Reported:
    found = {}
    for place, key in enumerate(data.scenarios):
        first = int((data.scenario == place).argmax())
        found["strength of a conversation", key] = posterior["strength"][..., first]
    for place, key in enumerate(data.scenarios):
        found["spread of strengths", key] = posterior["spread"][..., place]
    found["typical spread", "in logarithm"] = posterior["log_spread"]
    found["SD of spreads", "in logarithm"] = np.abs(posterior["spread_signed"])
    found["leaning to the left", "typical rater"] = posterior["side"]
    found["SD of leanings", "raters"] = posterior["side_sd"]
    found["SD of consistency", "raters, in logarithm"] = posterior["consistency_sd"]
    found["log-likelihood", "all"] = model.log_likelihood(data, posterior).sum(axis=-1)
    return found
