"""Choices between two conversations as the models of preference see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lendanear.errors import DataError
from lendanear.vocabulary import SCENARIO_KEYS

FILE = "experiment_2.csv"


@dataclass(frozen=True)
class Pairs:
    """Choices as arrays: equal choices of a rater are one row with a count; ordered by rater.

    Attributes
    ----------
    conversations : tuple of str
        Ids, ordered by scenario, then id.
    scenarios : tuple of str
        Keys of the scenarios that occur, in the vocabulary's order.
    scenario : ndarray of int, shape (conversations,)
        Place of each conversation's scenario in `scenarios`.
    raters : int
        Number of raters.
    rater, winner, loser : ndarray of int, shape (rows,)
        Who chose, which conversation, over which.
    side : ndarray of float, shape (rows,)
        +1 where the winner stood on the left, -1 where on the right.
    count : ndarray of float, shape (rows,)
        How often this very choice was made.
    """

    conversations: tuple[str, ...]
    scenarios: tuple[str, ...]
    scenario: np.ndarray
    raters: int
    rater: np.ndarray
    winner: np.ndarray
    loser: np.ndarray
    side: np.ndarray
    count: np.ndarray

    @property
    def names(self) -> list[str]:
        """Scenario key of every conversation, shape (conversations,)."""
        return [self.scenarios[place] for place in self.scenario]

    @property
    def starts(self) -> np.ndarray:
        """First row of every rater, shape (raters,)."""
        return np.searchsorted(self.rater, np.arange(self.raters))

    def centring(self) -> np.ndarray:
        """Return what averages over a scenario, shape (scenarios, conversations)."""
        member = (self.scenario == np.arange(len(self.scenarios))[:, None]).astype(float)
        return member / member.sum(axis=1, keepdims=True)


def pairs(choices: pd.DataFrame) -> Pairs:
    """Return the choices as arrays.

    Parameters
    ----------
    choices : DataFrame
        The typed table.

    Raises
    ------
    DataError
        If there is no choice, only one rater, fewer than three conversations in a scenario, or a
        conversation in two scenarios.
    """
    scenario = choices["scenario"].astype(str)
    sides = pd.DataFrame(
        {
            "id": pd.concat([choices["left_id"], choices["right_id"]]).astype(str),
            "scenario": pd.concat([scenario, scenario]),
        }
    ).drop_duplicates()
    twice = sides["id"].duplicated()
    if twice.any():
        raise DataError(
            "a conversation is compared under two scenarios, and strengths are compared within one",
            file=FILE,
            field="scenario",
            found=sides["id"][twice].iloc[0],
            remedy="Give every conversation its one scenario",
        )
    sides["place"] = sides["scenario"].map(SCENARIO_KEYS.index)
    sides = sides.sort_values(["place", "id"])
    sizes = sides.groupby("place").size()
    if sizes.min() < 3 if len(sizes) else True:
        few = f"{sizes.min()} conversations" if len(sizes) else "no choices"
        raise DataError(
            f"rankings need at least three conversations in every scenario; there are {few}",
            file=FILE,
            field="conversation_left_id",
            remedy="Leave out the scenario with so few, or check the ids",
        )
    raters, names = pd.factorize(choices["rater_id"])
    if len(names) < 2:
        raise DataError(
            "all choices were made by one rater, so raters cannot be told from conversations",
            file=FILE,
            field="participant_id",
            allowed="two or more raters",
        )
    place = pd.Series(np.arange(len(sides)), index=sides["id"])
    left = place[choices["left_id"].astype(str)].to_numpy()
    right = place[choices["right_id"].astype(str)].to_numpy()
    chose_left = (choices["choice"] == "left").to_numpy()
    rows, count = np.unique(
        np.column_stack(
            [
                raters,
                np.where(chose_left, left, right),
                np.where(chose_left, right, left),
                np.where(chose_left, 1, -1),
            ]
        ),
        axis=0,
        return_counts=True,
    )
    present = sizes.index.to_numpy()
    return Pairs(
        conversations=tuple(sides["id"]),
        scenarios=tuple(SCENARIO_KEYS[number] for number in present),
        scenario=np.searchsorted(present, sides["place"].to_numpy()),
        raters=len(names),
        rater=rows[:, 0],
        winner=rows[:, 1],
        loser=rows[:, 2],
        side=rows[:, 3].astype(float),
        count=count.astype(float),
    )
