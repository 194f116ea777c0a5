r"""Effects of training: the pre-registered regressions, in scale points and in SD.

For each judged dimension :math:`y` of conversation :math:`c` of participant :math:`i`,

.. math:: y_{ic} = \beta_0 + \beta_a [a_i = a] + \gamma\,\mathrm{post}_c
          + \delta_a [a_i = a]\,\mathrm{post}_c + \varepsilon_{ic},

with :math:`a` over video, coach and combined (Control is the reference) and
:math:`\mathrm{post}_c` 1 for conversations 2 and 3. The effect of an arm is :math:`\delta_a`: how
much more its participants changed than those of Control. Standard errors are clustered by
participant (sandwich with the usual small-sample factor, normal reference distribution).
Effects in SD divide by the SD of the score over all conversations.

Source: Extended Data Table 1 and Figure 3B of arXiv 2603.15245.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests

from lendanear.errors import LendAnEarError
from lendanear.vocabulary import ARM_KEYS, DIMENSION_KEYS

TREATED: Final = ARM_KEYS[1:]
"""Arms with an effect against Control."""
TERMS: Final = ("const", *TREATED, "post", *(f"{arm}:post" for arm in TREATED))
"""Terms of each regression, in the order of Extended Data Table 1."""
CONTRASTS: Final = (("coach", "video"), ("combined", "video"), ("combined", "coach"))
"""Pairs of arms whose effects are compared: first minus second."""
CONFIDENCE: Final = 0.95
"""Coverage of every interval in this model."""


def design_matrix(conversations: pd.DataFrame) -> pd.DataFrame:
    """Return the regressors of the pre-registered model.

    Parameters
    ----------
    conversations : DataFrame, shape (n, >= 2)
        Columns ``arm`` and ``post``.

    Returns
    -------
    DataFrame, shape (n, 8)
        Columns `TERMS`, each 0 or 1.
    """
    post = conversations["post"].to_numpy(dtype=float)
    columns = {"const": np.ones(len(post))}
    columns |= {arm: (conversations["arm"] == arm).to_numpy(dtype=float) for arm in TREATED}
    columns["post"] = post
    columns |= {f"{arm}:post": columns[arm] * post for arm in TREATED}
    return pd.DataFrame(columns, index=conversations.index)


def _require_arms(conversations: pd.DataFrame) -> None:
    for arm in ARM_KEYS:
        for post, when in ((False, "before"), (True, "after")):
            rows = (conversations["arm"] == arm) & (conversations["post"] == post)
            if not rows.any():
                raise LendAnEarError(
                    "the effects of training compare all four arms before and after it, and this "
                    f"data has no conversation of the arm {arm!r} {when} training"
                )


def fit(conversations: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Fit the regression of each dimension, and of overall empathy beside them.

    Parameters
    ----------
    conversations : DataFrame
        The typed table.

    Returns
    -------
    dict of DataFrame
        ``coefficients`` (dimension, term, estimate, se, ci_low, ci_high, z, p; scale points),
        ``fits`` (dimension, n, participants, r2, residual_sd, score_sd),
        ``standardised`` (dimension, arm, estimate, se, ci_low, ci_high, p; effect in SD),
        ``contrasts`` (dimension, contrast, estimate, se, ci_low, ci_high, z, p,
        p_holm_dimension, p_holm_all; SD). Holm's correction is applied to the three contrasts of
        a dimension, and to all 18 of the six dimensions; overall empathy is in neither family
        (its ``p_holm_all`` is missing).

    Raises
    ------
    LendAnEarError
        If an arm has no conversation before, or none after training: its effect is not defined.
    """
    _require_arms(conversations)
    regressors = design_matrix(conversations)
    clusters = conversations["participant_id"].astype("category").cat.codes.to_numpy()
    coefficients, fits, standardised, contrasts = [], [], [], []
    for outcome in (*DIMENSION_KEYS, "overall_empathy"):
        score = conversations[outcome].to_numpy(dtype=float)
        model = sm.OLS(score, regressors).fit(cov_type="cluster", cov_kwds={"groups": clusters})
        score_sd = score.std(ddof=1)
        interval = model.conf_int(alpha=1 - CONFIDENCE)
        coefficients.append(
            pd.DataFrame(
                {
                    "dimension": outcome,
                    "term": TERMS,
                    "estimate": model.params.to_numpy(),
                    "se": model.bse.to_numpy(),
                    "ci_low": interval[0].to_numpy(),
                    "ci_high": interval[1].to_numpy(),
                    "z": model.tvalues.to_numpy(),
                    "p": model.pvalues.to_numpy(),
                }
            )
        )
        fits.append(
            {
                "dimension": outcome,
                "n": int(model.nobs),
                "participants": int(clusters.max() + 1),
                "r2": model.rsquared,
                "residual_sd": np.sqrt(model.mse_resid),
                "score_sd": score_sd,
            }
        )
        effect = coefficients[-1].set_index("term").loc[[f"{arm}:post" for arm in TREATED]]
        for arm, row in zip(TREATED, effect.itertuples(), strict=True):
            standardised.append(
                {
                    "dimension": outcome,
                    "arm": arm,
                    "estimate": row.estimate / score_sd,
                    "se": row.se / score_sd,
                    "ci_low": row.ci_low / score_sd,
                    "ci_high": row.ci_high / score_sd,
                    "p": row.p,
                }
            )
        contrasts.append(_contrasts(model, outcome, score_sd))
    table = pd.concat(contrasts, ignore_index=True)
    judged = table["dimension"] != "overall_empathy"
    table["p_holm_all"] = np.nan
    table.loc[judged, "p_holm_all"] = multipletests(table.loc[judged, "p"], method="holm")[1]
    return {
        "coefficients": pd.concat(coefficients, ignore_index=True),
        "fits": pd.DataFrame(fits),
        "standardised": pd.DataFrame(standardised),
        "contrasts": table,
    }


def _contrasts(
    model: sm.regression.linear_model.RegressionResultsWrapper, outcome: str, score_sd: float
) -> pd.DataFrame:
    """Compare the arms' effects pairwise with Wald tests on the clustered covariance."""
    rows = []
    for first, second in CONTRASTS:
        weights = np.array(
            [(term == f"{first}:post") - (term == f"{second}:post") for term in TERMS], dtype=float
        )
        test = model.t_test(weights)
        low, high = test.conf_int(alpha=1 - CONFIDENCE)[0]
        rows.append(
            {
                "dimension": outcome,
                "contrast": f"{first}_vs_{second}",
                "estimate": float(test.effect.item()) / score_sd,
                "se": float(test.sd.item()) / score_sd,
                "ci_low": low / score_sd,
                "ci_high": high / score_sd,
                "z": float(test.tvalue.item()),
                "p": float(test.pvalue.item()),
            }
        )
    frame = pd.DataFrame(rows)
    frame["p_holm_dimension"] = multipletests(frame["p"], method="holm")[1]
    return frame
