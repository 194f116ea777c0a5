"""A verdict says reproduced only within rounding, and names what is missing otherwise."""

from __future__ import annotations

import pytest

from lendanear.checks.compare import judge, sampling_sd
from lendanear.checks.published import Published, read_published
from lendanear.checks.values import Rebuilt
from lendanear.errors import DataError
from lendanear.paths import PUBLISHED


def number(**changes) -> Published:
    fields = {
        "id": "ols.const.advice_giving",
        "item": "Extended Data Table 1",
        "quantity": "OLS coefficient",
        "dimension": "advice_giving",
        "group": "const",
        "estimate": 3.082,
        "se": 0.072,
        "tolerance": 0.0005,
        "needs": "experiment_1",
        "source": "replication notebook",
        "note": "",
    }
    return Published(**(fields | changes))


def verdict(rebuilt, *, synthetic=False, available=("experiment_1",), spread=None, **changes):
    row = judge(number(**changes), rebuilt, synthetic=synthetic, available=available, spread=spread)
    return row["verdict"], row["reason"]


def test_within_rounding_is_reproduced_and_beyond_differs():
    assert verdict(Rebuilt(3.08249, 0.072))[0] == "reproduced"
    assert verdict(Rebuilt(3.0825, 0.072))[0] == "reproduced"
    assert verdict(Rebuilt(3.08251, 0.072))[0] == "differs"


def test_a_wrong_standard_error_is_not_reproduced():
    found, reason = verdict(Rebuilt(3.082, 0.0731))
    assert found == "differs"
    assert "standard error" in reason


def test_counts_allow_no_difference():
    assert verdict(Rebuilt(968.0), estimate=968, se=None, tolerance=0)[0] == "reproduced"
    assert verdict(Rebuilt(967.0), estimate=968, se=None, tolerance=0)[0] == "differs"


def test_missing_file_and_missing_column_are_told_apart():
    assert verdict(None, available=())[1] == "needs experiment_1, which is not there"
    assert "lacks" in verdict(None)[1]
    assert verdict(Rebuilt(float("nan")))[0] == "not computable"


def test_synthetic_data_is_never_called_reproduced():
    exact, reason = verdict(Rebuilt(3.082, 0.072), synthetic=True, spread=0.07)
    assert exact == "calibrated"
    assert "synthetic" in reason
    assert verdict(Rebuilt(3.25), synthetic=True, spread=0.07)[0] == "calibrated"
    assert verdict(Rebuilt(3.40), synthetic=True, spread=0.07)[0] == "differs"
    assert verdict(Rebuilt(3.10), synthetic=True, spread=None)[0] == "differs"


def test_published_numbers_are_the_266_of_the_paper_and_36_kappas():
    numbers = read_published()
    kappas = [n for n in numbers if n.id.startswith("kappa.")]
    assert (len(numbers) - len(kappas), len(kappas)) == (266, 36)
    assert {n.needs for n in numbers} == {
        "experiment_1",
        "experiment_2",
        "all_themes",
        "elo_rankings",
        "pilot",
    }
    assert sum(n.from_press for n in numbers) == 6


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("tolerance", "tol", 1), "columns"),
        (lambda text: text + text.splitlines()[-1] + "\n", "twice"),
        (lambda text: text.replace(",2.159,", ",two,", 1), "does not parse"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, damage, message):
    path = tmp_path / "published_results.csv"
    path.write_text(damage(PUBLISHED.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read_published(path)
    assert str(path) in str(caught.value)


def test_sampling_spreads_cover_every_number_a_synthetic_study_can_give():
    spreads = sampling_sd()
    known = {n.id for n in read_published()}
    assert set(spreads) <= known
    # "how realistic" has no column in the files; everything else is simulated
    assert known - set(spreads) == {"secondary.realistic"}
    assert all(spread >= 0 for spread in spreads.values())
