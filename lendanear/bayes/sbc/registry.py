"""Which models are calibrated, in how many replicates of which length.

Another model needs an entry here and a module of its name in `lendanear.bayes.sbc.subjects`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from lendanear.bayes.settings import Settings

SHORT: Final = Settings(tune=400, draws=500, chains=2, target_accept=0.9)
"""Length of a replicate's run; it is drawn longer where its draws depend on each other too much."""


@dataclass(frozen=True)
class Subject:
    """One model to calibrate.

    Parameters
    ----------
    model : str
        Key of `lendanear.bayes.registry.BAYES_MODELS`, and name of a module of
        `lendanear.bayes.sbc.subjects`.
    replicates : int
        How many data sets are simulated.
    settings : Settings
        Length of a run; the seed is not used.
    """

    model: str
    replicates: int = 100
    settings: Settings = SHORT


_LIST: Final = (
    Subject("coaching_overall", replicates=200),
    # inverts a matrix of 96 coefficients at every step
    Subject("coaching_gaussian", settings=replace(SHORT, tune=300, draws=400, target_accept=0.8)),
    Subject("responders"),
    Subject("bradley_terry"),
    Subject("choice_curve", replicates=200),
)
SUBJECTS: Final = {subject.model: subject for subject in _LIST}
"""Every model that is calibrated by name."""


def figure_stem(model: str) -> str:
    """Return the name, without ending, of the figure of a model."""
    return f"sbc_{model}_synthetic"


def table_stem(model: str) -> str:
    """Return the name, without ending, of the table of a model."""
    return f"sbc_{model}_table_synthetic"
