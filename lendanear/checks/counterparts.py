"""Bayesian counterparts: published estimates beside posteriors of the same quantity.

A counterpart does not rebuild the published number: another model estimates the same thing, with
all its uncertainty. What can be said is whether the published estimate lies inside the posterior's
95% interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from lendanear.bayes.trial import CONTRASTS
from lendanear.checks.published import Published
from lendanear.study import Study
from lendanear.vocabulary import ARMS, CONTROL, DIMENSION_KEYS

PREFIX: Final = "bayes."
"""How the id of a counterpart begins; the id of the published number follows."""
ITEM: Final = "Bayesian counterparts"
"""Item that counterparts stand under."""
INSIDE: Final = "inside interval"
OUTSIDE: Final = "outside interval"
_SEEN: Final = {
    "elaboration": "encouraging_elaboration",
    "understanding": "demonstrating_understanding",
}
"""Behaviour whose self-report and judgement share a scale, by its name in published ids."""
COACHING: Final = ("coaching", "coaching_gaussian")
"""Models of effects on the six dimensions, the preferred one first."""


@dataclass(frozen=True)
class Counterpart:
    """What a published estimate is compared with.

    Parameters
    ----------
    models : tuple of str
        Bayesian models that report the quantity; the first one that was fitted counts.
    quantity, group : str
        Which of their estimates.
    """

    models: tuple[str, ...]
    quantity: str
    group: str


def _all() -> Iterator[tuple[str, Counterpart]]:
    for dimension in DIMENSION_KEYS:
        for arm, reference in CONTRASTS:
            key, unit = f"contrast.{arm}_vs_{reference}", "sd"
            if reference == CONTROL.key:
                key, unit = f"ols.{arm}:post", "points"
            yield (
                f"{key}.{dimension}",
                Counterpart(COACHING, f"effect.{dimension}.{unit}", f"{arm} vs {reference}, both"),
            )
    for published, quantity in (
        ("var_person", "variance.person"),
        ("var_residual", "variance.residual"),
        ("reliability_1", "reliability.one"),
        ("reliability_2", "reliability.two"),
    ):
        yield (
            f"reliability.{published}",
            Counterpart(("responders",), quantity, "overall_empathy"),
        )
    for arm in ARMS:
        for published, quantity in (
            ("improved", "improved.share"),
            ("worsened", "worsened.share"),
            ("mean_change", "change.mean"),
        ):
            yield (
                f"responder.{published}.{arm.raw}",
                Counterpart(("responders",), quantity, arm.key),
            )
    for predictor in ("jordan", "sites", "self_empathized"):
        yield (
            f"silent.r.{predictor}",
            Counterpart(("silent_correlation",), "correlation.score", predictor),
        )
    for name, behaviour in _SEEN.items():
        for published, quantity in (("self", "level.self"), ("judged", "level.judge")):
            yield (
                f"secondary.{published}_{name}_high",
                Counterpart(("silent_levels",), quantity, f"{behaviour}, all, all"),
            )
    yield (
        "preference.bt_spearman",
        Counterpart(("rank_agreement",), "rank.spearman_rho", "all"),
    )


COUNTERPARTS: Final = dict(_all())
"""Counterpart by id of the published number."""


def counterpart_row(study: Study, published: Published) -> dict[str, object] | None:
    """Return the row of a published estimate's counterpart.

    Parameters
    ----------
    study : Study
        An opened data source.
    published : Published
        The published number.

    Returns
    -------
    dict or None
        Keys of ``compare.COLUMNS``: ``rebuilt`` is the posterior mean, ``tolerance`` its distance
        to the end of the 95% interval on the side of the published estimate (plus rounding),
        ``reason`` names the model and the interval. None if there is no counterpart or none of its
        models was fitted.
    """
    counterpart = COUNTERPARTS.get(published.id)
    if counterpart is None:
        return None
    fitted = [name for name in counterpart.models if study.has_result(name, "estimates")]
    if not fitted:
        return None
    estimates = study.result(fitted[0], "estimates").set_index(["quantity", "group"])
    row: pd.Series = estimates.loc[(counterpart.quantity, counterpart.group)]
    difference = float(row["mean"]) - published.estimate
    end = row["hdi_low"] if difference > 0 else row["hdi_high"]
    tolerance = abs(float(row["mean"]) - float(end)) + published.tolerance
    return {
        "id": PREFIX + published.id,
        "item": ITEM,
        "quantity": published.quantity,
        "published": published.estimate,
        "rebuilt": float(row["mean"]),
        "difference": difference,
        "tolerance": tolerance,
        "verdict": INSIDE if abs(difference) <= tolerance else OUTSIDE,
        "reason": (
            f"posterior mean of {fitted[0]}: {counterpart.quantity}, 95% interval "
            f"{row['hdi_low']:.3g} to {row['hdi_high']:.3g}"
        ),
    }
