"""The trial as the models of coaching see it: who, in which arm, said what how well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from lendanear.bayes.containers import data_container
from lendanear.bayes.contrasts import zero_sum_basis
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import ARM_KEYS, CONTROL, CONVERSATION_NUMBERS, SCENARIO_KEYS

if TYPE_CHECKING:
    import pandas as pd

TREATED: Final = tuple(key for key in ARM_KEYS if key != CONTROL.key)
LATER: Final = CONVERSATION_NUMBERS[1:]
"""Conversations after training."""
CONTRASTS: Final = (
    *((arm, CONTROL.key) for arm in TREATED),
    ("coach", "video"),
    ("combined", "video"),
    ("combined", "coach"),
)
"""Pairs of arms that are compared: first minus second."""
PERIODS: Final = (*(f"conversation {number}" for number in LATER), "both")
"""When an effect is measured: in one conversation after training, or in the mean of both."""


@dataclass(frozen=True)
class Trial:
    """Conversations as arrays; rows in the order of participants and conversations.

    Attributes
    ----------
    outcomes : tuple of str
        Names of the scores.
    scores : ndarray of float, shape (n, outcomes)
        One row per conversation.
    person : ndarray of int, shape (n,)
        Place of the participant, 0 to people - 1.
    arm : ndarray of int, shape (n,)
        Place in ``vocabulary.ARM_KEYS``.
    number : ndarray of int, shape (n,)
        1, 2 or 3.
    scenario : ndarray of int, shape (n,)
        Place in ``vocabulary.SCENARIO_KEYS``.
    """

    outcomes: tuple[str, ...]
    scores: np.ndarray
    person: np.ndarray
    arm: np.ndarray
    number: np.ndarray
    scenario: np.ndarray

    @property
    def people(self) -> int:
        """Number of participants."""
        return int(self.person.max()) + 1

    @property
    def person_arm(self) -> np.ndarray:
        """Arm of every participant, shape (people,)."""
        arms = np.empty(self.people, dtype=int)
        arms[self.person] = self.arm
        return arms


def trial(conversations: pd.DataFrame, outcomes: Sequence[str]) -> Trial:
    """Return the trial's conversations as arrays.

    Parameters
    ----------
    conversations : DataFrame
        The typed table.
    outcomes : sequence of str
        Columns that are scores.

    Raises
    ------
    LendAnEarError
        If an arm, or one of the three conversations of it, has no rows: its effect could not be
        estimated.
    """
    rows = conversations.sort_values(["participant_id", "conversation_number"])
    arm = rows["arm"].cat.codes.to_numpy(dtype=int)
    number = rows["conversation_number"].to_numpy(dtype=int)
    for place, key in enumerate(ARM_KEYS):
        for conversation in CONVERSATION_NUMBERS:
            if not ((arm == place) & (number == conversation)).any():
                raise LendAnEarError(
                    "the effects of training need all four arms and three conversations, and this "
                    f"data has no conversation {conversation} of the arm {key!r}"
                )
    return Trial(
        outcomes=tuple(outcomes),
        scores=rows[list(outcomes)].to_numpy(dtype=float),
        person=rows["participant_id"].factorize()[0],
        arm=arm,
        number=number,
        scenario=rows["scenario"].cat.codes.to_numpy(dtype=int),
    )


def require_whole(data: Trial, what: str) -> None:
    """Stop unless everybody has all three conversations.

    Parameters
    ----------
    data : Trial
        The trial.
    what : str
        What needs them, to begin the message with.

    Raises
    ------
    LendAnEarError
        With the number of participants who have fewer.
    """
    sizes = np.bincount(data.person)
    fewer = int((sizes != len(CONVERSATION_NUMBERS)).sum())
    if fewer:
        raise LendAnEarError(
            f"{what} needs conversations 1, 2 and 3 of every participant, and {fewer} of "
            f"{len(sizes)} participants in this data have fewer: remove these participants, or "
            "complete them"
        )


def scenario_contrasts() -> np.ndarray:
    """Return an orthonormal basis of scenario effects that sum to zero, shape (5, 4)."""
    return zero_sum_basis(len(SCENARIO_KEYS))


TERMS: Final = (
    "intercept",
    *(f"arm[{arm}]" for arm in TREATED),
    *(f"drift[{number}]" for number in LATER),
    *(f"effect[{arm},{number}]" for arm in TREATED for number in LATER),
    *(f"scenario[{place}]" for place in range(len(SCENARIO_KEYS) - 1)),
)
"""Columns of `design_matrix`."""


def design_matrix(data: Trial) -> np.ndarray:
    """Return the regressors of every conversation, shape (n, 16): columns `TERMS`."""
    columns = [np.ones(len(data.arm))]
    treated = [(data.arm == ARM_KEYS.index(arm)).astype(float) for arm in TREATED]
    later = [(data.number == number).astype(float) for number in LATER]
    columns += treated
    columns += later
    columns += [mine * then for mine in treated for then in later]
    columns += list(scenario_contrasts()[data.scenario].T)
    return np.column_stack(columns)


def contrasts_of(effects: np.ndarray) -> dict[tuple[str, str, str], np.ndarray]:
    """Return every comparison of arms in every period.

    Parameters
    ----------
    effects : ndarray, shape (..., 3, 2)
        Effect of each treated arm against Control in conversations 2 and 3.

    Returns
    -------
    dict of (arm, reference, period) to ndarray, shape (...)
        `CONTRASTS` by `PERIODS`.
    """
    periods = [*(effects[..., k] for k in range(len(LATER))), effects.mean(axis=-1)]
    found = {}
    for arm, reference in CONTRASTS:
        for period, values in zip(PERIODS, periods, strict=True):
            difference = values[..., TREATED.index(arm)]
            if reference in TREATED:
                difference = difference - values[..., TREATED.index(reference)]
            found[arm, reference, period] = difference
    return found


@dataclass(frozen=True)
class Moments:
    """What the likelihood of a Gaussian random-intercept model needs of people with n scores.

    A person's n conversations are rotated into their mean times the root of n and n - 1 contrasts
    that sum to zero; the former has variance ``within + n * between``, the latter ``within``.
    Gram matrices of both over people are sufficient.

    Attributes
    ----------
    size : int
        Conversations per person.
    people : int
        How many people have that many.
    between, within : tuple of ndarray
        X'X, X'Y and Y'Y of the scaled means and of the contrasts; X is the design matrix, Y the
        scores. The latter two may be data containers of a model: see `held_moments`.
    """

    size: int
    people: int
    between: tuple[np.ndarray, np.ndarray, np.ndarray]
    within: tuple[np.ndarray, np.ndarray, np.ndarray]


def moments(data: Trial) -> list[Moments]:
    """Return the sufficient statistics, one entry per number of conversations that occurs."""
    regressors = design_matrix(data)
    sizes = np.bincount(data.person)
    found = []
    for size in np.unique(sizes):
        rows = np.isin(data.person, np.flatnonzero(sizes == size))
        people = int((sizes == size).sum())
        x = regressors[rows].reshape(people, size, -1)
        y = data.scores[rows].reshape(people, size, -1)
        mean_x, mean_y = (values.sum(axis=1) / np.sqrt(size) for values in (x, y))
        between = (mean_x.T @ mean_x, mean_x.T @ mean_y, mean_y.T @ mean_y)
        total = [
            np.einsum("nti,ntj->ij", left, right, optimize=True)
            for left, right in ((x, x), (x, y), (y, y))
        ]
        within = tuple(all_ - part for all_, part in zip(total, between, strict=True))
        found.append(Moments(int(size), people, between, within))
    return found


def containers(data: Trial) -> dict[str, np.ndarray]:
    """Return all that a likelihood needs of the scores, by the names of `held_moments`."""
    found = {}
    for own in moments(data):
        for part in ("between", "within"):
            _, xy, yy = getattr(own, part)
            found |= dict(zip(_names(part, own.size), (xy, yy), strict=True))
    return found


def held_moments(data: Trial) -> list[Moments]:
    """Return the sufficient statistics, those of the scores in data containers.

    They are added to the model that is being built, which can then be given other scores of the
    same people and conversations without being compiled anew.
    """
    values = containers(data)
    found = []
    for own in moments(data):
        held = {}
        for part in ("between", "within"):
            sums = (data_container(name, values[name]) for name in _names(part, own.size))
            held[part] = (getattr(own, part)[0], *sums)
        found.append(replace(own, **held))
    return found


def _names(part: str, size: int) -> tuple[str, str]:
    """Return the names of the data containers of X'Y and Y'Y."""
    return f"{part}_{size}_xy", f"{part}_{size}_yy"
