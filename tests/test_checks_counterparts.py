"""A published estimate is set beside the posterior of the same quantity, and judged by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lendanear.bayes import training
from lendanear.bayes.registry import BAYES_MODELS
from lendanear.checks.compare import COLUMNS
from lendanear.checks.counterparts import (
    COACHING,
    COUNTERPARTS,
    INSIDE,
    ITEM,
    OUTSIDE,
    counterpart_row,
)
from lendanear.checks.published import read_published
from lendanear.vocabulary import DIMENSION_KEYS

PUBLISHED = {number.id: number for number in read_published()}
ONE = "ols.coach:post.advice_giving"


class Fitted:
    """A study of which only some posteriors' estimates are there."""

    def __init__(self, **means: float) -> None:
        self.means = means

    def has_result(self, model: str, frame: str) -> bool:
        return model in self.means and frame == "estimates"

    def result(self, model: str, frame: str) -> pd.DataFrame:
        counterpart = COUNTERPARTS[ONE]
        mean = self.means[model]
        row = (counterpart.quantity, counterpart.group, mean, mean - 0.2, mean + 0.2)
        return pd.DataFrame([row], columns=["quantity", "group", "mean", "hdi_low", "hdi_high"])


@pytest.mark.parametrize(
    ("away", "verdict"), [(0.0, INSIDE), (0.19, INSIDE), (-0.19, INSIDE), (0.3, OUTSIDE)]
)
def test_the_verdict_says_whether_the_interval_holds_the_published_estimate(away, verdict):
    published = PUBLISHED[ONE]
    row = counterpart_row(Fitted(coaching=published.estimate + away), published)
    assert row["verdict"] == verdict
    assert row["difference"] == pytest.approx(away)
    assert set(row) == set(COLUMNS)
    assert (row["item"], row["id"]) == (ITEM, f"bayes.{ONE}")


def test_the_ordered_model_speaks_where_it_was_fitted_and_its_cross_check_where_not():
    published = PUBLISHED[ONE]
    both = counterpart_row(Fitted(coaching=1.0, coaching_gaussian=2.0), published)
    assert (both["rebuilt"], "coaching:" in both["reason"]) == (1.0, True)
    quick = counterpart_row(Fitted(coaching_gaussian=2.0), published)
    assert (quick["rebuilt"], "coaching_gaussian:" in quick["reason"]) == (2.0, True)
    assert counterpart_row(Fitted(), published) is None


def test_every_counterpart_belongs_to_a_published_number_and_to_a_model():
    assert set(COUNTERPARTS) <= set(PUBLISHED)
    assert len(COUNTERPARTS) > 50
    for counterpart in COUNTERPARTS.values():
        assert set(counterpart.models) <= set(BAYES_MODELS)


def test_counterparts_of_effects_are_quantities_that_effects_are_reported_as():
    effects = np.random.default_rng(1).normal(size=(2, 4, 3, 2, len(DIMENSION_KEYS)))
    reported, _ = training.effects_reported(effects, DIMENSION_KEYS, np.ones(len(DIMENSION_KEYS)))
    mine = {(c.quantity, c.group) for c in COUNTERPARTS.values() if c.models == COACHING}
    assert len(mine) == 36
    assert mine <= set(reported)


def test_numbers_without_a_counterpart_have_no_row():
    assert counterpart_row(Fitted(coaching=1.0), PUBLISHED["design.n_participants"]) is None
