"""The synthetic study as a whole: drawn once, then handed out in pieces."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from lendanear.synthetic import cohort as cohorts
from lendanear.synthetic import columns, preference, spans
from lendanear.synthetic.parameters import Parameters, load

if TYPE_CHECKING:
    import pandas as pd

SEED: Final = 260315245
"""Seed of the synthetic study that the companion builds by default."""
PEOPLE_PER_PIECE: Final = 968
"""Texts are written for this many participants at a time, whatever the scale."""
_STREAMS: Final = ("cohort", "tournament", "choices", "spans", "demographics", "themes")


@dataclass(frozen=True)
class Draw:
    """All numbers of one synthetic study; the texts are written piece by piece.

    Attributes
    ----------
    seed, scale : int
    cohort : Cohort
    tournament : Tournament
    choices : Choices
    span_counts : ndarray
        Spans per supporter message, from `spans.lengths`.
    about : Columns
        Demographics.
    """

    parameters: Parameters
    seed: int
    scale: int
    cohort: cohorts.Cohort
    tournament: preference.Tournament
    choices: preference.Choices
    span_counts: np.ndarray
    about: columns.Columns

    def pieces(self, *, text: bool) -> Iterator[tuple[columns.Columns, columns.Columns]]:
        """Yield the rows of experiment_1 and all_themes, some participants at a time.

        Parameters
        ----------
        text : bool
            Whether to write the texts; without them those columns are empty.
        """
        turns = self.cohort.turns.ravel().astype(np.int64)
        message = np.concatenate([[0], np.cumsum(turns)])
        step = 3 * PEOPLE_PER_PIECE
        for number, first in enumerate(range(0, len(turns), step)):
            mine = turns[first : first + step]
            rows = slice(message[first], message[min(first + step, len(turns))])
            rng = stream(self.seed, "themes", number)
            coded = spans.plan(
                self.parameters, self.cohort, first, self.span_counts[rows], mine, rng
            )
            words = None
            if text:
                chance = random.Random(f"{self.seed} {number}")  # noqa: S311
                words = columns.write_words(self.cohort, first, mine.tolist(), coded, chance)
            yield (
                columns.experiment_1(
                    self.cohort, self.about, first, mine, int(message[first]) + 1, words
                ),
                columns.all_themes(self.cohort, coded, words, rng),
            )

    def elo_rankings(self) -> columns.Columns:
        """Return the rows of the Elo file."""
        return columns.elo_rankings(self.cohort, self.tournament)

    def experiment_2(self) -> columns.Columns:
        """Return the rows of the choices."""
        return columns.experiment_2(self.cohort, self.tournament, self.choices)


def stream(seed: int, purpose: str, number: int = 0) -> np.random.Generator:
    """Return the random numbers for one purpose: no purpose disturbs another."""
    return np.random.default_rng([seed, _STREAMS.index(purpose), number])


def draw(seed: int = SEED, scale: int = 1, parameters: Parameters | None = None) -> Draw:
    """Draw all numbers of a synthetic study of `scale` times the study's size."""
    parameters = parameters or load()
    cohort = cohorts.draw(parameters, scale, stream(seed, "cohort"))
    tournament = preference.play(parameters, cohort, stream(seed, "tournament"))
    return Draw(
        parameters=parameters,
        seed=seed,
        scale=scale,
        cohort=cohort,
        tournament=tournament,
        choices=preference.choose(parameters, tournament, scale, stream(seed, "choices")),
        span_counts=spans.lengths(parameters, cohort, scale, stream(seed, "spans")),
        about=columns.demographics(cohort, parameters.people, stream(seed, "demographics")),
    )


def simulate(seed: int = SEED, scale: int = 1, *, text: bool = False) -> dict[str, pd.DataFrame]:
    """Draw a synthetic study in memory.

    Parameters
    ----------
    seed : int, optional
    scale : int, optional
        How many times the study's size.
    text : bool, optional
        Whether to write the texts; without them the text columns are empty, ``starter`` holds the
        scenario's name, and a study of the real size takes well under a second.

    Returns
    -------
    dict of str to DataFrame
        ``experiment_1``, ``experiment_2``, ``elo_rankings`` and ``all_themes``, with the columns
        of the files.
    """
    import pandas as pd

    study = draw(seed, scale)
    trial, themes = zip(*study.pieces(text=text), strict=True)
    return {
        "experiment_1": pd.concat([pd.DataFrame(piece) for piece in trial], ignore_index=True),
        "experiment_2": pd.DataFrame(study.experiment_2()),
        "elo_rankings": pd.DataFrame(study.elo_rankings()),
        "all_themes": pd.concat([pd.DataFrame(piece) for piece in themes], ignore_index=True),
    }
