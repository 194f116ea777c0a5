"""Every Bayesian model: its tables, its settings, and the frames it reports.

A model is two files of one name: ``models/<name>.py`` with ``data`` (tables to arrays), ``build``
(arrays to a PyMC model), ``KEEP`` (what is stored) and ``FULL`` and ``QUICK`` settings; and
``estimates/<name>.py`` with ``estimate`` (draws and tables to reported quantities and frames).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from lendanear.bayes.settings import Settings

if TYPE_CHECKING:
    from types import ModuleType

    import arviz as az
    import pandas as pd

    from lendanear.bayes.quantities import Reported

COMMON_FRAMES: Final = ("estimates", "diagnostics", "convergence", "sensitivity")
"""Frames that every model has: see `lendanear.bayes.summarise`."""


@dataclass(frozen=True)
class BayesModel:
    """One Bayesian model.

    Parameters
    ----------
    name : str
        Name of its two modules, and of it in every result.
    title : str
        What it is about, for readers.
    item : str
        Key of the item (see `lendanear.items`) that shows it.
    tables : tuple of str
        Typed tables it is fitted to.
    frames : tuple of str
        Frames it reports besides `COMMON_FRAMES`.
    in_quick : bool
        Whether ``--quick`` fits it too; a heavy model may leave its place to a lighter one.
    """

    name: str
    title: str
    item: str
    tables: tuple[str, ...]
    frames: tuple[str, ...] = ()
    in_quick: bool = True

    @property
    def all_frames(self) -> tuple[str, ...]:
        """Every frame it leaves."""
        return (*COMMON_FRAMES, *self.frames)


_LIST: Final = (
    BayesModel(
        "coaching_overall", "Effect of training on overall empathy", "B1", ("conversations",)
    ),
    BayesModel(
        "coaching",
        "Effect of training on six dimensions, ordered categories",
        "B1",
        ("conversations",),
        ("effects", "left_out", "prior_predictive", "posterior_predictive"),
        in_quick=False,
    ),
    BayesModel(
        "coaching_gaussian",
        "Effect of training on six dimensions, Gaussian",
        "B1",
        ("conversations",),
        ("effects", "left_out", "prior_predictive", "posterior_predictive"),
    ),
    BayesModel(
        "coaching_unpooled",
        "Effect of training on six dimensions, Gaussian, without pooling",
        "B1",
        ("conversations",),
        ("effects", "left_out", "prior_predictive", "posterior_predictive"),
        in_quick=False,
    ),
    BayesModel(
        "public_change",
        "Change of the coach arms in the public file",
        "B5",
        ("elo",),
        ("intervals", "pairing", "published", "prior_predictive", "posterior_predictive"),
    ),
    BayesModel(
        "public_elo",
        "Elo rating by overall empathy in the public file",
        "B5",
        ("elo",),
        ("intervals", "curve", "cells", "prior_predictive", "posterior_predictive"),
    ),
    BayesModel(
        "silent_correlation",
        "Correlation of felt and expressed empathy",
        "B2",
        ("participants", "conversations"),
        (
            "intervals",
            "rope",
            "attenuation",
            "sample",
            "prior_predictive",
            "posterior_predictive",
        ),
    ),
    BayesModel(
        "silent_levels",
        "Gap between self-reported and judged behaviour",
        "B2",
        ("conversations",),
        ("intervals", "closing", "people", "prior_predictive", "posterior_predictive"),
    ),
    BayesModel(
        "responders",
        "Reliability of scores and who truly changed",
        "B3",
        ("conversations",),
        (
            "intervals",
            "participants",
            "verdicts",
            "bars",
            "prior_predictive",
            "posterior_predictive",
        ),
    ),
    BayesModel(
        "bradley_terry",
        "Human ranking of conversations",
        "B4",
        ("choices", "elo"),
        (
            "intervals",
            "ranks",
            "point_agreement",
            "prior_predictive",
            "posterior_predictive",
        ),
    ),
    BayesModel(
        "rank_agreement",
        "Agreement of human and LLM rankings",
        "B4",
        ("choices", "elo"),
        ("intervals", "prior_predictive", "posterior_predictive"),
    ),
    BayesModel(
        "choice_curve",
        "Choices by score difference",
        "B4",
        ("choices",),
        ("intervals", "curve", "comparison", "prior_predictive", "posterior_predictive"),
    ),
    BayesModel(
        "judges",
        "Severity and consistency of the pilot's raters",
        "B6",
        ("pilot_ratings",),
        ("intervals", "raters", "consensus", "prior_predictive", "posterior_predictive"),
    ),
)
BAYES_MODELS: Final = {model.name: model for model in _LIST}
"""Every Bayesian model by name."""


def model_module(name: str) -> ModuleType:
    """Return the module that builds a model."""
    return import_module(f"lendanear.bayes.models.{name}")


def draw(
    name: str, tables: Mapping[str, pd.DataFrame], settings: Settings | None = None
) -> az.InferenceData:
    """Draw from the posterior of one model.

    Parameters
    ----------
    name : str
        Key of `BAYES_MODELS`.
    tables : mapping of str to DataFrame
        At least the model's tables.
    settings : Settings, optional
        Length of the run; default the model's own.
    """
    from lendanear.bayes.sampling import sample

    module = model_module(name)
    known = BAYES_MODELS[name]
    data = module.data(**{table: tables[table] for table in known.tables})
    return sample(module.build(data), module.KEEP, settings or module.FULL)


def estimate(
    name: str, drawn: az.InferenceData, tables: Mapping[str, pd.DataFrame]
) -> tuple[Reported, dict[str, Any]]:
    """Return the reported quantities of one model, and its frames."""
    module = import_module(f"lendanear.bayes.estimates.{name}")
    known = BAYES_MODELS[name]
    return module.estimate(drawn, **{table: tables[table] for table in known.tables})
