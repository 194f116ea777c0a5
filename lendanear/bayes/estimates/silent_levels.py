"""How far what people say of themselves lies above what the judge sees, and whether training helps.

Groups are named ``behaviour, arm, period``. A gap is a difference of shares, 0 to 1 (a figure shows
percentage points). Effects of training are differences of differences: how much more something
changed in an arm than in Control, from conversation 1 to a later one or to the mean of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.models import silent_levels as model
from lendanear.bayes.predictive import compare, prior_draws
from lendanear.bayes.quantities import two_intervals
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.settings import SEED
from lendanear.bayes.trial import PERIODS, TREATED
from lendanear.models.silent_empathy import ALL
from lendanear.vocabulary import ARM_KEYS, CONTROL, CONVERSATION_NUMBERS

if TYPE_CHECKING:
    import arviz as az
    import pymc as pm

    from lendanear.bayes.quantities import Reported

NAME: Final = "silent_levels"
LARGE: Final = 0.5
"""A person's gap is large if they say it in at least this much more of their conversations."""
STEP: Final = 0.05
"""Width of the ranges that people's gaps are counted in."""
WHEN: Final = ("before", "after")
"""Conversation 1, and the mean of conversations 2 and 3."""
SIMULATED: Final = 200
"""Data sets drawn for a predictive check."""
HEADLINES: Final = (
    "gap.effect", "gap.closed", "people.sd", "people.large", "correlation.person",
    "odds.conversation",
)  # fmt: skip
"""Quantities whose sensitivity to the prior is computed."""
_CONTROL: Final = ARM_KEYS.index(CONTROL.key)


def estimate(
    drawn: az.InferenceData, conversations: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    conversations : DataFrame
        The typed table.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        By behaviour, arm and conversation, and for ``all`` of them: ``level.self`` and
        ``level.judge`` (share of "quite a bit" or "very much") and ``gap.share`` (their
        difference). By behaviour, treated arm and
        period: ``gap.effect``, and what it is made of, ``effect.self`` less ``effect.judge``. By
        behaviour and treated arm: ``gap.closed``, the share of the gap that there would have been
        without training that training closes. By behaviour, arm and `WHEN`: ``people.sd`` (SD of
        people's own gaps), ``people.positive`` and ``people.large`` (share of people whose own gap
        is above 0, or at least `LARGE`). By behaviour and treated arm: ``people.effect`` (on
        ``people.large``). By behaviour: ``people.arm`` (share of the variance of people's gaps
        after training that lies between arms), ``correlation.person`` (who says it more often does
        it more often) and ``odds.conversation`` (odds of being judged high where people say so, to
        those where they do not).
    frames : dict of DataFrame
        ``sensitivity``; ``intervals`` (`two_intervals` of everything reported, with behaviour, arm
        and period as columns); ``closing`` (behaviour, arm, any, half: probabilities that training
        closes the gap at all, and at least half of it); ``people`` (behaviour, arm, when, gap,
        share: how people's gaps are spread, in ranges of width `STEP` around ``gap``; means over
        draws); ``prior_predictive`` and ``posterior_predictive``.
    """
    data = model.data(conversations)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    chances = model.pattern_chances(data, posterior)
    reported = _levels(chances, np.bincount(data.arm) / len(data.arm))
    own, people = _people(data, posterior)
    reported |= own
    for place, behaviour in enumerate(model.JUDGED):
        reported["correlation.person", behaviour] = np.tanh(posterior["common"][..., place])
        reported["odds.conversation", behaviour] = np.exp(posterior["same_day"][..., place])
    machine = model.build(data)
    intervals = two_intervals(reported)
    parts = intervals["group"].str.split(", ", expand=True)
    frames = {
        "sensitivity": power_scaling(
            NAME,
            {key: draws for key, draws in reported.items() if key[0] in HEADLINES},
            log_prior(machine, drawn, model.CHOSEN_PRIORS),
            model.log_likelihood(data, chances).sum(axis=(-2, -1)),
        ),
        "intervals": intervals.assign(behaviour=parts[0], arm=parts[1], period=parts[2]),
        "closing": _closing(reported),
        "people": people,
        **_checks(machine, data, chances),
    }
    return reported, frames


def _levels(chances: np.ndarray, sizes: np.ndarray) -> Reported:
    """Return shares of high levels, gaps between them, and what training changes about them.

    `sizes` is the share of participants in each arm.
    """
    said, seen = [], []
    for number in range(len(CONVERSATION_NUMBERS)):
        others = tuple(axis for axis in (-3, -2, -1) if axis != number - 3)
        states = chances.sum(axis=others)
        said.append(states[..., 2:].sum(axis=-1))
        seen.append(states[..., 1::2].sum(axis=-1))
    levels = {"level.self": np.stack(said, axis=-1), "level.judge": np.stack(seen, axis=-1)}
    gaps = levels["level.self"] - levels["level.judge"]
    reported: Reported = {}
    for quantity, values in (levels | {"gap.share": gaps}).items():
        for place, behaviour in enumerate(model.JUDGED):
            for arm_place, arm in enumerate(ARM_KEYS):
                for at, number in enumerate(CONVERSATION_NUMBERS):
                    group = f"{behaviour}, {arm}, conversation {number}"
                    reported[quantity, group] = values[..., place, arm_place, at]
            overall = values[..., place, :, :].mean(axis=-1) @ sizes
            reported[quantity, f"{behaviour}, {ALL}, {ALL}"] = overall
    changed = [("gap.effect", gaps), ("effect.self", levels["level.self"])]
    for quantity, values in [*changed, ("effect.judge", levels["level.judge"])]:
        effects = _effects(values)
        for place, behaviour in enumerate(model.JUDGED):
            for arm in TREATED:
                for at, period in enumerate(PERIODS):
                    group = f"{behaviour}, {arm}, {period}"
                    reported[quantity, group] = effects[..., place, ARM_KEYS.index(arm), at]
    effect = _effects(gaps)[..., -1]
    without = _changes(gaps)[..., -1] - effect + gaps[..., 0]
    for place, behaviour in enumerate(model.JUDGED):
        for arm in TREATED:
            at = (..., place, ARM_KEYS.index(arm))
            reported["gap.closed", f"{behaviour}, {arm}"] = -effect[at] / without[at]
    return reported


def _changes(values: np.ndarray) -> np.ndarray:
    """Return changes from conversation 1; the last axis becomes `PERIODS`."""
    later = values[..., 1:]
    return np.concatenate([later, later.mean(axis=-1, keepdims=True)], axis=-1) - values[..., :1]


def _effects(values: np.ndarray) -> np.ndarray:
    """Return how much more every arm changed than Control; the axis before the last is the arm."""
    changes = _changes(values)
    return changes - changes[..., _CONTROL : _CONTROL + 1, :]


def _people(
    data: model.SilentLevels, posterior: dict[str, np.ndarray]
) -> tuple[Reported, pd.DataFrame]:
    """Return how people's own gaps vary, and how many people have a gap of each size."""
    lead = posterior["common"].shape[:-1]
    edges = np.arange(-1 - STEP / 2, 1 + STEP, STEP)
    shape = (*lead, len(model.JUDGED), len(ARM_KEYS), len(WHEN))
    found = {name: np.empty(shape) for name in ("mean", "sd", "positive", "large")}
    rows = np.arange(np.prod(shape[2:])).reshape(*shape[2:], 1) * (len(edges) - 1)
    counts = np.zeros(rows.size * (len(edges) - 1))
    for at in np.ndindex(*lead):
        gaps = model.people_gaps(data, {name: values[at] for name, values in posterior.items()})
        each = np.stack([gaps[:, :, 0], gaps[:, :, 1:].mean(axis=2)], axis=2)
        found["mean"][at], found["sd"][at] = each.mean(axis=-1), each.std(axis=-1)
        found["positive"][at] = (each > 0).mean(axis=-1)
        found["large"][at] = (each >= LARGE).mean(axis=-1)
        places = rows + np.rint((each + 1) / STEP).astype(int)
        counts += np.bincount(places.ravel(), minlength=len(counts))
    reported: Reported = {}
    for quantity in ("sd", "positive", "large"):
        for place, behaviour in enumerate(model.JUDGED):
            for arm_place, arm in enumerate(ARM_KEYS):
                for when_place, when in enumerate(WHEN):
                    group = f"{behaviour}, {arm}, {when}"
                    value = found[quantity][..., place, arm_place, when_place]
                    reported[f"people.{quantity}", group] = value
    change = found["large"][..., 1] - found["large"][..., 0]
    between = found["mean"][..., 1].var(axis=-1)
    whole = between + (found["sd"][..., 1] ** 2).mean(axis=-1)
    for place, behaviour in enumerate(model.JUDGED):
        for arm in TREATED:
            effect = change[..., place, ARM_KEYS.index(arm)] - change[..., place, _CONTROL]
            reported["people.effect", f"{behaviour}, {arm}"] = effect
        reported["people.arm", behaviour] = (between / whole)[..., place]
    groups = pd.MultiIndex.from_product(
        [model.JUDGED, ARM_KEYS, WHEN, np.round((edges[:-1] + edges[1:]) / 2, 6)],
        names=["behaviour", "arm", "when", "gap"],
    )
    counts /= each.shape[-1] * np.prod(lead)
    return reported, pd.DataFrame({"share": counts}, index=groups).reset_index()


def _closing(reported: Reported) -> pd.DataFrame:
    """Return how likely training closes the gap at all, and half of it."""
    rows = [
        (*group.split(", "), float((draws > 0).mean()), float((draws >= 0.5).mean()))
        for (quantity, group), draws in reported.items()
        if quantity == "gap.closed"
    ]
    return pd.DataFrame(rows, columns=["behaviour", "arm", "any", "half"])


def _checks(
    machine: pm.Model, data: model.SilentLevels, chances: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Return properties of the data beside those of data simulated from prior and posterior."""
    rng = np.random.default_rng(SEED)
    flat = chances.reshape(-1, *chances.shape[2:])
    chosen = rng.choice(len(flat), SIMULATED, replace=len(flat) < SIMULATED)
    before = prior_draws(machine, model.KEEP, SIMULATED)
    sets = {
        "prior_predictive": model.pattern_chances(data, before),
        "posterior_predictive": flat[chosen],
    }
    observed = _properties(data.states[None], data)
    return {
        frame: compare(
            {key: values[0] for key, values in observed.items()},
            _properties(model.simulate(data, known, rng), data),
        )
        for frame, known in sets.items()
    }


def _properties(states: np.ndarray, data: model.SilentLevels) -> dict[tuple[str, str], np.ndarray]:
    """Return what the models should get right in percent, of every data set (first axis).

    ``says`` and ``seen``: after training; ``always says`` and ``never seen``: of people, in three
    conversations; ``more said``: people who say it in more conversations than they are seen to;
    ``far more said``: in at least two more.
    """
    reports, shown = states // 2, states % 2 == 1
    said = reports == 1
    more = said.sum(axis=-1) - shown.sum(axis=-1)
    found = {}
    for place, behaviour in enumerate(model.JUDGED):
        for arm_place, arm in enumerate(ARM_KEYS):
            own = (slice(None), place, data.arm == arm_place)
            later = (reports[own][..., 1:] < 2).sum(axis=(-2, -1))
            values = {
                "says": said[own][..., 1:].sum(axis=(-2, -1)) / later,
                "seen": shown[own][..., 1:].mean(axis=(-2, -1)),
                "always says": said[own].all(axis=-1).mean(axis=-1),
                "never seen": (~shown[own]).all(axis=-1).mean(axis=-1),
                "more said": (more[own] > 0).mean(axis=-1),
                "far more said": (more[own] > 1).mean(axis=-1),
            }
            found |= {(what, f"{behaviour}, {arm}"): 100 * own for what, own in values.items()}
    return dict(sorted(found.items(), key=lambda item: list(values).index(item[0][0])))
