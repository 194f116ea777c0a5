"""Change of the coach arms in the public file, less published drift; and what not pairing costs.

An effect in SD is divided by the SD of the score over all conversations of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.models import public_change as model
from lendanear.bayes.predictive import compare
from lendanear.bayes.quantities import two_intervals
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.settings import SEED
from lendanear.bayes.trial import LATER, PERIODS
from lendanear.vocabulary import ARMS, CONTROL, OVERALL_MAX, OVERALL_MIN, SCENARIO_KEYS

if TYPE_CHECKING:
    import arviz as az

    from lendanear.bayes.quantities import Reported

NAME: Final = "public_change"
COMPARED: Final = ("combined", "coach")
"""The coach arms, the first against the second."""
INTEGRATED: Final = "integrated"
"""The correlation is not known: every value counts as much as its prior says."""
BINS: Final = ((-12, -10), (-9, -7), (-6, -4), (-3, -1), (0, 2), (3, 5), (6, 8), (9, 12))
"""Ranges of the score whose shares are checked."""
OUTSIDE: Final = "off the scale"
_SIMULATED: Final = 400
"""Data sets simulated for each predictive check."""


def estimate(
    drawn: az.InferenceData, elo: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    elo : DataFrame
        The typed table.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        ``change.overall_empathy.points`` of each coach arm from conversation 1 to 2, to 3 and to
        the mean of both (``coach, both``), drift included;
        ``effect.overall_empathy.points`` and ``.sd`` (``coach vs control, both``: change less
        drift; ``combined vs coach, both``: drift cancels);
        ``step.overall_empathy.points`` (from conversation 2 to 3, drift included),
        ``drift.overall_empathy.points`` and ``correlation.within_person``.
    frames : dict of DataFrame
        ``intervals`` (`two_intervals`), ``pairing`` and ``published`` (functions of that name),
        ``prior_predictive``, ``posterior_predictive``, ``sensitivity``.
    """
    data = model.data(elo)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    reported = _reported(posterior, data.spread)
    headline = {
        key: values
        for key, values in reported.items()
        if key[0] in {"effect.overall_empathy.points", "step.overall_empathy.points"}
    }
    sensitivity = power_scaling(
        NAME,
        headline,
        log_prior(model.build(data), drawn, model.CHOSEN_PRIORS),
        model.log_likelihood(data, posterior).sum(axis=-1),
    )
    observed = _properties(*_scores(elo))
    return reported, {
        "sensitivity": sensitivity,
        "intervals": two_intervals(reported),
        "pairing": pairing(data, posterior, reported),
        "published": published(data),
        "prior_predictive": _predictive(data, prior_draws(data), observed),
        "posterior_predictive": _predictive(data, posterior, observed),
    }


def _reported(posterior: dict[str, np.ndarray], spread: float) -> Reported:
    """Return the named draws; `spread` is the SD that effects in SD are divided by."""
    reported: Reported = {}
    change = {
        arm: _periods(posterior["change"][..., place, :]) for place, arm in enumerate(model.COACHED)
    }
    for arm, rises in change.items():
        for period, values in zip(PERIODS, rises, strict=True):
            reported["change.overall_empathy.points", f"{arm}, {period}"] = values
    mean, step = posterior["drift_mean"], posterior["drift_step"]
    drift = [mean - step / 2, mean + step / 2, mean]
    first, second = (change[arm] for arm in COMPARED)
    for unit, scale in (("points", 1.0), ("sd", spread)):
        quantity = f"effect.overall_empathy.{unit}"
        for arm, rises in change.items():
            for period, rise, common in zip(PERIODS, rises, drift, strict=True):
                reported[quantity, f"{arm} vs {CONTROL.key}, {period}"] = (rise - common) / scale
        for period, more, less in zip(PERIODS, first, second, strict=True):
            reported[quantity, f"{' vs '.join(COMPARED)}, {period}"] = (more - less) / scale
    steps = {arm: rises[1] - rises[0] for arm, rises in change.items()}
    for arm, values in steps.items():
        reported["step.overall_empathy.points", arm] = values
    together = np.mean(list(steps.values()), axis=0)
    reported["step.overall_empathy.points", "mean of both arms"] = together
    reported["drift.overall_empathy.points", f"{CONTROL.key}, both"] = mean
    for place, arm in enumerate(model.COACHED):
        reported["correlation.within_person", arm] = posterior["correlation"][..., place]
    return reported


def _periods(change: np.ndarray) -> list[np.ndarray]:
    """Return the change to each later conversation and to their mean, as `PERIODS`."""
    return [*(change[..., place] for place in range(len(LATER))), change.mean(axis=-1)]


def _weights(period: str) -> np.ndarray:
    """Return the weights of conversations 1, 2 and 3 in the change of one period."""
    later = [number for number in LATER if period in {f"conversation {number}", "both"}]
    return np.array([-1.0, *((number in later) / len(later) for number in LATER)])


def change_variance(
    data: model.Cells, sigma: np.ndarray, arm: str, period: str, correlation: float
) -> np.ndarray:
    """Return the sampling variance of an arm's change if the correlation were known.

    Parameters
    ----------
    data : Cells
        The sufficient statistics.
    sigma : ndarray, shape (..., 8)
        SD of the scores of every group.
    arm, period : str
        A coach arm, and one of ``trial.PERIODS``.
    correlation : float
        Between two conversations of one person.

    Returns
    -------
    ndarray, shape (...)
        In points squared: the variance of a contrast of three means that correlate equally.
    """
    place = model.COACHED.index(arm)
    rows = [model.GROUPS.index((arm, number)) for number in (1, *LATER)]
    scaled = _weights(period) * sigma[..., rows] / np.sqrt(data.sizes[rows])
    r = correlation * data.paired[place]
    return (1 - r) * (scaled**2).sum(axis=-1) + r * scaled.sum(axis=-1) ** 2


def correlations() -> dict[str, float]:
    """Return the correlations for which it is shown how well changes would be known."""
    from scipy.stats import beta

    shape = model.Priors().correlation
    low, high = beta.ppf([0.025, 0.975], *shape)
    return {
        "none": 0.0,
        "low end of the prior": float(low),
        "prior mean": model.Priors().correlation_mean,
        "high end of the prior": float(high),
    }


def pairing(
    data: model.Cells, posterior: dict[str, np.ndarray], reported: Reported
) -> pd.DataFrame:
    """Return how well changes would be known with the correlation known, and as it is.

    Parameters
    ----------
    data : Cells
        The sufficient statistics.
    posterior : dict of ndarray
        Draws of ``sigma``, ``scenario_terms``, ``drift_mean`` and ``drift_step``.
    reported : mapping
        Draws of every change and effect.

    Returns
    -------
    DataFrame
        quantity (``change`` or ``effect``), group, known (`correlations`, or `INTEGRATED`),
        correlation (NaN where integrated), sd in points. With the correlation known the SD follows
        from the law of total variance over the other parameters, the priors of means being wide.
    """
    means = model.expected(posterior)
    # the expected mean of an arm's conversation moves with scenario effects as its mix of them
    mix = data.counts / data.sizes[:, None]
    level = means.mean(axis=-1, keepdims=True)
    moved = ((means - level) * mix).sum(axis=-1)
    drift = {
        period: posterior["drift_mean"] + sign * posterior["drift_step"] / 2
        for period, sign in zip(PERIODS, (-1, 1, 0), strict=True)
    }
    rows = []
    for quantity in ("change", "effect"):
        for arm in (*model.COACHED, COMPARED):
            if arm == COMPARED and quantity == "change":
                continue
            parts = (arm,) if isinstance(arm, str) else arm
            words = f"{arm} vs {CONTROL.key}" if isinstance(arm, str) else " vs ".join(arm)
            for period in PERIODS:
                group = f"{arm if quantity == 'change' else words}, {period}"
                shifts = [moved[..., _rows(part)] @ _weights(period) for part in parts]
                base = shifts[0] - shifts[1] if len(shifts) > 1 else shifts[0]
                if quantity == "effect" and len(parts) == 1:
                    base = base + drift[period]
                rows += [
                    (quantity, group, known, r, _sd(data, posterior, parts, period, r, base))
                    for known, r in correlations().items()
                ]
                draws = reported[f"{quantity}.overall_empathy.points", group]
                rows.append((quantity, group, INTEGRATED, np.nan, float(draws.std(ddof=1))))
    return pd.DataFrame(rows, columns=["quantity", "group", "known", "correlation", "sd"])


def _rows(arm: str) -> list[int]:
    """Return the places of an arm's three conversations in ``model.GROUPS``."""
    return [model.GROUPS.index((arm, number)) for number in (1, *LATER)]


def _sd(
    data: model.Cells,
    posterior: dict[str, np.ndarray],
    arms: tuple[str, ...],
    period: str,
    correlation: float,
    rest: np.ndarray,
) -> float:
    """Return the SD of a contrast at a known correlation; `rest` is what else moves it."""
    sampling = sum(
        change_variance(data, posterior["sigma"], arm, period, correlation).mean() for arm in arms
    )
    return float(np.sqrt(sampling + rest.var(ddof=1)))


def published(data: model.Cells) -> pd.DataFrame:
    """Return published changes beside the file's, and the correlation that both imply.

    The published SD of change over participants fixes the correlation, given the spread of each
    conversation in the file. It is not used for the fit; it shows where the prior lies.

    Returns
    -------
    DataFrame
        arm, published_change, change (difference of means in the file), published_sd,
        implied_correlation, prior_probability (that the correlation is lower).
    """
    from scipy.stats import beta

    known, rows = model.PUBLISHED, []
    for arm in (arm for arm in ARMS if arm.coached):
        places = _rows(arm.key)
        sizes, counts = data.sizes[places], data.counts[places]
        means = (counts * data.means[places]).sum(axis=1) / sizes
        total = data.squares[places] + (counts * (data.means[places] - means[:, None]) ** 2).sum(1)
        scaled = _weights("both") * np.sqrt(total / (sizes - 1))
        squares, square = (scaled**2).sum(), scaled.sum() ** 2
        sd = known[f"responder.sd_change.{arm.raw}"]
        implied = (squares - sd**2) / (squares - square)
        rows.append(
            {
                "arm": arm.key,
                "published_change": known[f"responder.mean_change.{arm.raw}"],
                "change": float(_weights("both") @ means),
                "published_sd": sd,
                "implied_correlation": float(implied),
                "prior_probability": float(beta.cdf(implied, *model.Priors().correlation)),
            }
        )
    return pd.DataFrame(rows)


def prior_draws(data: model.Cells) -> dict[str, np.ndarray]:
    """Return draws of every variable from the priors alone, shape (1, draws, ...)."""
    random = np.random.default_rng(SEED)
    priors, size = model.Priors(), (1, _SIMULATED)
    return {
        "grand": priors.grand * random.standard_normal(size),
        "arm": priors.arm * random.standard_normal((*size, len(ARMS))),
        "change": priors.change * random.standard_normal((*size, len(model.COACHED), len(LATER))),
        "scenario_terms": priors.scenario * random.standard_normal((*size, len(SCENARIO_KEYS) - 1)),
        "sigma": priors.spread * np.abs(random.standard_normal((*size, len(model.GROUPS)))),
    }


def _scores(elo: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, shape (1, n), and group and scenario of each conversation that is fitted."""
    key = pd.MultiIndex.from_arrays([elo["arm"].astype(str), elo["conversation_number"]])
    group = pd.MultiIndex.from_tuples(model.GROUPS).get_indexer(key)
    fitted = group >= 0
    scenario = elo["scenario"].cat.codes.to_numpy(dtype=int)[fitted]
    scores = elo["overall_empathy"].to_numpy(dtype=float)[fitted]
    return scores[None, :], group[fitted], scenario


def _properties(
    scores: np.ndarray, group: np.ndarray, scenario: np.ndarray
) -> dict[tuple[str, str], np.ndarray]:
    """Return what is checked of the data, one value per data set (rows of `scores`)."""
    coached = np.array([arm in model.COACHED for arm, _ in model.GROUPS])[group]
    later = np.array([number in LATER for _, number in model.GROUPS])[group]
    found = {}
    for what, rows in (("before", coached & ~later), ("after", coached & later)):
        mine = scores[:, rows]
        for low, high in BINS:
            inside = (mine >= low) & (mine <= high)
            found[f"share.{what}", f"{low} to {high}"] = inside.mean(axis=-1)
        outside = (mine < OVERALL_MIN) | (mine > OVERALL_MAX)
        found[f"share.{what}", OUTSIDE] = outside.mean(axis=-1)
    for place, (arm, number) in enumerate(model.GROUPS):
        mine = scores[:, group == place]
        name = f"{arm}, conversation {number}"
        found["mean", name] = mine.mean(axis=-1)
        found["sd", name] = mine.std(axis=-1, ddof=1)
    for place, key in enumerate(SCENARIO_KEYS):
        mine = coached & (scenario == place)
        if (mine & later).any() and (mine & ~later).any():
            before, after = (scores[:, mine & when].mean(axis=-1) for when in (~later, later))
            found["rise", key] = after - before
    return found


def _predictive(
    data: model.Cells,
    draws: dict[str, np.ndarray],
    observed: dict[tuple[str, str], np.ndarray],
) -> pd.DataFrame:
    """Simulate whole scores under draws and compare them with the data."""
    random = np.random.default_rng(SEED)
    expected = model.expected(draws)
    expected = expected.reshape(-1, *expected.shape[2:])
    sigma = draws["sigma"].reshape(len(expected), -1)
    chosen = np.linspace(0, len(expected) - 1, min(_SIMULATED, len(expected))).astype(int)
    counts = data.counts.astype(int)
    group = np.repeat(np.arange(len(model.GROUPS)), counts.sum(axis=1))
    scenario = np.concatenate([np.repeat(np.arange(len(SCENARIO_KEYS)), own) for own in counts])
    noise = sigma[chosen][:, group] * random.standard_normal((len(chosen), len(group)))
    scores = np.round(expected[chosen][:, group, scenario] + noise)
    return compare(
        {key: float(values[0]) for key, values in observed.items()},
        _properties(scores, group, scenario),
    )
