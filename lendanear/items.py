"""What is built: the 25 items of the paper, the items added to it, and the notebook of each.

An item names the tables it needs and the files it leaves in ``figures/<source>/``: a figure leaves
``<stem>.png``, ``<stem>.svg`` and ``<stem>.csv`` (its source data), a table leaves ``<stem>.csv``
and ``<stem>.html``. Stems on synthetic data end in ``_synthetic``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from lendanear.errors import LendAnEarError

TABLE_FILES: Final = {
    "participants": "experiment_1",
    "conversations": "experiment_1",
    "messages": "experiment_1",
    "choices": "experiment_2",
    "elo": "elo_rankings",
    "themes": "all_themes",
    "pilot_ratings": "pilot",
}
"""Which source (a key of data/sources.toml) each typed table is made from."""


@dataclass(frozen=True)
class Item:
    """One figure or table: of the paper, or, not ``published``, one that this companion adds."""

    key: str
    title: str
    kind: Literal["figure", "table"]
    notebook: str
    tables: tuple[str, ...]
    stem: str
    published: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of data/sources.toml this item needs, in order, without repetition."""
        return tuple(dict.fromkeys(TABLE_FILES[table] for table in self.tables))


_TRIAL: Final = ("participants", "conversations")

ITEMS: Final = (
    Item("1", "Design of the trial", "figure", "figure_1_design",
         ("participants", "conversations"), "figure_1"),
    Item("2B", "Change of themes after coaching", "figure", "figure_2_themes",
         ("themes",), "figure_2b"),
    Item("2C-personal", "Change of every interpretation, personal troubles", "figure",
         "figure_2_themes", ("themes",), "figure_2c_personal"),
    Item("2C-workplace", "Change of every interpretation, workplace troubles", "figure",
         "figure_2_themes", ("themes",), "figure_2c_workplace"),
    Item("3A", "Each participant's change", "figure", "figure_3a_responders",
         _TRIAL, "figure_3a"),
    Item("reliability", "Reliability and responders", "table", "figure_3a_responders",
         _TRIAL, "table_reliability"),
    Item("3B", "Effects of training per dimension and arm", "figure", "figure_3b_effects",
         _TRIAL, "figure_3b"),
    Item("EDT1", "Extended Data Table 1: regressions", "table", "figure_3b_effects",
         _TRIAL, "extended_data_table_1"),
    Item("contrasts", "Pairwise contrasts with both Holm corrections", "table",
         "figure_3b_effects", _TRIAL, "table_contrasts"),
    Item("5A", "Trait empathy and expressed empathy", "figure", "figure_5_silent_empathy",
         _TRIAL, "figure_5a"),
    Item("5B", "Self-reported and judged empathy", "figure", "figure_5_silent_empathy",
         _TRIAL, "figure_5b"),
    Item("silent", "Silent-empathy correlations", "table", "figure_5_silent_empathy",
         _TRIAL, "table_silent_empathy"),
    Item("robustness", "Silent empathy on first conversations", "table",
         "figure_5_silent_empathy", _TRIAL, "table_robustness"),
    Item("6A", "Elo rating by score decile", "figure", "figure_6a_elo", ("elo",), "figure_6a"),
    Item("6B", "Choices and score differences", "figure", "figure_6b_choices",
         ("choices",), "figure_6b"),
    Item("preferences", "Four preference models", "table", "figure_6b_choices",
         ("choices",), "table_preferences"),
    Item("6C", "Human and LLM rankings", "figure", "figure_6c_rankings",
         ("choices", "elo"), "figure_6c"),
    Item("ED1", "Distributions before and after training", "figure", "extended_1_distributions",
         _TRIAL, "extended_data_1"),
    Item("ED2", "Dimensions by kind of trouble at baseline", "figure", "extended_2_3_dimensions",
         _TRIAL, "extended_data_2"),
    Item("ED3", "Dimensions by conversation number", "figure", "extended_2_3_dimensions",
         _TRIAL, "extended_data_3"),
    Item("SI1", "Expressed empathy by sex", "figure", "si_demographics", _TRIAL, "si_figure_1"),
    Item("SI2", "Expressed empathy by age", "figure", "si_demographics", _TRIAL, "si_figure_2"),
    Item("SI3", "Baseline by age and sex", "figure", "si_demographics", _TRIAL, "si_figure_3"),
    Item("demographics", "Demographic regressions", "table", "si_demographics",
         _TRIAL, "table_demographics"),
    Item("pilot", "Agreement of experts, crowd and LLM judges", "figure", "pilot_agreement",
         ("pilot_ratings",), "pilot_agreement"),
    Item("B1", "Effects of training with all their uncertainty", "figure", "bayes_coaching",
         ("conversations",), "bayes_coaching", published=False),
    Item("B1-checks", "Checks of the models of training", "figure", "bayes_coaching",
         ("conversations",), "bayes_coaching_checks", published=False),
    Item("B2", "Silent empathy, freed of measurement error", "figure", "bayes_silent_empathy",
         _TRIAL, "bayes_silent_empathy", published=False),
    Item("B2-checks", "Checks of the models of silent empathy", "figure",
         "bayes_silent_empathy", _TRIAL, "bayes_silent_empathy_checks", published=False),
    Item("B3", "Everybody's true change, with its uncertainty", "figure", "bayes_responders",
         ("conversations",), "bayes_responders", published=False),
    Item("B3-checks", "Checks of the models of reliability and true change", "figure",
         "bayes_responders", ("conversations",), "bayes_responders_checks", published=False),
    Item("B4", "Whom raters prefer, and how surely", "figure", "bayes_preferences",
         ("choices", "elo"), "bayes_preferences", published=False),
    Item("B4-checks", "Checks of the models of preference", "figure", "bayes_preferences",
         ("choices", "elo"), "bayes_preferences_checks", published=False),
    Item("B5", "What the public Elo file tells by itself", "figure", "bayes_public",
         ("elo",), "bayes_public", published=False),
    Item("B5-checks", "Checks of the models of the public Elo file", "figure",
         "bayes_public", ("elo",), "bayes_public_checks", published=False),
    Item("B6", "How severe and how consistent each judge is", "figure", "bayes_judges",
         ("pilot_ratings",), "bayes_judges", published=False),
    Item("B6-checks", "Checks of the model of the judges", "figure", "bayes_judges",
         ("pilot_ratings",), "bayes_judges_checks", published=False),
)  # fmt: skip
"""Every item: those of the paper in its order, then those added."""


PAPER: Final = "paper"
"""Word for all items of the paper."""
BAYES: Final = "bayes"
"""Word for all items that were added to it."""


def notebooks() -> tuple[str, ...]:
    """Return the names of the notebooks (without ``.ipynb``) in the paper's order."""
    return tuple(dict.fromkeys(item.notebook for item in ITEMS))


def items_of(notebook: str) -> tuple[Item, ...]:
    """Return the items that one notebook builds."""
    return tuple(item for item in ITEMS if item.notebook == notebook)


def select(words: str) -> tuple[Item, ...]:
    """Return the items that a comma-separated list names.

    A word is an item's key in any case, or the part of it before a hyphen (``2C`` names both
    groups); ``paper`` names the items of the paper, ``bayes`` those added to it.

    Raises
    ------
    LendAnEarError
        If a word names nothing; the message lists every key.
    """
    chosen: list[Item] = []
    for word in (part.strip().lower() for part in words.split(",")):
        if not word:
            continue
        found = [
            item
            for item in ITEMS
            if word in {item.key.lower(), item.key.lower().split("-")[0]}
            or word == (PAPER if item.published else BAYES)
        ]
        if not found:
            raise LendAnEarError(
                f"--only: no item is called {word!r}. Items: {PAPER}, {BAYES}, or some of "
                + ", ".join(item.key for item in ITEMS)
            )
        chosen.extend(found)
    if not chosen:
        raise LendAnEarError(f"--only: name at least one item of {', '.join(i.key for i in ITEMS)}")
    return tuple(item for item in ITEMS if item in chosen)
