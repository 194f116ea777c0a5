"""Tune the latent normal behind the six dimensions, in closed form.

Every quantity is computed from thresholds and latent covariances by the series of
`lendanear.synthetic.tuning.moments`, so nothing here is random.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from scipy.optimize import brentq, least_squares, root
from scipy.special import ndtr

from lendanear.synthetic.tuning import moments
from lendanear.synthetic.tuning.published import SCENARIO_MEANS, SIGNS, Published, Targets
from lendanear.vocabulary import ARM_KEYS, DIMENSION_KEYS, SCENARIO_KEYS

PERIOD_SHARE: Final = 0.13
"""Share of what is not the person's that belongs to the period (conversation 1, or 2 and 3). The
Control arm's SD of change is a little larger than a plain random intercept gives; the published
variance components and SD of change agree at this share."""
SLOPE_SHARE: Final = 0.965
"""How far to go towards the published slope of change on baseline. In full it would take so much
of the stable differences out of the coach arms that the SD of all scores fell short of 4.5; this
leaves both within half a standard error."""
SCENARIO_WEIGHTS: Final = np.array([0.6, 1.2, 1.0, 0.7, 0.3, 1.2])
"""How much a scenario's easiness shows in each dimension (assumed)."""
_ROUNDS: Final = 3


def _pattern(upper: list[list[float]]) -> np.ndarray:
    """Correlations from the rows above the diagonal, of dimensions oriented as more is better."""
    matrix = np.eye(6)
    for row, values in enumerate(upper):
        matrix[row, row + 1 :] = matrix[row + 1 :, row] = values
    return matrix * np.outer(SIGNS, SIGNS)


# No correlation between single dimensions is published. The patterns follow what the judges of the
# pilot show (validating, understanding and not dismissing go together, elaboration and advice less,
# self-orientation hardly) and what the standard errors of preference models 2a and 2b imply; their
# strength is then solved for.
PERSON: Final = _pattern(
    [[0.66, 0.68, 0.52, 0.34, 0.68], [0.92, 0.64, 0.36, 0.95], [0.60, 0.34, 0.88],
     [0.34, 0.68], [0.38]]
)  # fmt: skip
OCCASION: Final = _pattern(
    [[0.24, 0.28, 0.14, 0.05, 0.28], [0.68, 0.32, 0.06, 0.82], [0.26, 0.05, 0.62],
     [0.05, 0.38], [0.08]]
)  # fmt: skip
RESPONSE: Final = _pattern(
    [[0.70, 0.70, 0.60, 0.50, 0.70], [0.90, 0.65, 0.50, 0.90], [0.60, 0.50, 0.85],
     [0.50, 0.68], [0.50]]
)  # fmt: skip


@dataclass
class Latent:
    """The latent normal while it is being tuned; see `lendanear.synthetic.parameters.Scores`."""

    thresholds: np.ndarray
    person_share: np.ndarray = field(
        default_factory=lambda: np.array([0.5, 0.7, 0.7, 0.4, 0.4, 0.65])
    )
    person_strength: float = 1.0
    occasion_strength: float = 1.0
    response_sd: np.ndarray = field(default_factory=lambda: np.zeros((4, 6)))
    response_strength: np.ndarray = field(default_factory=lambda: np.full(4, 0.6))
    pull: np.ndarray = field(default_factory=lambda: np.zeros(4))
    age: np.ndarray = field(default_factory=lambda: np.zeros(6))
    female: np.ndarray = field(default_factory=lambda: np.zeros(6))
    age_response: np.ndarray = field(default_factory=lambda: np.zeros((4, 6)))
    female_response: np.ndarray = field(default_factory=lambda: np.zeros((4, 6)))
    scenarios: np.ndarray = field(default_factory=lambda: np.zeros((5, 6)))

    @property
    def period_share(self) -> np.ndarray:
        """Share of the latent variance that belongs to the period."""
        return PERIOD_SHARE * (1 - self.person_share)

    @property
    def occasion_share(self) -> np.ndarray:
        """Share of the latent variance that belongs to the single conversation."""
        return 1 - self.person_share - self.period_share


@dataclass(frozen=True)
class Cells:
    """Scores of one arm: raw covariances of conversation 1, 2, 3; each (6, 6)."""

    within: list[np.ndarray]
    first_second: np.ndarray
    first_third: np.ndarray
    second_third: np.ndarray

    def change(self) -> np.ndarray:
        """Covariance of the change from 1 to the mean of 2 and 3."""
        between = self.first_second + self.first_third
        return (
            self.within[0]
            + (self.within[1] + self.within[2] + self.second_third + self.second_third.T) / 4
            - (between + between.T) / 2
        )

    def with_baseline(self) -> np.ndarray:
        """Covariance of the change with the baseline."""
        return (self.first_second + self.first_third) / 2 - self.within[0]


class Tuner:
    """Solves for the latent normal, one group of parameters after the other, until all agree."""

    def __init__(self, published: Published, targets: Targets, people: dict[str, Any]) -> None:
        self._published = published
        self._targets = targets
        self._age_variance = people["age_sd"] ** 2
        self._sex_variance = people["female"] * (1 - people["female"])
        first = np.array([published.value(f"design.n_first.{key}") for key in SCENARIO_KEYS])
        self._scenario_shares = first / first.sum()
        start = (np.arange(1.5, 5) - targets.means[0, 0][:, None]) / targets.residual_sd[:, None]
        self.latent = Latent(start)

    def tune(self) -> dict[str, Any]:
        """Run all steps; return the ``[scores]`` section."""
        for _ in range(_ROUNDS):
            for dimension in range(6):
                self._fit_thresholds(dimension)
            self._fit_fixed()
            for dimension in range(6):
                self._fit_person_share(dimension)
            self._fit_strengths()
            self._fit_responses()
        return self._section()

    # -- the model

    def _covariances(self, arm: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Latent covariances within 1, within 2 or 3, of 1 with 2 or 3, and of 2 with 3."""
        latent = self.latent
        person = _scaled(PERSON, latent.person_strength, np.sqrt(latent.person_share))
        period = _scaled(OCCASION, latent.occasion_strength, np.sqrt(latent.period_share))
        occasion = _scaled(OCCASION, latent.occasion_strength, np.sqrt(latent.occasion_share))
        response = _scaled(RESPONSE, latent.response_strength[arm], latent.response_sd[arm])
        before = latent.age, latent.female
        after = latent.age + latent.age_response[arm], latent.female + latent.female_response[arm]

        def fixed(one: tuple, two: tuple) -> np.ndarray:
            return self._age_variance * np.outer(one[0], two[0]) + self._sex_variance * np.outer(
                one[1], two[1]
            )

        scenario = (latent.scenarios.T * self._scenario_shares) @ latent.scenarios
        # three different scenarios out of five: drawing without replacement
        apart = -scenario / (len(SCENARIO_KEYS) - 1)
        kept = 1 - latent.pull[arm]
        return (
            person + period + occasion + fixed(before, before) + scenario,
            kept**2 * person + period + response + occasion + fixed(after, after) + scenario,
            kept * person + fixed(before, after) + apart,
            kept**2 * person + period + response + fixed(after, after) + apart,
        )

    def _variances(self, arm: int) -> np.ndarray:
        """Latent variances, shape (3, 6)."""
        before, after, _, _ = self._covariances(arm)
        return np.array([np.diag(before), np.diag(after), np.diag(after)])

    def _shift(self, cuts: np.ndarray, variance: float, mean: float) -> float:
        return brentq(lambda m: moments.mean((cuts - m) / np.sqrt(variance)) - mean, -8, 8)

    def _cuts(self, arm: int, dimensions: range | tuple[int, ...] = range(6)) -> np.ndarray:
        """Thresholds in standard units at the target means, shape (3, D, 4)."""
        variances = self._variances(arm)
        return np.array(
            [
                [
                    (
                        self.latent.thresholds[d]
                        - self._shift(
                            self.latent.thresholds[d],
                            variances[c, d],
                            self._targets.means[arm, c, d],
                        )
                    )
                    / np.sqrt(variances[c, d])
                    for d in dimensions
                ]
                for c in range(3)
            ]
        )

    def _cells(self, arm: int, dimensions: range | tuple[int, ...] = range(6)) -> Cells:
        cuts = self._cuts(arm, dimensions)
        series = moments.coefficients(cuts)
        before, after, between, later = (
            matrix[np.ix_(dimensions, dimensions)] for matrix in self._covariances(arm)
        )
        scales = [np.sqrt(np.diag(before)), np.sqrt(np.diag(after)), np.sqrt(np.diag(after))]

        def raw(one: int, two: int, covariance: np.ndarray) -> np.ndarray:
            correlation = covariance / np.outer(scales[one], scales[two])
            return moments.covariance(
                series[one][:, None], series[two][None], np.clip(correlation, -0.999, 0.999)
            )

        within = []
        for number, covariance in enumerate((before, after, after)):
            matrix = raw(number, number, covariance)
            np.fill_diagonal(matrix, moments.variance(cuts[number]))
            within.append(matrix)
        return Cells(within, raw(0, 1, between), raw(0, 2, between), raw(1, 2, later))

    # -- the steps

    def _fit_thresholds(self, d: int) -> None:
        """Spread of the scores, and the share of high ones where it is known.

        Thresholds at even distances are preferred as far as the targets allow.
        """
        targets, n = self._targets, self._targets.arms
        variances = np.array([self._variances(arm)[:, d] for arm in range(4)])
        means = targets.means[:, :, d]
        conversations = 3 * n.sum()

        def thresholds(x: np.ndarray) -> np.ndarray:
            return x[0] + np.concatenate([[0], np.cumsum(np.exp(x[1:]))])

        def misses(x: np.ndarray) -> np.ndarray:
            own = thresholds(x)
            cuts = np.array(
                [
                    [
                        (own - self._shift(own, variances[a, c], means[a, c]))
                        / np.sqrt(variances[a, c])
                        for c in range(3)
                    ]
                    for a in range(4)
                ]
            )
            spread = moments.variance(cuts)
            residual = n @ spread.sum(axis=1) + n @ (means[:, 1] - means[:, 2]) ** 2 / 2
            high = n @ ndtr(-cuts[..., 2]).sum(axis=1) / conversations
            before = np.sqrt(n @ spread[:, 0] / n.sum())
            found = [
                (np.sqrt(residual / (conversations - 8)) - targets.residual_sd[d]) / 0.008,
                (before - targets.sd_before[d]) / 0.03,
                *(0.5 * np.diff(x[1:])),
                0.05 * self._shift(own, variances[0, 0], means[0, 0]),
            ]
            if d in targets.high:
                found.append((high - targets.high[d]) / 0.006)
            return np.array(found)

        now = self.latent.thresholds[d]
        start = np.concatenate([[now[0]], np.log(np.diff(now))])
        own = thresholds(least_squares(misses, start, diff_step=1e-4).x)
        # the latent zero is Control's first conversation
        self.latent.thresholds[d] = own - self._shift(own, variances[0, 0], means[0, 0])

    def _fit_fixed(self) -> None:
        """Age, sex and scenario."""
        published, targets, latent = self._published, self._targets, self.latent
        before = self._slopes(0)[0]
        sd = targets.sd_baseline
        raw = {
            key: published.value(f"demographics.baseline.{key}") * sd for key in ("age", "female")
        }
        latent.age = SIGNS * raw["age"] / before.sum()
        latent.female = SIGNS * raw["female"] / before.sum()
        wanted = np.array([SCENARIO_MEANS[key] for key in SCENARIO_KEYS])
        wanted = wanted - self._scenario_shares @ wanted
        latent.scenarios = np.outer(wanted / (before @ SCENARIO_WEIGHTS), SCENARIO_WEIGHTS * SIGNS)
        for a, term in enumerate(("", "video", "coach", "combined")):
            after = self._slopes(a)[1:].mean(axis=0).sum()
            for key, base, out in (
                ("age", latent.age, latent.age_response),
                ("female", latent.female, latent.female_response),
            ):
                change = published.value(f"demographics.change.{key}")
                if term:
                    change += published.value(f"demographics.change.{term}_{key}")
                # given the baseline, part of what x does to it is regained by regression to the
                # mean: the coefficient of x is the response plus minus the slope times the baseline
                response = change * targets.sd_all_change + targets.slope * raw[key]
                out[a] = SIGNS * (raw[key] + response) / after - base

    def _slopes(self, arm: int) -> np.ndarray:
        """Change of the mean score per latent unit, shape (3, 6)."""
        series = moments.coefficients(self._cuts(arm))
        return series[..., 0] / np.sqrt(self._variances(arm))

    def _fit_person_share(self, d: int) -> None:
        """Stability, from the SD of the Control arm's change."""

        def miss(share: float) -> float:
            self.latent.person_share[d] = share
            return self._cells(0, (d,)).change()[0, 0] - self._targets.sd_change[0, d] ** 2

        self.latent.person_share[d] = brentq(miss, 0.05, 0.95)

    def _fit_strengths(self) -> None:
        """Correlations of the dimensions, from the variance components of overall empathy."""

        def misses(strengths: np.ndarray) -> list[float]:
            self.latent.person_strength, self.latent.occasion_strength = strengths
            cells = self._cells(0)
            total = np.mean([_overall(matrix) for matrix in cells.within])
            person = np.mean(
                [
                    _overall(cells.first_second),
                    _overall(cells.first_third),
                    _overall(cells.second_third),
                ]
            )
            return [
                person - self._targets.var_person,
                total - person - self._targets.var_residual,
            ]

        start = [self.latent.person_strength, self.latent.occasion_strength]
        self.latent.person_strength, self.latent.occasion_strength = map(
            float, root(misses, start, options={"eps": 1e-3}).x
        )

    def _fit_responses(self) -> None:
        """Individual response to training, from the SDs of change and the slope on baseline."""
        targets, latent = self._targets, self.latent
        gains = np.clip(targets.change, 0, None) / targets.change[1:].mean()

        def slope_miss(pull: float) -> float:
            latent.pull = pull * gains
            for arm in range(1, 4):
                self._fit_response(arm)
            cells = [self._cells(arm) for arm in range(4)]
            with_baseline = targets.arms @ [_overall(c.with_baseline()) for c in cells]
            baseline = targets.arms @ [_overall(c.within[0]) for c in cells]
            return with_baseline / baseline - SLOPE_SHARE * targets.slope

        brentq(slope_miss, 0.0, 0.4, xtol=2e-3)

    def _fit_response(self, arm: int) -> None:
        targets, latent = self._targets, self.latent
        for d in range(6):

            def miss(variance: float, d: int = d) -> float:
                latent.response_sd[arm, d] = np.sqrt(variance)
                return self._cells(arm, (d,)).change()[0, 0] - targets.sd_change[arm, d] ** 2

            # where change varies no more than in Control, nobody's response differs
            latent.response_sd[arm, d] = (
                np.sqrt(brentq(miss, 0.0, 4.0, xtol=1e-5)) if miss(0.0) < 0 else 0.0
            )

        def strength_miss(strength: float) -> float:
            latent.response_strength[arm] = strength
            return _overall(self._cells(arm).change()) - targets.sd_overall_change[arm] ** 2

        low, high = -0.3, 1.25
        if strength_miss(high) < 0:
            strength = high
        elif strength_miss(low) > 0:
            strength = low
        else:
            strength = brentq(strength_miss, low, high, xtol=1e-3)
        latent.response_strength[arm] = strength

    # -- the outcome

    def _section(self) -> dict[str, Any]:
        latent = self.latent
        shifts = np.array(
            [
                [
                    [
                        self._shift(
                            latent.thresholds[d],
                            self._variances(arm)[c, d],
                            self._targets.means[arm, c, d],
                        )
                        for c in range(3)
                    ]
                    for d in range(6)
                ]
                for arm in range(4)
            ]
        )

        def by_dimension(values: np.ndarray) -> dict[str, Any]:
            return dict(zip(DIMENSION_KEYS, values.tolist(), strict=True))

        def by_arm(values: np.ndarray) -> dict[str, Any]:
            return {arm: by_dimension(row) for arm, row in zip(ARM_KEYS, values, strict=True)}

        def covariance(share: np.ndarray, pattern: np.ndarray, strength: float) -> dict[str, Any]:
            return {
                "variance": by_dimension(share),
                "correlation": by_dimension(_strengthened(pattern, strength)),
            }

        return {
            "pull": dict(zip(ARM_KEYS, latent.pull.tolist(), strict=True)),
            "thresholds": by_dimension(latent.thresholds),
            "shifts": by_arm(shifts),
            "scenario_shifts": {
                key: by_dimension(row)
                for key, row in zip(SCENARIO_KEYS, latent.scenarios, strict=True)
            },
            "person": covariance(latent.person_share, PERSON, latent.person_strength),
            "period": covariance(latent.period_share, OCCASION, latent.occasion_strength),
            "occasion": covariance(latent.occasion_share, OCCASION, latent.occasion_strength),
            "response": {
                arm: covariance(latent.response_sd[a] ** 2, RESPONSE, latent.response_strength[a])
                for a, arm in enumerate(ARM_KEYS)
            },
            "age": by_dimension(latent.age),
            "female": by_dimension(latent.female),
            "age_response": by_arm(latent.age_response),
            "female_response": by_arm(latent.female_response),
        }


def _strengthened(pattern: np.ndarray, strength: float) -> np.ndarray:
    """Correlations times `strength`, kept positive definite."""
    matrix = pattern * strength
    np.fill_diagonal(matrix, 1)
    values, vectors = np.linalg.eigh(matrix)
    if values.min() < 0.01:
        matrix = (vectors * np.clip(values, 0.01, None)) @ vectors.T
        sd = np.sqrt(np.diag(matrix))
        matrix = matrix / np.outer(sd, sd)
    return matrix


def _scaled(pattern: np.ndarray, strength: float, sd: np.ndarray) -> np.ndarray:
    return _strengthened(pattern, strength) * np.outer(sd, sd)


def _overall(covariance: np.ndarray) -> float:
    """Variance of overall empathy, the signed sum of the dimensions."""
    return float(SIGNS @ covariance @ SIGNS)
