"""Tune what hangs on the scores: self-reports, traits, preferences, themes.

These need cohorts large enough that chance hardly moves what is tuned; expected probabilities
stand in for drawn outcomes wherever there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit, logit, ndtri

from lendanear.synthetic import cohort, preference, spans
from lendanear.synthetic.cohort import Cohort
from lendanear.synthetic.parameters import from_raw
from lendanear.synthetic.tuning.published import Published, theme_shares
from lendanear.vocabulary import (
    ARMS,
    DIMENSION_KEYS,
    SCENARIO_KEYS,
    SELF_REPORT_KEYS,
    THEME_KEYS,
    TROUBLE_TYPE_KEYS,
)

SCALE: Final = 100
"""Studies' worth of participants simulated for one evaluation."""
SEED: Final = 2026
HIGH: Final = {
    "self_encourage_elaboration": ("secondary.self_elaboration_high", (0.011, 0.066, 0.26, 0.66)),
    "self_showed_understanding": ("secondary.self_understanding_high", (0.005, 0.026, 0.13, 0.52)),
}
"""Source of the share of 4 or 5, and assumed cumulative shares of 1-4 (it replaces the third)."""
DESIRE: Final = (0.006, 0.032, 0.15, 0.52)
"""Cumulative shares of 1-4 of the self-report about which nothing is published (assumed)."""
_REPORTS: Final = {
    "self_empathized": ("empathized", "self_empathized"),
    "self_encourage_elaboration": ("elaboration", "self_elaboration"),
    "self_showed_understanding": ("understanding", "self_understanding"),
}
_TOPICS: Final = ("loss_dad", "mom_unwell", "promotion", "undervalued")


def tune_reports(published: Published, raw: dict[str, Any]) -> None:
    """Set thresholds and links of the self-reports, and the links of the traits, in `raw`.

    A self-report has three correlations with what is judged: on first conversations, on all, and
    of the participants' means. Three links answer to them: to the person's part, and to the
    conversation's own part first and later. All are nearly linear in the links.
    """
    reports, people = raw["reports"], raw["people"]
    counts = np.cumsum(
        [published.value(f"silent.self_empathized_count.{level}") for level in range(1, 6)]
    )
    shares = {"self_empathized": counts[:4] / counts[4], "self_demonstrate_desire": DESIRE}
    for key, (source, assumed) in HIGH.items():
        shares[key] = (*assumed[:2], 1 - published.value(source), assumed[3])
    reports["thresholds"] = {key: ndtri(np.array(shares[key])).tolist() for key in SELF_REPORT_KEYS}
    wanted = np.array(
        [
            [
                np.sqrt(published.value(f"silent.r2_first.{short}")),
                np.sqrt(published.value(f"silent.r2_all.{short}")),
                published.value(f"silent.r.{long}"),
            ]
            for short, long in _REPORTS.values()
        ]
    )
    traits = np.array([published.value(f"silent.r.{key}") for key in ("jordan", "sites")])

    def set_links(links: np.ndarray, trait_links: np.ndarray) -> None:
        for key, (person, first, later) in zip(_REPORTS, links.tolist(), strict=True):
            reports["person_link"][key] = person
            reports["occasion_link"][key] = [first, later, later]
        people["jordan_link"], people["sites_link"] = trait_links.tolist()

    def found() -> tuple[np.ndarray, np.ndarray]:
        drawn = cohort.draw(from_raw(raw), SCALE, np.random.default_rng(SEED))
        return _report_correlations(drawn), _trait_correlations(drawn)

    links = np.zeros((3, 3))
    trait_links = np.zeros(2)
    for _ in range(2):
        set_links(links, trait_links)
        start, trait_start = found()
        slopes = np.empty((3, 3, 3))
        step = 0.2
        for place in range(3):
            moved = links.copy()
            moved[:, place] += step
            set_links(moved, trait_links + step)
            end, trait_end = found()
            slopes[:, :, place] = (end - start) / step
        links = links + np.linalg.solve(slopes, (wanted - start)[..., None])[..., 0]
        trait_links = trait_links + step * (traits - trait_start) / (trait_end - trait_start)
    set_links(links, trait_links)


def _correlation(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), two.ravel())[0, 1])


def _report_correlations(drawn: Cohort) -> np.ndarray:
    """First conversations, all, participants' means; by self-report, shape (3, 3)."""
    judged = {
        "self_empathized": drawn.overall,
        "self_encourage_elaboration": drawn.scores[
            ..., DIMENSION_KEYS.index("encouraging_elaboration")
        ],
        "self_showed_understanding": drawn.scores[
            ..., DIMENSION_KEYS.index("demonstrating_understanding")
        ],
    }
    rows = []
    for key, seen in judged.items():
        said = drawn.self_reports[..., SELF_REPORT_KEYS.index(key)]
        rows.append(
            [
                _correlation(said[:, 0], seen[:, 0]),
                _correlation(said, seen),
                _correlation(said.mean(axis=1), seen.mean(axis=1)),
            ]
        )
    return np.array(rows)


def _trait_correlations(drawn: Cohort) -> np.ndarray:
    seen = drawn.overall.mean(axis=1)
    return np.array(
        [
            _correlation(drawn.traits[:, :7].sum(axis=1), seen),
            _correlation(drawn.traits[:, 7], seen),
        ]
    )


def tune_preference(published: Published, raw: dict[str, Any]) -> None:
    """Set the raters' slopes, spread and lapses in `raw`, from models 1a and 1b.

    The raters' probabilities take the place of their choices, so the logits are fitted to
    expectations, and the twelve coefficients are met in units of their standard errors.
    """
    parameters = from_raw(raw)
    rng = np.random.default_rng(SEED)
    scale = 40
    drawn = cohort.draw(parameters, scale, rng)
    tournament = preference.play(parameters, drawn, rng)
    choices = preference.choose(parameters, tournament, scale, rng)
    left, right = choices.left, choices.right
    score = (tournament.overall[left] - tournament.overall[right]).astype(float)
    rating = (tournament.rating[left] - tournament.rating[right]) / preference.RATING_UNIT
    scenario = tournament.scenario[left]
    design = np.column_stack(
        [np.ones(len(score)), np.abs(score)]
        + [(scenario == SCENARIO_KEYS.index(topic)).astype(float) for topic in _TOPICS]
    )
    untied = score != 0
    taste = rng.standard_normal(choices.rater[-1] + 1)[choices.rater]
    terms = ["const", "abs_score_diff", *(f"topic_{topic}" for topic in _TOPICS)]
    wanted, errors = (
        np.array([read(f"preference.{model}.{term}") for model in ("1a", "1b") for term in terms])
        for read in (published.value, published.error)
    )

    def misses(x: np.ndarray) -> np.ndarray:
        slope = np.exp(x[:5])[scenario] * np.exp(np.exp(x[5]) * taste)
        lapse = expit(x[6])
        chose_left = lapse / 2 + (1 - lapse) * expit(slope * rating)
        higher = np.where(score > 0, chose_left, 1 - chose_left)
        matching = np.where(rating > 0, chose_left, 1 - chose_left)
        fitted = np.concatenate(
            [_logit_fit(design[untied], higher[untied]), _logit_fit(design, matching)]
        )
        # spread between raters and lapses do nearly the same: keep both near a plain guess
        return np.concatenate([(fitted - wanted) / errors, 0.3 * (x[5:] - [-1, logit(0.05)])])

    x = least_squares(misses, np.array([0.0] * 5 + [-1, logit(0.05)]), diff_step=1e-3).x
    raw["preference"]["rater_slope"] = dict(zip(SCENARIO_KEYS, np.exp(x[:5]).tolist(), strict=True))
    raw["preference"]["rater_spread"] = float(np.exp(x[5]))
    raw["preference"]["lapse"] = float(expit(x[6]))


def _logit_fit(design: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Coefficients of a logit of expected outcomes, by Newton's method."""
    coefficients = np.zeros(design.shape[1])
    for _ in range(30):
        p = expit(design @ coefficients)
        curvature = (design * (p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(curvature, design.T @ (share - p))
        coefficients += step
        if np.abs(step).max() < 1e-8:
            break
    return coefficients


def tune_themes(published: Published, raw: dict[str, Any]) -> None:
    """Set the log weights of the themes in `raw`: expected shares are the published ones."""
    wanted = theme_shares(published)
    base = np.log(wanted)
    parameters = from_raw(raw)
    drawn = cohort.draw(parameters, SCALE, np.random.default_rng(SEED))
    groups = _theme_groups(drawn)
    for _ in range(30):
        mix = replace(parameters.themes, base=base)
        expected = np.empty_like(wanted)
        for (g, when), (scores, turns) in groups.items():
            shares = spans.theme_shares(
                mix, np.full(len(scores), g), np.full(len(scores), when), scores
            )
            expected[g, when] = turns @ shares / turns.sum()
        base = base + np.log(wanted / expected)
    raw["themes"]["base"] = {
        trouble: {
            when: dict(zip(THEME_KEYS, base[g, w].tolist(), strict=True))
            for w, when in enumerate(("before", "after"))
        }
        for g, trouble in enumerate(TROUBLE_TYPE_KEYS)
    }


def _theme_groups(drawn: Cohort) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    """Scores and turns by kind of trouble, in first conversations and in later coached ones."""
    coached = np.array([arm.coached for arm in ARMS])[drawn.arm]
    trouble = spans.TROUBLE[drawn.scenario]
    groups = {}
    for g in range(len(TROUBLE_TYPE_KEYS)):
        first = np.zeros_like(trouble, dtype=bool)
        first[:, 0] = trouble[:, 0] == g
        later = (trouble == g) & coached[:, None]
        later[:, 0] = False
        for when, mine in enumerate((first, later)):
            groups[g, when] = drawn.scores[mine].astype(float), drawn.turns[mine].astype(float)
    return groups


STEPS: Final[dict[str, Callable[[Published, dict[str, Any]], None]]] = {
    "self-reports and traits": tune_reports,
    "preferences": tune_preference,
    "themes": tune_themes,
}
"""In order; each needs the scores."""
