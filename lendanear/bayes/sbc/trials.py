"""A small trial without scores, for models of training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lendanear.bayes.settings import SEED
from lendanear.bayes.trial import Trial
from lendanear.vocabulary import ARM_KEYS, CONVERSATION_NUMBERS, SCENARIO_KEYS

PER_ARM = 40
"""Participants per arm; the study has six times as many."""


def trial_design(outcomes: Sequence[str]) -> Trial:
    """Return a trial of `PER_ARM` participants per arm, each on three of the five scenarios.

    Parameters
    ----------
    outcomes : sequence of str
        Names of the scores, which are all 0.
    """
    random = np.random.default_rng(SEED)
    people, times = PER_ARM * len(ARM_KEYS), len(CONVERSATION_NUMBERS)
    scenario = [random.permutation(len(SCENARIO_KEYS))[:times] for _ in range(people)]
    return Trial(
        outcomes=tuple(outcomes),
        scores=np.zeros((people * times, len(outcomes))),
        person=np.repeat(np.arange(people), times),
        arm=np.repeat(np.arange(len(ARM_KEYS)), PER_ARM * times),
        number=np.tile(CONVERSATION_NUMBERS, people),
        scenario=np.concatenate(scenario),
    )
