"""Every model: the tables it is fitted to and the result frames it returns.

A model is a module of this folder with a function ``fit`` that takes the named tables as keyword
arguments and returns the named frames. Modules are imported only when a model is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd


@dataclass(frozen=True)
class Model:
    """One model: module name, tables in, frames out; whether it reads the tables' long texts."""

    name: str
    tables: tuple[str, ...]
    frames: tuple[str, ...]
    texts: bool = False


_LIST: Final = (
    Model("effects", ("conversations",), ("coefficients", "fits", "standardised", "contrasts")),
    Model("agreement", ("pilot_ratings",), ("kappas", "benchmark", "ratings")),
    Model(
        "silent_empathy",
        ("participants", "conversations"),
        (
            "correlations",
            "positions",
            "lines",
            "report_counts",
            "overestimation",
            "levels",
            "gaps",
        ),
    ),
    Model("reliability", ("conversations",), ("components", "changes", "responders", "summary")),
    Model(
        "demographics",
        ("participants", "conversations"),
        ("coefficients", "fits", "counts", "means", "known"),
    ),
    Model(
        "distributions",
        ("conversations",),
        (
            "period_shares",
            "period_means",
            "trouble_shares",
            "trouble_means",
            "trouble_differences",
            "number_shares",
            "number_means",
        ),
    ),
    Model("themes", ("themes",), ("changes", "interpretations")),
    Model("elo", ("elo",), ("deciles", "correlations", "means", "steps")),
    Model("preferences", ("choices",), ("coefficients", "fits", "bins", "curve")),
    Model("rankings", ("choices", "elo"), ("items", "agreement", "sensitivity")),
)
MODELS: Final = {model.name: model for model in _LIST}
"""Every model by name."""


def read_tables(name: str, paths: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Read the tables that a model is fitted to, with their long texts only if it asks for them.

    Parameters
    ----------
    name : str
        Key of `MODELS`.
    paths : mapping of str to Path
        Where each of the model's tables lies.
    """
    from lendanear.tables.store import read_table

    model = MODELS[name]
    return {table: read_table(paths[table], texts=model.texts) for table in model.tables}


def fit(
    name: str, tables: Mapping[str, pd.DataFrame], *, quick: bool = False
) -> dict[str, pd.DataFrame]:
    """Fit one model to its tables.

    Parameters
    ----------
    name : str
        Key of `MODELS`.
    tables : mapping of str to DataFrame
        At least the model's tables.
    quick : bool
        Shorten resampling, in models that resample; their results are then drafts.

    Returns
    -------
    dict of str to DataFrame
        The model's frames, in the order the registry lists them.
    """
    model = MODELS[name]
    fit_model = import_module(f"lendanear.models.{name}").fit
    options = {"quick": True} if quick and "quick" in signature(fit_model).parameters else {}
    frames = fit_model(**{table: tables[table] for table in model.tables}, **options)
    return {frame: frames[frame] for frame in model.frames}
