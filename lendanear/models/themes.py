r"""Change of themes: how often coached people express each theme before and after.

Supporters' messages were cut into spans, and every span carries one interpretation (level 3) and
through it one theme (level 1). The incidence of a theme is its share among all coded spans of a
kind of trouble. The change is

.. math:: \Delta = 100 \left( \frac{k_1}{n_1} - \frac{k_0}{n_0} \right)

percentage points, with :math:`k_0` of :math:`n_0` spans in conversation 1 (all four arms) and
:math:`k_1` of :math:`n_1` in conversations 2 and 3 of the two arms with a coach. Its Wald interval
adds the two binomial variances, as the paper does, and so takes spans for independent. Spans of
one person are not: the interval clustered by participant, from the linearised difference of two
ratios, stands beside it.

Source: Figures 2B and 2C of arXiv 2603.15245.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from lendanear.errors import DataError
from lendanear.measures.intervals import NORMAL_QUANTILE
from lendanear.vocabulary import ARMS, THEME_KEYS, TROUBLE_TYPE_KEYS

COACHED: Final = tuple(arm.key for arm in ARMS if arm.coached)
"""Arms whose later conversations are the after-period."""
_PERCENT: Final = 100.0


def fit(themes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Estimate the change of every theme and of every interpretation, per kind of trouble.

    Parameters
    ----------
    themes : DataFrame
        The typed table, one row per coded span.

    Returns
    -------
    dict of DataFrame
        ``changes`` (trouble_type, theme, ...) and ``interpretations`` (trouble_type,
        interpretation, theme, level_2, rank, ...). Both have ``n_pre``, ``n_post`` (all spans),
        ``count_pre``, ``count_post`` (spans of this theme), ``share_pre``, ``share_post`` (per
        cent), ``estimate``, ``se``, ``ci_low``, ``ci_high`` (percentage points, Wald), ``p``
        (Wald), ``se_clustered``, ``ci_low_clustered``, ``ci_high_clustered`` (by participant) and
        ``participants``. Rank 1 is the interpretation that gained most. A kind of trouble without
        spans in either period is left out.

    Raises
    ------
    DataError
        If no kind of trouble has spans in both periods.
    """
    before = themes["conversation_number"] == 1
    after = ~before & themes["arm"].isin(COACHED)
    spans = themes[before | after].assign(after=after[before | after])
    changes, interpretations = [], []
    for trouble_type in TROUBLE_TYPE_KEYS:
        own = spans[spans["trouble_type"] == trouble_type]
        if own["after"].nunique() < 2:
            continue
        theme = pd.Categorical(own["theme"], categories=list(THEME_KEYS))
        table = _changes(own, theme.codes, len(THEME_KEYS))
        table.insert(0, "theme", THEME_KEYS)
        table.insert(0, "trouble_type", trouble_type)
        changes.append(table)
        codes, names = pd.factorize(own["interpretation"], sort=True)
        table = _changes(own, codes, len(names))
        table.insert(0, "interpretation", names)
        table.insert(0, "trouble_type", trouble_type)
        parents = own.groupby("interpretation", sort=True)[["theme", "level_2"]].agg(_most_frequent)
        table.insert(2, "theme", parents["theme"].to_numpy(dtype=str))
        table.insert(3, "level_2", parents["level_2"].to_numpy())
        table = table.sort_values(["estimate", "interpretation"], ascending=[False, True])
        table.insert(4, "rank", np.arange(1, len(table) + 1))
        interpretations.append(table)
    if not changes:
        raise DataError(
            "there is no kind of trouble with coded spans both in conversation 1 and in "
            "conversations 2 or 3 of the arms with a coach, so no change can be computed",
            file="all_themes.csv",
            field="conversation_number",
            remedy="Check the columns 'theme', 'conversation_number' and 'condition'",
        )
    return {
        "changes": pd.concat(changes, ignore_index=True),
        "interpretations": pd.concat(interpretations, ignore_index=True),
    }


def _most_frequent(values: pd.Series) -> object:
    """Return the commonest value (the first in order if several are); None if all are missing."""
    counts = values.value_counts(sort=False)
    return counts.sort_index().idxmax() if counts.sum() else None


def _changes(spans: pd.DataFrame, codes: np.ndarray, kinds: int) -> pd.DataFrame:
    """Estimate the change of each kind of span.

    Parameters
    ----------
    spans : DataFrame, shape (n, >= 2)
        ``after`` (bool) and ``participant_id``.
    codes : ndarray of int, shape (n,)
        What each span is, 0 to `kinds` - 1.
    kinds : int
        Number of kinds.
    """
    from scipy.stats import norm

    after = spans["after"].to_numpy()
    person, people = pd.factorize(spans["participant_id"])
    # spans per person and kind, and per person over all kinds
    per_kind = {}
    for period in (False, True):
        chosen = after == period
        cells = np.bincount(
            person[chosen] * kinds + codes[chosen], minlength=len(people) * kinds
        ).reshape(len(people), kinds)
        per_kind[period] = cells.astype(float)
    count_pre, count_post = per_kind[False].sum(axis=0), per_kind[True].sum(axis=0)
    n_pre, n_post = count_pre.sum(), count_post.sum()
    share_pre, share_post = count_pre / n_pre, count_post / n_post
    se = np.sqrt(share_pre * (1 - share_pre) / n_pre + share_post * (1 - share_post) / n_post)
    # influence of each person on the difference of the two ratios (Taylor linearisation)
    influence = (per_kind[True] - per_kind[True].sum(axis=1, keepdims=True) * share_post) / n_post
    influence -= (per_kind[False] - per_kind[False].sum(axis=1, keepdims=True) * share_pre) / n_pre
    correction = len(people) / max(len(people) - 1, 1)
    se_clustered = np.sqrt(correction * (influence**2).sum(axis=0))
    estimate = share_post - share_pre

    # a kind that occurs in neither or in all spans of both periods has no variance and no test
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * norm.sf(np.abs(estimate) / se)
    table = {
        "n_pre": np.full(kinds, int(n_pre)),
        "n_post": np.full(kinds, int(n_post)),
        "count_pre": count_pre.astype(int),
        "count_post": count_post.astype(int),
        "share_pre": _PERCENT * share_pre,
        "share_post": _PERCENT * share_post,
        "estimate": _PERCENT * estimate,
    }
    for suffix, error in (("", se), ("_clustered", se_clustered)):
        table[f"se{suffix}"] = _PERCENT * error
        table[f"ci_low{suffix}"] = _PERCENT * (estimate - NORMAL_QUANTILE * error)
        table[f"ci_high{suffix}"] = _PERCENT * (estimate + NORMAL_QUANTILE * error)
    table["p"] = p
    table["participants"] = np.full(kinds, len(people))
    return pd.DataFrame(table)
