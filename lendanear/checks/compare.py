"""Published against rebuilt: one row and one verdict per published number."""

from __future__ import annotations

import csv
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from lendanear.checks import rebuilt as families
from lendanear.checks.counterparts import counterpart_row
from lendanear.checks.published import Published, read_published
from lendanear.checks.values import Rebuilt
from lendanear.errors import LendAnEarError, MissingDataError
from lendanear.paths import DATA
from lendanear.study import Study

REPRODUCED: Final = "reproduced"
CALIBRATED: Final = "calibrated"
DIFFERS: Final = "differs"
NOT_COMPUTABLE: Final = "not computable"
COLUMNS: Final = (
    "id",
    "item",
    "quantity",
    "published",
    "rebuilt",
    "difference",
    "tolerance",
    "verdict",
    "reason",
)
"""Columns of ``published_vs_rebuilt.csv``."""
SAMPLING_SD: Final = DATA / "synthetic_sampling_sd.csv"
"""Spread of every rebuilt number over replicates of the synthetic study (id, mean, sd, n)."""
SAMPLING_WIDTH: Final = 3.0
"""A synthetic number is calibrated within this many sampling SDs of the published one."""
SYNTHETIC_REASON: Final = "synthetic data: says how well the generator is calibrated, not evidence"
"""What every verdict on synthetic data says of itself."""
_ROUNDING_SLACK: Final = 1e-9
"""Binary fractions: 2.8555 - 2.855 must not exceed 0.0005 by the last bit."""


@dataclass(frozen=True)
class Collected:
    """Every rebuilt number, and why some families have none."""

    numbers: Mapping[str, Rebuilt]
    missing: tuple[str, ...]


def collect(study: Study) -> Collected:
    """Compute every number the source allows, from all modules of ``checks/rebuilt``.

    Raises
    ------
    LendAnEarError
        If two modules produce the same id.
    """
    values: dict[str, Rebuilt] = {}
    missing: list[str] = []
    for module in pkgutil.iter_modules(families.__path__, families.__name__ + "."):
        try:
            numbers = importlib.import_module(module.name).rebuilt(study)
        except MissingDataError as error:
            missing.append(str(error))
            continue
        if twice := values.keys() & numbers.keys():
            raise LendAnEarError(f"{module.name} computes ids anew: {', '.join(sorted(twice))}")
        values |= numbers
    return Collected(values, tuple(missing))


def sampling_sd(path: Path = SAMPLING_SD) -> dict[str, float]:
    """Return id -> SD of the rebuilt number over replicates of the synthetic study."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return {row["id"]: float(row["sd"]) for row in csv.DictReader(stream)}


def judge(
    published: Published,
    rebuilt: Rebuilt | None,
    *,
    synthetic: bool,
    available: Sequence[str],
    spread: float | None = None,
) -> dict[str, object]:
    """Return one row of the comparison.

    Parameters
    ----------
    published : Published
        The published number.
    rebuilt : Rebuilt or None
        The number computed here, if it could be.
    synthetic : bool
        Whether the data is simulated: then the verdict is about the generator's calibration.
    available : sequence of str
        Keys of the sources at hand.
    spread : float, optional
        Sampling SD of the number on synthetic data.

    Returns
    -------
    dict
        Keys `COLUMNS`. ``tolerance`` is what the verdict allowed: rounding on real data,
        rounding plus `SAMPLING_WIDTH` sampling SDs on synthetic data.
    """
    tolerance = published.tolerance
    row: dict[str, object] = {
        "id": published.id,
        "item": published.item,
        "quantity": published.quantity,
        "published": published.estimate,
        "rebuilt": None,
        "difference": None,
        "tolerance": tolerance,
    }
    if rebuilt is None or rebuilt.value != rebuilt.value:
        if published.needs not in available:
            reason = f"needs {published.needs}, which is not there"
        elif published.from_press:
            reason = "press coverage names no definition, and the public files have no such column"
        else:
            reason = f"{published.needs} is there, but lacks what this number is computed from"
        return row | {"verdict": NOT_COMPUTABLE, "reason": reason}
    if synthetic:
        tolerance += SAMPLING_WIDTH * (spread or 0.0)
    difference = rebuilt.value - published.estimate
    within = abs(difference) <= tolerance + _ROUNDING_SLACK
    reasons = []
    if synthetic:
        verdict = CALIBRATED if within else DIFFERS
        reasons.append(SYNTHETIC_REASON)
    else:
        verdict = REPRODUCED if within else DIFFERS
        if (
            published.se is not None
            and rebuilt.se is not None
            and abs(rebuilt.se - published.se) > published.tolerance + _ROUNDING_SLACK
        ):
            verdict = DIFFERS
            reasons.append(f"standard error {rebuilt.se:.4g}, published {published.se:.4g}")
    if published.from_press:
        reasons.append("press-derived: its definition is ours")
    return row | {
        "rebuilt": rebuilt.value,
        "difference": difference,
        "tolerance": tolerance,
        "verdict": verdict,
        "reason": "; ".join(reasons),
    }


def compare(study: Study) -> pd.DataFrame:
    """Set every published number beside the rebuilt one.

    Parameters
    ----------
    study : Study
        An opened data source.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per published number, those known only from press coverage
        last; then one row per Bayesian counterpart whose model was fitted
        (`lendanear.checks.counterparts`).
    """
    collected = collect(study)
    available = {f["key"] for f in study.files} | {f["group"] for f in study.files}
    spreads = sampling_sd() if study.synthetic else {}
    numbers = sorted(read_published(), key=lambda number: number.from_press)
    rows = [
        judge(
            number,
            collected.numbers.get(number.id),
            synthetic=study.synthetic,
            available=sorted(available),
            spread=spreads.get(number.id),
        )
        for number in numbers
    ]
    for row in filter(None, (counterpart_row(study, number) for number in numbers)):
        if study.synthetic:
            row["reason"] = f"{SYNTHETIC_REASON}; {row['reason']}"
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))
