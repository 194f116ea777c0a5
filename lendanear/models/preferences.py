r"""Preference models: what makes a rater prefer one conversation over another.

Raters read two conversations on the same scenario and chose the more empathic one. Four logits,
with standard errors clustered by rater and job loss as the reference scenario:

====== ============================ =====================================================
model  outcome                      regressors
====== ============================ =====================================================
1a     chose the higher-scored      absolute difference of overall empathy, scenario
1b     chose the LLM's preference   the same
2a     chose the higher-scored      difference of each of the six dimensions, scenario
2b     chose the LLM's preference   the same
====== ============================ =====================================================

The LLM's preference is the conversation with the higher Elo rating. Pairs with equal scores have
no higher-scored side and are left out of 1a and 2a.

*Published form.* The differences of 2a and 2b are left minus right, while the outcomes speak of a
reference side (the higher-scored one, the LLM's preference) that is on the left or on the right
by chance. A coefficient then averages over both and is drawn towards 0. The published
likelihoods show it: with differences taken as reference side minus other side, the score
difference of 1a is a sum of regressors of 2a, so 2a could not fit worse than 1a; it does.

*Side-consistent form.* Every difference is reference side minus other side:
:math:`d^\ast = s\,(x_{\mathrm{left}} - x_{\mathrm{right}})` with :math:`s = 1` if the reference
side is on the left and :math:`-1` if it is on the right. The reference side follows from the row
itself: it is the chosen side where the outcome is 1 and the other side where it is 0. It does not
depend on the choice, for choice and outcome change together. A model of "chose left" on left
minus right with all other regressors multiplied by :math:`s` has the same likelihood and the same
coefficients. 1a is side-consistent as published; 1b is not, because the higher-scored side need
not be the LLM's preference, so its score difference gets the side's sign too.

Source: Figure 6B of arXiv 2603.15245 and its replication notebook.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.errors import DataError
from lendanear.measures.intervals import CONFIDENCE, NORMAL_QUANTILE, share_interval
from lendanear.vocabulary import DIMENSIONS, SCENARIO_KEYS

if TYPE_CHECKING:
    from statsmodels.discrete.discrete_model import BinaryResultsWrapper

OUTCOMES: Final = {
    "1a": "select_higher_annotation",
    "1b": "select_match",
    "2a": "select_higher_annotation",
    "2b": "select_match",
}
"""Outcome column of each model."""
COMPONENTS: Final = tuple(f"{dimension.key}_diff" for dimension in DIMENSIONS)
"""Regressors of models 2a and 2b: difference of each dimension."""
SCORE: Final = "abs_score_diff"
"""Regressor of models 1a and 1b: absolute difference of overall empathy."""
SIGNED_SCORE: Final = "score_diff"
"""Regressor of the side-consistent model 1b: overall empathy of the LLM's preference minus the
other's."""
PUBLISHED: Final = "published"
SIDE_CONSISTENT: Final = "side_consistent"
BIN_WIDTH: Final = 2
"""Score differences, in points, that a point of Figure 6B pools."""
BIN_CHOICES: Final = 60
"""Where differences are rare, more are pooled until a point stands for this many choices."""
CURVE_POINTS: Final = 61


def fit(choices: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Fit the four models as published and their side-consistent forms.

    Parameters
    ----------
    choices : DataFrame
        The typed table, one row per choice.

    Returns
    -------
    dict of DataFrame
        ``coefficients`` (model, form, term, estimate, se, ci_low, ci_high, z, p; log odds; terms
        of scenarios are ``topic_<scenario>``), ``fits`` (model, form, outcome, n, raters, loglik,
        loglik_null, pseudo_r2, share: how often the outcome is 1; adds_up: share of rows whose
        six differences, signed and summed, equal the score difference), ``bins`` (score_diff,
        diff_low, diff_high, n, chosen, estimate, ci_low, ci_high: share choosing the
        higher-scored, Wilson interval) and ``curve`` (score_diff, estimate, ci_low, ci_high: model
        1a averaged over the scenarios as they occur, delta-method band on the logit scale). A
        model whose columns the file does not have (``select_match``, the six differences) is left
        out.

    Raises
    ------
    DataError
        If a model cannot be fitted: too few choices, or an outcome that never varies.
    """
    coefficients, fits = [], []
    curve = None
    for model, outcome in OUTCOMES.items():
        known = choices[choices[outcome].notna()]
        for form, regressors in _regressors(known, model).items():
            complete = regressors.notna().all(axis=1)
            if not complete.any():
                continue
            used, design = known[complete], regressors[complete].astype(float)
            estimated = _logit(used, outcome, design, name=model)
            coefficients.append(_coefficients(estimated, model, form))
            fits.append(
                {
                    "model": model,
                    "form": form,
                    "outcome": outcome,
                    "n": int(estimated.nobs),
                    "raters": used["rater_id"].nunique(),
                    "loglik": estimated.llf,
                    "loglik_null": estimated.llnull,
                    "pseudo_r2": estimated.prsquared,
                    "share": float(used[outcome].astype(float).mean()),
                    "adds_up": _adds_up(design, used, outcome, form),
                }
            )
            if model == "1a":
                curve = _curve(estimated, choices[SCORE].max())
    if curve is None:
        raise DataError(
            "no choice is between conversations with different known scores",
            file="experiment_2.csv",
            field=OUTCOMES["1a"],
            remedy="The file, or experiment_1.csv beside it, must hold the scores of both sides",
        )
    return {
        "coefficients": pd.concat(coefficients, ignore_index=True),
        "fits": pd.DataFrame(fits),
        "bins": _bins(choices),
        "curve": curve,
    }


def reference_side(choices: pd.DataFrame, outcome: str) -> pd.Series:
    """Return +1 where the side that `outcome` speaks of is the left one, -1 where the right.

    Parameters
    ----------
    choices : DataFrame, shape (n, >= 2)
        ``choice`` and the outcome column.
    outcome : {"select_higher_annotation", "select_match"}
        1 where the rater chose the reference side, 0 where the other.

    Returns
    -------
    Series, shape (n,)
        Float; missing where the outcome is missing.
    """
    chose_left = (choices["choice"] == "left").astype(float) * 2 - 1
    chose_reference = choices[outcome].astype("Float64") * 2 - 1
    return (chose_left * chose_reference).astype(float).rename("side")


def _score_side(choices: pd.DataFrame) -> pd.Series:
    """Return +1 where the higher-scored side is left, -1 where right, 0 where scores are equal."""
    side = reference_side(choices, "select_higher_annotation")
    return side.mask(choices[SCORE] == 0, 0.0)


def _regressors(choices: pd.DataFrame, model: str) -> dict[str, pd.DataFrame]:
    """Return the regressors of a model besides the scenario, by form."""
    side = reference_side(choices, OUTCOMES[model])
    gap = choices[SCORE].astype(float)
    if model.startswith("2"):
        components = choices[list(COMPONENTS)].astype(float)
        return {PUBLISHED: components, SIDE_CONSISTENT: components.mul(side, axis=0)}
    forms = {PUBLISHED: gap.to_frame()}
    if model == "1b":
        forms[SIDE_CONSISTENT] = (side * _score_side(choices) * gap).to_frame(SIGNED_SCORE)
    return forms


def _adds_up(design: pd.DataFrame, used: pd.DataFrame, outcome: str, form: str) -> float:
    """Return the share of rows whose signed differences sum to the score difference.

    The score difference is taken in the direction that the differences ought to have: left minus
    right in the published form, reference side minus other side otherwise.
    """
    if not set(COMPONENTS) <= set(design.columns):
        return np.nan
    total = sum(d.sign * design[f"{d.key}_diff"] for d in DIMENSIONS)
    difference = _score_side(used) * used[SCORE].astype(float)
    if form == SIDE_CONSISTENT:
        difference *= reference_side(used, outcome)
    known = difference.notna()
    return float(np.isclose(total[known], difference[known]).mean()) if known.any() else np.nan


def _logit(
    choices: pd.DataFrame, outcome: str, regressors: pd.DataFrame, *, name: str
) -> BinaryResultsWrapper:
    """Fit a logit with scenario dummies; standard errors clustered by rater."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

    scenario = choices["scenario"]
    present = [key for key in SCENARIO_KEYS if (scenario == key).any()]
    design = pd.concat(
        [
            pd.Series(1.0, index=regressors.index, name="const"),
            regressors,
            *((scenario == key).astype(float).rename(f"topic_{key}") for key in present[1:]),
        ],
        axis=1,
    )
    groups = choices["rater_id"].astype("category").cat.codes.to_numpy()
    failure = None
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            if np.linalg.matrix_rank(design) < design.shape[1] or groups.max(initial=0) == 0:
                failure = "too few different choices or raters"
            else:
                return sm.Logit(choices[outcome].astype(float), design).fit(
                    cov_type="cluster", cov_kwds={"groups": groups}, disp=False
                )
        except (ConvergenceWarning, PerfectSeparationWarning, np.linalg.LinAlgError) as error:
            failure = str(error).strip().splitlines()[0]
    raise DataError(
        f"preference model {name} cannot be fitted to {len(design)} choices: {failure}",
        file="experiment_2.csv",
        field=outcome,
        remedy="The models need both outcomes, several raters and a few hundred choices",
    )


def _coefficients(estimated: BinaryResultsWrapper, model: str, form: str) -> pd.DataFrame:
    interval = estimated.conf_int(alpha=1 - CONFIDENCE)
    return pd.DataFrame(
        {
            "model": model,
            "form": form,
            "term": estimated.params.index,
            "estimate": estimated.params.to_numpy(),
            "se": estimated.bse.to_numpy(),
            "ci_low": interval[0].to_numpy(),
            "ci_high": interval[1].to_numpy(),
            "z": estimated.tvalues.to_numpy(),
            "p": estimated.pvalues.to_numpy(),
        }
    )


def _bins(choices: pd.DataFrame) -> pd.DataFrame:
    """Pool score differences two by two, and further until each point has enough choices."""
    known = choices[choices[OUTCOMES["1a"]].notna()]
    chosen = known[OUTCOMES["1a"]].astype(int)
    counts = chosen.groupby(known[SCORE].astype(float)).agg(n="size", chosen="sum").sort_index()
    pair = np.ceil(counts.index.to_numpy() / BIN_WIDTH).astype(int)
    # a point is closed as soon as it holds enough; what is left over joins the last point
    point, held, points = 0, 0, {}
    for step, n in counts["n"].groupby(pair).sum().items():
        points[step] = point
        held += n
        if held >= BIN_CHOICES:
            point, held = point + 1, 0
    if held and point:
        points = {step: min(place, point - 1) for step, place in points.items()}
    counts = counts.reset_index().assign(point=[points[step] for step in pair])
    counts["weighted"] = counts[SCORE] * counts["n"]
    table = counts.groupby("point").agg(
        diff_low=(SCORE, "min"),
        diff_high=(SCORE, "max"),
        n=("n", "sum"),
        chosen=("chosen", "sum"),
        score_diff=("weighted", "sum"),
    )
    table["score_diff"] /= table["n"]
    table = table.reset_index(drop=True)
    table = table[["score_diff", "diff_low", "diff_high", "n", "chosen"]]
    return pd.concat([table, share_interval(table["chosen"], table["n"])], axis=1)


def _curve(estimated: BinaryResultsWrapper, largest: float) -> pd.DataFrame:
    """Average model 1a over the scenarios at each score difference.

    With p the mean predicted probability, its gradient g gives the variance g' V g; the band is
    symmetric on the logit scale, where the standard error is sqrt(g' V g) / (p (1 - p)).
    """
    place = estimated.model.exog_names.index(SCORE)
    others = np.delete(estimated.model.exog, place, axis=1)
    scenarios, counts = np.unique(others, axis=0, return_counts=True)
    weights = counts / counts.sum()
    parameters = estimated.params.to_numpy()
    covariance = estimated.cov_params().to_numpy()
    rows = []
    for difference in np.linspace(0, float(largest), CURVE_POINTS):
        at = np.insert(scenarios, place, difference, axis=1)
        probability = 1 / (1 + np.exp(-at @ parameters))
        mean = weights @ probability
        gradient = (weights * probability * (1 - probability)) @ at
        logit = np.log(mean / (1 - mean))
        half = NORMAL_QUANTILE * np.sqrt(gradient @ covariance @ gradient) / (mean * (1 - mean))
        low, high = 1 / (1 + np.exp(-(logit + np.array([-half, half]))))
        rows.append((difference, mean, low, high))
    return pd.DataFrame(rows, columns=["score_diff", "estimate", "ci_low", "ci_high"])
