"""The synthetic pilot: ratings of 50 conversations by experts, a crowd and language models."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Final

import numpy as np

from lendanear.files import written_aside
from lendanear.paths import DATA
from lendanear.vocabulary import (
    CONVERSATION_ID_DIGITS,
    DIMENSIONS,
    RATERS,
    SCORE_MAX,
    SCORE_MIN,
    SYNTHETIC_ID_PREFIX,
)

PARAMETERS: Final = DATA / "synthetic_pilot.toml"
"""Cutpoints, severities and noise of every rater, tuned to the published kappas."""


def simulate_pilot(random: np.random.Generator) -> dict[str, np.ndarray]:
    r"""Return each rater's ratings of the pilot conversations.

    On dimension :math:`d` conversation :math:`j` has a consensus :math:`z_{jd} \sim N(0, 1)`,
    correlated between dimensions; rater :math:`r` reports the number of cutpoints below
    :math:`z_{jd} + s_{rd} + n_{rd}\,\epsilon`, plus 1. The crowd is the mean of a few such raters.

    Parameters
    ----------
    random : numpy Generator
        Source of randomness.

    Returns
    -------
    dict of str to ndarray, shape (50, 6)
        By rater key, in the order of the vocabulary; 1 to 5, fractional for the crowd.
    """
    parameters = tomllib.loads(PARAMETERS.read_text(encoding="utf-8"))
    n, halo = parameters["conversations"], parameters["halo"]
    shared = random.standard_normal(n)
    sizes = random.choice(parameters["crowd_sizes"], n)
    members = np.arange(max(parameters["crowd_sizes"]))[:, None] < sizes
    ratings = {rater.key: np.empty((n, len(DIMENSIONS))) for rater in RATERS}
    for column, dimension in enumerate(DIMENSIONS):
        drawn = parameters["dimensions"][dimension.key]
        consensus = dimension.sign * np.sqrt(halo) * shared
        consensus = consensus + np.sqrt(1 - halo) * random.standard_normal(n)
        for rater in RATERS:
            people = members.shape[0] if rater.kind == "crowd" else 1
            noise = drawn["noise"][rater.key] * random.standard_normal((people, n))
            seen = consensus + drawn["shift"][rater.key] + noise
            scores = SCORE_MIN + np.searchsorted(drawn["cutpoints"], seen)
            ratings[rater.key][:, column] = (
                np.where(members, scores, 0).sum(axis=0) / sizes
                if rater.kind == "crowd"
                else scores[0]
            )
    return {key: values.clip(SCORE_MIN, SCORE_MAX) for key, values in ratings.items()}


def generate_pilot(folder: Path, *, seed: int) -> None:
    """Write ``<rater>_ratings.csv`` for every rater, as the pilot's own files are laid out.

    Parameters
    ----------
    folder : Path
        Where to write; made if absent.
    seed : int
        Same seed, same bytes.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    # a stream of its own, so that the pilot does not move when the study's generator changes
    random = np.random.default_rng([seed, 50])
    ratings = simulate_pilot(random)
    n = len(next(iter(ratings.values())))
    width = CONVERSATION_ID_DIGITS - len(SYNTHETIC_ID_PREFIX)
    # year 9999 and a month no calendar has: never an id of the synthetic study itself
    ids = [f"{SYNTHETIC_ID_PREFIX}50{number:0{width - 2}d}" for number in range(1, n + 1)]
    for rater in RATERS:
        with (
            written_aside(folder / f"{rater.key}_ratings.csv") as aside,
            aside.open("w", encoding="utf-8", newline="") as stream,
        ):
            writer = csv.writer(stream, lineterminator="\n")
            # the files of language models carry an unnamed index column
            index = rater.kind == "llm"
            header = ["conversation_id", *(dimension.key for dimension in DIMENSIONS)]
            writer.writerow([""] * index + header)
            for row, (conversation, scores) in enumerate(zip(ids, ratings[rater.key], strict=True)):
                cells = [
                    f"{score:g}" if rater.kind == "expert" else repr(float(score))
                    for score in scores
                ]
                writer.writerow([row] * index + [conversation, *cells])
