"""Theme changes are differences of two proportions of the right spans, with honest intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.proportion import confint_proportions_2indep

from lendanear.errors import DataError
from lendanear.models import themes
from lendanear.vocabulary import ARM_KEYS, THEME_KEYS, TROUBLE_TYPE_KEYS

BEFORE = np.array([12, 6, 9, 8, 17, 9, 13, 20, 4, 2]) / 100
AFTER = np.array([16, 9, 9, 8, 19, 7, 11, 17, 3, 1]) / 100


def simulate(people: int = 200, *, seed: int = 1) -> pd.DataFrame:
    """Return spans of people who each have favourite themes, three conversations per person."""
    random = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        arm = ARM_KEYS[person % 4]
        taste = random.gamma(8, 1 / 8, len(THEME_KEYS))
        for number in (1, 2, 3):
            coached = number > 1 and arm in ("coach", "combined")
            share = (AFTER if coached else BEFORE) * taste
            size = random.integers(3, 13)
            drawn = random.choice(len(THEME_KEYS), size=size, p=share / share.sum())
            drawn = np.repeat(drawn, 2)  # people repeat themselves: spans are not independent
            rows += [(person, arm, number, turn, theme) for turn, theme in enumerate(drawn)]
    columns = ["participant_id", "arm", "conversation_number", "turn_number", "code"]
    table = pd.DataFrame(rows, columns=columns)
    table["participant_id"] = "p" + table["participant_id"].astype(str)
    table["trouble_type"] = np.where(table["turn_number"] // 2 % 3 > 0, "personal", "workplace")
    table["theme"] = np.array(THEME_KEYS)[table.pop("code")]
    parts = table["turn_number"] % 2
    table["level_2"] = table["theme"] + " as " + parts.map({0: "care", 1: "help"})
    table["interpretation"] = table["level_2"] + ", in words"
    return table.assign(text="a span").astype(
        {
            "arm": pd.CategoricalDtype(list(ARM_KEYS)),
            "theme": pd.CategoricalDtype(list(THEME_KEYS)),
            "trouble_type": pd.CategoricalDtype(list(TROUBLE_TYPE_KEYS)),
            "conversation_number": "Int8",
            "turn_number": "Int16",
        }
    )


@pytest.fixture(scope="module")
def spans() -> pd.DataFrame:
    return simulate()


@pytest.fixture(scope="module")
def fitted(spans) -> dict[str, pd.DataFrame]:
    return themes.fit(spans)


def counted(spans: pd.DataFrame, trouble: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    own = spans[spans["trouble_type"] == trouble]
    later = own[(own["conversation_number"] > 1) & own["arm"].isin(["coach", "combined"])]
    return own[own["conversation_number"] == 1], later


@pytest.mark.parametrize("trouble", TROUBLE_TYPE_KEYS)
def test_before_is_everybodys_first_conversation_and_after_the_coached_later_ones(
    spans, fitted, trouble
):
    before, after = counted(spans, trouble)
    own = fitted["changes"][fitted["changes"]["trouble_type"] == trouble]
    assert own["theme"].tolist() == list(THEME_KEYS)
    assert set(own["n_pre"]) == {len(before)}
    assert set(own["n_post"]) == {len(after)}
    for row in own.itertuples():
        assert row.count_pre == (before["theme"] == row.theme).sum()
        assert row.count_post == (after["theme"] == row.theme).sum()
        low, high = confint_proportions_2indep(
            row.count_post, row.n_post, row.count_pre, row.n_pre, method="wald", compare="diff"
        )
        assert (row.ci_low, row.ci_high) == pytest.approx((100 * low, 100 * high))
        assert row.estimate == pytest.approx(50 * (low + high))


def test_clustered_error_is_that_of_a_regression_with_a_sandwich_by_participant(spans, fitted):
    before, after = counted(spans, "personal")
    both = pd.concat([before, after])
    later = np.repeat([0.0, 1.0], [len(before), len(after)])
    people = both["participant_id"].astype("category").cat.codes
    for row in fitted["changes"].iloc[:10].itertuples():
        fit = sm.OLS((both["theme"] == row.theme).to_numpy(float), sm.add_constant(later)).fit(
            cov_type="cluster", cov_kwds={"groups": people, "use_correction": False}
        )
        groups = people.nunique()
        expected = 100 * fit.bse[1] * np.sqrt(groups / (groups - 1))
        assert row.estimate == pytest.approx(100 * fit.params[1])
        assert row.se_clustered == pytest.approx(expected)
        assert row.participants == groups


def test_changes_of_all_themes_cancel(fitted):
    sums = fitted["changes"].groupby("trouble_type", observed=True)["estimate"].sum()
    assert sums.to_numpy() == pytest.approx([0, 0], abs=1e-9)
    sums = fitted["interpretations"].groupby("trouble_type", observed=True)["estimate"].sum()
    assert sums.to_numpy() == pytest.approx([0, 0], abs=1e-9)


def test_planted_changes_are_recovered_by_the_clustered_interval():
    large = themes.fit(simulate(1200, seed=3))["changes"]
    expected = pd.Series(100 * (AFTER - BEFORE), index=THEME_KEYS)
    z = (large["estimate"] - large["theme"].map(expected)) / large["se_clustered"]
    assert np.abs(z).max() < 3.5
    assert (large["se_clustered"] / large["se"]).median() == pytest.approx(2**0.5, rel=0.1)


def test_interpretations_are_sorted_and_keep_their_place_in_the_taxonomy(fitted):
    for _, own in fitted["interpretations"].groupby("trouble_type"):
        assert own["rank"].tolist() == list(range(1, len(own) + 1))
        assert own["estimate"].is_monotonic_decreasing
        assert own["interpretation"].is_unique
        assert (own["interpretation"] == own["level_2"] + ", in words").all()
        parents = own["level_2"].str.split(" as ").str[0]
        assert parents.tolist() == own["theme"].tolist()


def test_an_interpretation_used_after_coaching_only_has_its_change(spans):
    _, after = counted(spans, "workplace")
    new = spans["interpretation"].mask(spans.index.isin(after.index[:7]), "only later")
    found = themes.fit(spans.assign(interpretation=new))["interpretations"]
    row = found[found["interpretation"] == "only later"].iloc[0]
    assert (row["count_pre"], row["count_post"]) == (0, 7)
    assert row["estimate"] == pytest.approx(100 * 7 / len(after))


def test_a_kind_of_trouble_without_spans_in_one_period_is_left_out(spans):
    workplace_only = spans[
        (spans["trouble_type"] == "workplace") | (spans["conversation_number"] > 1)
    ]
    assert set(themes.fit(workplace_only)["changes"]["trouble_type"]) == {"workplace"}
    with pytest.raises(DataError, match="no kind of trouble"):
        themes.fit(spans[spans["conversation_number"] == 1])
