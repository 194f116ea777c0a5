"""Readable tables of the pilot: kappas, judges against experts, the floor, differences in level."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lendanear.figures.pilot_agreement import EXPERTS, rater_label
from lendanear.vocabulary import DIMENSION_KEYS, label


def with_interval(row: pd.Series, form: str = "{:.2f}") -> str:
    """Return ``estimate [low, high]`` of a row with columns estimate, ci_low and ci_high."""
    low, high = form.format(row["ci_low"]), form.format(row["ci_high"])
    return f"{form.format(row['estimate'])} [{low}, {high}]"


def kappa_table(kappas: pd.DataFrame, published: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    """Return the kappas as readers see them: a row per pair and dimension.

    Parameters
    ----------
    kappas : DataFrame
        Result frame ``agreement.kappas``.
    published : mapping of (pair, dimension) to float
        Published kappas; pairs without one have an empty cell.
    """
    table = _cells(kappas, ["pair", "first", "second", "dimension"])
    known = [published.get(key) for key in zip(table["pair"], table["dimension"], strict=True)]
    return pd.DataFrame(
        {
            "Pair": [
                f"{rater_label(row.first)} \N{EN DASH} {rater_label(row.second)}"
                for row in table.itertuples()
            ],
            "Dimension": table["dimension"].map(label),
            "Published": ["" if value is None else f"{value:.2f}" for value in known],
            "Kappa, ranks (as published)": table["kappa_rank"],
            "Kappa, 1\N{EN DASH}5 distance": table["kappa_score"],
            "Spearman": table["spearman"],
        }
    )


def benchmark_table(benchmark: pd.DataFrame) -> pd.DataFrame:
    """Return how each judge does against the experts: a row per judge and target.

    Parameters
    ----------
    benchmark : DataFrame
        Result frame ``agreement.benchmark``.
    """
    targets = {"median": "Median of the experts", "single_expert": "A single expert"}
    table = _cells(benchmark, ["judge", "target"])
    return pd.DataFrame(
        {
            "Judge": [
                "Another expert" if judge == "expert" else label(judge) for judge in table["judge"]
            ],
            "Against": table["target"].map(targets),
            "Kappa, mean of six dimensions": table["kappa_score"],
            "Spearman, overall empathy": table["spearman_overall"],
        }
    )


def _cells(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return one row per `keys`, one column of texts per measure, in the order of `frame`."""
    texts = {
        measure: rows.set_index(keys).apply(with_interval, axis=1)
        for measure, rows in frame.groupby("measure", sort=False)
    }
    order = frame[keys].drop_duplicates()
    return pd.DataFrame(texts).loc[list(order.itertuples(index=False, name=None))].reset_index()


def floor_table(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return how often each rater used the lowest level: a row per rater, a column per dimension.

    Parameters
    ----------
    ratings : DataFrame
        Result frame ``agreement.ratings``.
    """
    texts = ratings.assign(
        text=[f"{row.floor_count} of {row.n}" for row in ratings.itertuples()],
    )
    return _by_rater(texts)


def difference_table(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return how much higher each rater rates than the median expert, in points with interval.

    Parameters
    ----------
    ratings : DataFrame
        Result frame ``agreement.ratings``.
    """
    others = ratings[ratings["rater"] != EXPERTS].rename(columns={"difference": "estimate"})
    return _by_rater(
        others.assign(text=others.apply(with_interval, axis=1, form="{:+.2f}")),
    )


def _by_rater(texts: pd.DataFrame) -> pd.DataFrame:
    """Return the column ``text`` with a row per rater and a column per dimension."""
    raters = list(dict.fromkeys(texts["rater"]))
    cell = texts.set_index(["rater", "dimension"])["text"]
    table: dict[str, list[str]] = {"Rater": [rater_label(rater) for rater in raters]}
    for dimension in DIMENSION_KEYS:
        table[label(dimension)] = [cell[rater, dimension] for rater in raters]
    return pd.DataFrame(table)
