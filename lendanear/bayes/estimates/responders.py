"""How reliable scores are, how large a change must be, and how likely each participant improved.

The published verdict calls a change an improvement if noise alone would rarely produce it. That
protects against false alarms, and misses most true changes: a change below the bar is not no
change. Here stand, beside that verdict, the probabilities that a participant's *true* change is
above zero, above a smallest change of interest, and above the bar itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.special import ndtr

from lendanear.bayes.models import responders as model
from lendanear.bayes.predictive import compare, prior_draws
from lendanear.bayes.quantities import HDI, highest_density, two_intervals
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.settings import SEED
from lendanear.models import reliability
from lendanear.models.reliability import RELIABLE_Z
from lendanear.vocabulary import ARM_KEYS

if TYPE_CHECKING:
    import arviz as az
    import pymc as pm

    from lendanear.bayes.quantities import Reported

NAME: Final = "responders"
SMALLEST_SD: Final = 0.1
"""Smallest change of interest, in SD of overall empathy over all conversations."""
BARS: Final = ("zero", "smallest", "threshold")
"""What a true change is compared with: zero, the smallest of interest, the reliable-change bar."""
SIMULATED: Final = 300
"""Data sets drawn for a predictive check."""


def estimate(
    drawn: az.InferenceData, conversations: pd.DataFrame, *, smallest_sd: float = SMALLEST_SD
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    conversations : DataFrame
        The typed table.
    smallest_sd : float
        Smallest change of interest, in SD of overall empathy.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        By score: ``reliability.one``, ``reliability.two`` (the mean of two conversations),
        ``variance.person``, ``variance.residual``. For overall empathy in points: ``threshold``
        (the smallest reliable change). By arm: ``improved.share`` and ``worsened.share`` (the
        published verdict in people like these: uncertain are the threshold and who took part),
        ``change.mean`` and ``change.sd`` (of true change, points), ``change.slant`` (correlation of
        true change with where people stand), and ``true_change.zero``, ``.smallest`` and
        ``.threshold`` (share of people whose true change exceeds each of `BARS`).
    frames : dict of DataFrame
        ``sensitivity``; ``intervals`` (`two_intervals` of everything reported); ``participants``
        (participant_id, arm, baseline, change, outcome: the published verdict; expected, sd, low,
        high: true change and its 95% interval; p_zero, p_smallest, p_threshold); ``verdicts`` (arm,
        outcome, n, and the mean probabilities over its participants); ``bars`` (bar, mean, low,
        high, points); ``prior_predictive`` and ``posterior_predictive``.
    """
    data = model.data(conversations)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    rng = np.random.default_rng(SEED)
    threshold = thresholds(posterior)
    smallest = smallest_sd * float(data.scores[..., 0].std(ddof=1))
    bars = {"zero": 0.0, "smallest": smallest, "threshold": threshold}
    published = reliability.fit(conversations)
    changes = published["changes"]

    reported = _noise(posterior)
    reported["threshold", model.OVERALL] = threshold
    reported |= _verdicts(changes, threshold, rng)
    reported |= _true_change(posterior, bars)
    participants = changes.drop(columns="z").join(_people(data, posterior, bars, rng))
    machine = model.build(data)
    frames = {
        "sensitivity": _sensitivity(drawn, machine, data, posterior, reported),
        "intervals": two_intervals(reported),
        "participants": participants,
        "verdicts": _by_verdict(participants),
        "bars": _bars(bars),
        **_checks(machine, data, posterior, published["components"], rng),
    }
    return reported, frames


def thresholds(posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the smallest reliable change of overall empathy in points, shape (chains, draws)."""
    return RELIABLE_Z * np.sqrt(1.5) * posterior["control_sd_residual"][..., 0]


def _noise(posterior: dict[str, np.ndarray]) -> Reported:
    """Return variances and reliabilities of every score."""
    person = posterior["control_sd_person"] ** 2
    residual = posterior["control_sd_residual"] ** 2
    columns = {
        "reliability.one": person / (person + residual),
        "reliability.two": person / (person + residual / 2),
        "variance.person": person,
        "variance.residual": residual,
    }
    return {
        (quantity, outcome): values[..., place]
        for quantity, values in columns.items()
        for place, outcome in enumerate(model.OUTCOMES)
    }


def _verdicts(changes: pd.DataFrame, threshold: np.ndarray, rng: np.random.Generator) -> Reported:
    """Return the share of people with a reliable change under every draw of the threshold.

    Given a threshold, the count is known; the share among people like these then has a Beta
    distribution (Jeffreys' prior), from which one value is drawn.
    """
    found: Reported = {}
    for verdict, sign in (("improved", 1), ("worsened", -1)):
        for arm in ARM_KEYS:
            own = np.sort(sign * changes.loc[changes["arm"] == arm, "change"].to_numpy())
            count = len(own) - np.searchsorted(own, threshold, side="left")
            found[f"{verdict}.share", arm] = rng.beta(count + 0.5, len(own) - count + 0.5)
    return found


def _true_change(posterior: dict[str, np.ndarray], bars: dict[str, float | np.ndarray]) -> Reported:
    """Return the distribution of true change in every arm."""
    mean, spread = model.mean_changes(posterior), posterior["sd_change"]
    found: Reported = {}
    for quantity, values in (
        ("change.mean", mean),
        ("change.sd", spread),
        ("change.slant", posterior["slant"]),
    ):
        found |= {(quantity, arm): values[..., place] for place, arm in enumerate(ARM_KEYS)}
    for bar, height in bars.items():
        for place, arm in enumerate(ARM_KEYS):
            above = ndtr((mean[..., place] - height) / spread[..., place])
            found[f"true_change.{bar}", arm] = above
    return found


def _people(
    data: model.Responders,
    posterior: dict[str, np.ndarray],
    bars: dict[str, float | np.ndarray],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return what is known of everybody's true change, parameters integrated out."""
    mean, sd = model.true_changes(data, posterior)
    columns = {"expected": mean.mean(axis=(0, 1))}
    draws = mean + sd * rng.standard_normal(mean.shape)
    draws = draws.reshape(-1, draws.shape[-1])
    columns["sd"] = np.sqrt((sd**2).mean(axis=(0, 1)) + mean.var(axis=(0, 1)))
    columns["low"], columns["high"] = np.transpose([highest_density(own, HDI) for own in draws.T])
    safe = np.maximum(sd, 1e-12)  # an arm in which nobody differs: a step
    for bar, height in bars.items():
        above = ndtr((mean - np.asarray(height)[..., None]) / safe)
        columns[f"p_{bar}"] = above.mean(axis=(0, 1))
    return pd.DataFrame(columns)


def _by_verdict(participants: pd.DataFrame) -> pd.DataFrame:
    """Return how probable a true change is among people with each published verdict."""
    grouped = participants.astype({"arm": "str"}).groupby(["arm", "outcome"])
    table = grouped[[f"p_{bar}" for bar in BARS]].mean()
    table.insert(0, "n", grouped.size())
    present = [
        (arm, outcome)
        for arm in ARM_KEYS
        for outcome in reliability.OUTCOMES
        if (arm, outcome) in table.index
    ]
    return table.loc[present].reset_index()


def _bars(bars: dict[str, float | np.ndarray]) -> pd.DataFrame:
    rows = []
    for bar, height in bars.items():
        values = np.ravel(height)
        low, high = highest_density(values) if values.size > 1 else (values[0], values[0])
        rows.append((bar, float(values.mean()), float(low), float(high)))
    return pd.DataFrame(rows, columns=["bar", "mean", "low", "high"])


def _sensitivity(
    drawn: az.InferenceData,
    machine: pm.Model,
    data: model.Responders,
    posterior: dict[str, np.ndarray],
    reported: Reported,
) -> pd.DataFrame:
    """Return the sensitivity of the headlines, each to priors and data of its own model."""
    of_noise = ("reliability", "threshold", "improved")
    of_change = ("change", "true_change")
    tables = []
    for families, names, likelihood in (
        (
            of_noise,
            model.NOISE_PRIORS,
            model.noise_log_likelihood(data, posterior).sum(axis=(-2, -1)),
        ),
        (of_change, model.CHANGE_PRIORS, model.log_likelihood(data, posterior).sum(axis=-1)),
    ):
        own = {key: draws for key, draws in reported.items() if key[0].split(".")[0] in families}
        prior = log_prior(machine, drawn, names)
        tables.append(power_scaling(NAME, own, prior, likelihood))
    return pd.concat(tables, ignore_index=True)


def _checks(
    machine: pm.Model,
    data: model.Responders,
    posterior: dict[str, np.ndarray],
    components: pd.DataFrame,
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return properties of the data beside those of data simulated from prior and posterior."""
    flat = {name: posterior[name].reshape(-1, *posterior[name].shape[2:]) for name in model.CHANGE}
    chosen = rng.choice(len(flat["terms"]), SIMULATED, replace=len(flat["terms"]) < SIMULATED)
    sets = {
        "prior_predictive": prior_draws(machine, model.CHANGE, SIMULATED),
        "posterior_predictive": {name: values[chosen] for name, values in flat.items()},
    }
    threshold = components.set_index("quantity").loc["threshold", "estimate"]
    observed = _properties(data.scores[None, ..., 0], data.arm, threshold)
    return {
        frame: compare(
            {key: values[0] for key, values in observed.items()},
            _properties(model.simulate(data, parameters, rng), data.arm, threshold),
        )
        for frame, parameters in sets.items()
    }


def _properties(
    scores: np.ndarray, arm: np.ndarray, threshold: float
) -> dict[tuple[str, str], np.ndarray]:
    """Return what the model should get right, of every data set (first axis) and arm."""
    found = {}
    change = scores[..., 1:].mean(axis=-1) - scores[..., 0]
    for place, key in enumerate(ARM_KEYS):
        own, first = change[:, arm == place], scores[:, arm == place, 0]
        later = scores[:, arm == place, 1:]
        centred = [values - values.mean(axis=-1, keepdims=True) for values in (own, first)]
        product = (centred[0] * centred[1]).mean(axis=-1)
        found["mean", key] = own.mean(axis=-1)
        found["sd", key] = own.std(axis=-1, ddof=1)
        found["difference", key] = (later[..., 1] - later[..., 0]).std(axis=-1, ddof=1)
        found["correlation", key] = product / (own.std(axis=-1) * first.std(axis=-1))
        found["improved", key] = 100 * (own >= threshold).mean(axis=-1)
        found["worsened", key] = 100 * (own <= -threshold).mean(axis=-1)
    order = ("mean", "sd", "difference", "correlation", "improved", "worsened")
    return {(what, key): found[what, key] for what in order for key in ARM_KEYS}
