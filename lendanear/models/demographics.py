"""Whether expressed empathy, or the gain from training, depends on age and sex.

Two regressions by ordinary least squares with HC3 standard errors (MacKinnon and White 1985,
J. Econometrics 29:305-325) and the normal reference distribution, over the participants whose age
and sex are both known:

* ``baseline``: overall empathy of conversation 1 on age and female;
* ``change``: change of overall empathy (mean of conversations 2 and 3 minus 1) on the baseline, the
  arm, female, age, and arm x female and arm x age.

Scores are z-scores: minus the mean, divided by the SD (n - 1) of the same score; age is in years
and not centred, so an arm's own coefficient is its effect for a male of age 0. The published tables
do not say over whom mean and SD are taken, so both readings are computed: ``scaling`` is
``regression`` (the participants of the regression; compared with the published numbers) or
``everyone`` (all participants). They differ only as far as age or sex is missing.

An effect at age 0 is nobody's. ``change_centred`` is the same regression with age and female
measured from their means: there an arm's coefficient is its effect for the average participant.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import statsmodels.api as sm

from lendanear.errors import LendAnEarError
from lendanear.measures.counts import value_counts
from lendanear.measures.demographics import participant_scores
from lendanear.measures.intervals import CONFIDENCE, mean_interval
from lendanear.vocabulary import ARM_KEYS

TREATED: Final = ARM_KEYS[1:]
"""Arms compared with Control."""
SCALINGS: Final = ("regression", "everyone")
"""Over whom mean and SD of a z-score are taken; the first is compared with the published."""
REGRESSIONS: Final = ("baseline", "change", "change_centred")
"""The regressions, in the order of the table."""
GROUPINGS: Final = {
    "sex": ("arm", "sex"),
    "age": ("arm", "age_band"),
    "age_sex": ("age_band", "sex"),
}
"""How participants are grouped in SI Figures 1, 2 and 3."""
EVERYONE: Final = "all"
"""Stands in a column that does not divide the participants."""


def fit(participants: pd.DataFrame, conversations: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Fit both regressions and summarise scores by sex and age.

    Parameters
    ----------
    participants, conversations : DataFrame
        The typed tables.

    Returns
    -------
    dict of DataFrame
        ``coefficients`` (regression, scaling, term, estimate, se, ci_low, ci_high, z, p; SD of the
        outcome);
        ``fits`` (regression, scaling, n, r2, score_mean, score_sd; the last two in points);
        ``counts`` (grouping, period, arm, sex, age_band, value, count): how many participants have
        each score;
        ``means`` (grouping, period, arm, sex, age_band, n, estimate, sd, se, ci_low, ci_high;
        points, t intervals);
        ``known`` (quantity, count): how many participants there are, and how many lack age, sex,
        either. Groupings are `GROUPINGS`; a column that does not divide the participants holds
        ``all``. ``period`` is ``baseline`` (conversation 1) or ``post`` (mean of a participant's
        later conversations).

    Raises
    ------
    LendAnEarError
        If no regression can be fitted because age or sex is missing, or the same, for everybody.
    """
    scores = participant_scores(participants, conversations)
    complete = scores.dropna(subset=["age", "sex"])
    coefficients, fits = [], []
    for regression in REGRESSIONS:
        for scaling in SCALINGS:
            reference = complete if scaling == "regression" else scores
            table, quality = _regress(regression, complete, reference)
            coefficients.append(table.assign(scaling=scaling))
            fits.append({"regression": regression, "scaling": scaling, **quality})
    table = pd.concat(coefficients, ignore_index=True)
    table.insert(1, "scaling", table.pop("scaling"))
    counts, means = _summaries(scores)
    return {
        "coefficients": table,
        "fits": pd.DataFrame(fits),
        "counts": counts,
        "means": means,
        "known": _known(scores),
    }


def design_matrix(regression: str, people: pd.DataFrame, baseline: pd.Series) -> pd.DataFrame:
    """Return the regressors of one of `REGRESSIONS`.

    Parameters
    ----------
    regression : str
        Which one.
    people : DataFrame, shape (n, >= 3)
        ``arm``, ``age`` (years) and ``sex``, none missing.
    baseline : Series, shape (n,)
        Overall empathy at baseline in SD.

    Returns
    -------
    DataFrame, shape (n, 3) or (n, 13)
        Columns in the order of the published tables; fewer if an arm has nobody.
    """
    age = people["age"].astype(float)
    female = (people["sex"] == "Female").astype(float)
    if regression == "change_centred":
        age, female = age - age.mean(), female - female.mean()
    columns = {"const": pd.Series(1.0, index=people.index)}
    if regression == "baseline":
        return pd.DataFrame(columns | {"age": age, "female": female})
    present = [arm for arm in TREATED if (people["arm"] == arm).any()]
    arms = {arm: (people["arm"] == arm).astype(float) for arm in present}
    columns |= {"baseline": baseline, **arms, "female": female, "age": age}
    for name, other in (("female", female), ("age", age)):
        columns |= {f"{arm}:{name}": arms[arm] * other for arm in present}
    return pd.DataFrame(columns)


def _regress(
    regression: str, people: pd.DataFrame, reference: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Fit one regression with z-scores taken from `reference`."""
    outcome = "baseline" if regression == "baseline" else "change"
    mean, sd = reference[outcome].mean(), reference[outcome].std()
    baseline = (people["baseline"] - reference["baseline"].mean()) / reference["baseline"].std()
    regressors = design_matrix(regression, people, baseline)
    if np.linalg.matrix_rank(regressors) < regressors.shape[1] or len(people) <= len(
        regressors.columns
    ):
        raise LendAnEarError(
            "the demographic regressions need participants of both sexes and several ages in "
            f"Control and every other arm; {len(people)} participants have a known age and sex, "
            "and they are too few or too alike"
        )
    model = sm.OLS((people[outcome] - mean) / sd, regressors).fit(cov_type="HC3")
    interval = model.conf_int(alpha=1 - CONFIDENCE)
    table = pd.DataFrame(
        {
            "regression": regression,
            "term": regressors.columns,
            "estimate": model.params.to_numpy(),
            "se": model.bse.to_numpy(),
            "ci_low": interval[0].to_numpy(),
            "ci_high": interval[1].to_numpy(),
            "z": model.tvalues.to_numpy(),
            "p": model.pvalues.to_numpy(),
        }
    )
    quality = {"n": len(people), "r2": model.rsquared, "score_mean": mean, "score_sd": sd}
    return table, quality


def _summaries(scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return counts of every score, and means, in the groups of SI Figures 1 to 3."""
    text = scores.astype({"arm": "str", "sex": "str", "age_band": "str"})
    counts, means = [], []
    for grouping, by in GROUPINGS.items():
        for period in ("baseline",) if grouping == "age_sex" else ("baseline", "post"):
            counted = value_counts(text, by, period)
            summary = mean_interval(text, list(by), period)
            labels = {"grouping": grouping, "period": period}
            labels |= {key: EVERYONE for key in ("arm", "sex", "age_band") if key not in by}
            counts.append(counted.assign(**labels))
            means.append(summary.assign(**labels))
    keys = ["grouping", "period", "arm", "sex", "age_band"]
    return (
        pd.concat(counts, ignore_index=True)[[*keys, "value", "count"]],
        pd.concat(means, ignore_index=True)[
            [*keys, "n", "estimate", "sd", "se", "ci_low", "ci_high"]
        ],
    )


def _known(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how many participants there are and whose age or sex is missing."""
    no_age, no_sex = scores["age"].isna(), scores["sex"].isna()
    counts = {
        "participants": len(scores),
        "no_age": int(no_age.sum()),
        "no_sex": int(no_sex.sum()),
        "no_age_or_sex": int((no_age | no_sex).sum()),
    }
    return pd.DataFrame({"quantity": counts.keys(), "count": counts.values()})
