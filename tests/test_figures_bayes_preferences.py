"""The figure of preferences shows what its frames hold, and its sentences say what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lendanear.figures.bayes_preferences import (
    CHECKS,
    agreement_sentences,
    checks_of,
    curve_sentences,
    headline_sensitivity,
    plot_preferences,
    rank_sentences,
    slope_table,
)
from lendanear.figures.predictive import plot_checks
from lendanear.vocabulary import SCENARIO_KEYS, label

N = 12
SCENARIOS = ("job_loss", "promotion", "loss_dad")


def interval(quantity: str, group: str, mean: float, half: float) -> dict[str, object]:
    return {
        "quantity": quantity, "group": group, "mean": mean, "sd": half / 2,
        "low_50": mean - half / 3, "high_50": mean + half / 3,
        "low_95": mean - half, "high_95": mean + half,
        "hdi_low": mean - half, "hdi_high": mean + half,
    }  # fmt: skip


@pytest.fixture
def ranks() -> pd.DataFrame:
    random = np.random.default_rng(0)
    parts = []
    for scenario in SCENARIOS:
        own = pd.DataFrame({"scenario": [scenario] * N, "strength": random.standard_normal(N)})
        for prefix in ("human", "llm"):
            rank = np.sort(random.uniform(1, N, N))
            own[f"{prefix}_rank"] = rank
            for share, half in (("50", 1.0), ("95", 2.0)):
                own[f"{prefix}_low_{share}"] = np.maximum(rank - half, 1)
                own[f"{prefix}_high_{share}"] = np.minimum(rank + half, N)
        parts.append(own)
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def agreement() -> pd.DataFrame:
    rows = []
    for place, group in enumerate(("all", *SCENARIOS)):
        rows.append(interval("rank.kendall_tau", group, 0.6 + 0.05 * place, 0.1))
        rows.append(interval("rank.spearman_rho", group, 0.8, 0.1))
    return pd.DataFrame(rows)


@pytest.fixture
def points() -> pd.DataFrame:
    return pd.DataFrame(
        [
            (group, 36, of, spearman, spearman - 0.15)
            for group in ("all", *SCENARIOS)
            for of, spearman in (("estimates", 0.7), ("separate draws", 0.5))
        ],
        columns=["scenario", "n", "of", "spearman", "kendall"],
    )


@pytest.fixture
def choice() -> pd.DataFrame:
    slope = "slope.log_odds_per_point"
    rows = [interval(slope, group, 0.2, 0.05) for group in ("all", *SCENARIOS)]
    rows += [interval(slope, group, 0.15, 0.02) for group in ("without lapses", "published form")]
    rows += [interval("threshold.points", group, 6.0, 1.0) for group in ("all", *SCENARIOS)]
    rows.append(interval("lapse.rate", "all", 0.1, 0.05))
    rows.append(interval("asymptote.share", "all", 0.95, 0.025))
    return pd.DataFrame(rows)


@pytest.fixture
def curve() -> pd.DataFrame:
    gaps = np.linspace(0, 20, 21)
    parts = []
    for form in ("with lapses", "without lapses", "published form"):
        mean = 0.05 + 0.9 / (1 + np.exp(-0.2 * gaps))
        own = pd.DataFrame({"form": form, "score_diff": gaps, "mean": mean})
        for share, half in (("50", 0.01), ("95", 0.03)):
            own[f"low_{share}"], own[f"high_{share}"] = mean - half, mean + half
        parts.append(own)
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def bins() -> pd.DataFrame:
    shares = np.array([0.55, 0.7, 0.85])
    return pd.DataFrame(
        {
            "score_diff": [1.5, 5.5, 11.0],
            "estimate": shares,
            "ci_low": shares - 0.05,
            "ci_high": shares + 0.05,
        }
    )


@pytest.fixture
def figure(ranks, agreement, points, curve, choice, bins) -> Figure:
    return plot_preferences(ranks, agreement, points, curve, choice, bins)


def marks(figure: Figure, gid: str) -> list:
    return [
        artist
        for axis in figure.axes
        for artist in (*axis.lines, *axis.collections)
        if artist.get_gid() == gid
    ]


def test_every_conversation_is_a_dot_with_both_intervals_of_both_ranks(figure, ranks):
    dots = marks(figure, "conversation")
    assert len(dots) == len(SCENARIOS)
    drawn = np.concatenate([dot.get_xydata() for dot in dots])
    assert drawn == pytest.approx(ranks[["llm_rank", "human_rank"]].to_numpy())
    for gid, axis in (("llm", 0), ("human", 1)):
        for share in ("50", "95"):
            ends = np.concatenate(
                [np.array(lines.get_segments()) for lines in marks(figure, f"{gid}-{share}")]
            )
            columns = [f"{gid}_low_{share}", f"{gid}_high_{share}"]
            assert ends[:, :, axis] == pytest.approx(ranks[columns].to_numpy())


def test_rank_one_is_at_the_top_right(figure):
    axis = figure.axes[0]
    assert axis.get_title(loc="left") == label("job_loss")
    assert axis.xaxis_inverted()
    assert axis.yaxis_inverted()


def test_scenarios_that_do_not_occur_have_no_panel(figure):
    titles = {axis.get_title(loc="left") for axis in figure.axes}
    assert label("mom_unwell") not in titles
    # three scenarios, the agreement, the curve and the thresholds
    assert len(figure.axes) == len(SCENARIOS) + 3


def test_agreement_is_shown_with_errors_and_without(figure, agreement, points):
    ignoring = [float(mark.get_xdata()[0]) for mark in marks(figure, "ignoring")]
    estimates = points[points["of"] == "estimates"]["kendall"]
    assert ignoring == pytest.approx(estimates.tolist())
    tau = agreement[agreement["quantity"] == "rank.kendall_tau"]["mean"].tolist()
    means = [float(mark.get_xdata()[0]) for mark in marks(figure, "mean")]
    assert means[: len(tau)] == pytest.approx(tau)


def test_curves_observed_shares_and_the_end_of_the_curve_are_where_the_frames_say(
    figure, curve, bins
):
    for gid, form in (("curve", "with lapses"), ("without lapses",) * 2, ("published form",) * 2):
        (line,) = marks(figure, gid)
        own = curve[curve["form"] == form][["score_diff", "mean"]]
        assert line.get_xydata() == pytest.approx(own.to_numpy())
    (shares,) = marks(figure, "share")
    assert shares.get_xydata() == pytest.approx(bins[["score_diff", "estimate"]].to_numpy())
    (end,) = marks(figure, "asymptote")
    assert set(end.get_ydata()) == {0.95}
    assert len(marks(figure, "band-95")) == 1


def test_sentences_carry_the_numbers_of_the_frames(ranks, agreement, points, choice):
    first = agreement_sentences(agreement, points)
    assert "tau of 0.55" in first[0]
    assert "0.60 (95% interval 0.50 to 0.70)" in first[1]
    assert f"0.65 (95% interval 0.55 to 0.75) for {label('job_loss')}" in first[2]
    assert "tau of 0.35" in first[3]
    bradley_terry = pd.DataFrame(
        [
            interval("spread.log_odds", "job_loss", 1.25, 0.4),
            interval("left.share", "two equals, typical rater", 0.53, 0.02),
            interval("consistency.sd", "between raters", 0.4, 0.2),
        ]
    )
    second = rank_sentences(bradley_terry, ranks)
    assert f"Of {N} conversations" in second[0]
    assert f"1.25 ({label('job_loss')})" in second[1]
    assert "53% (95% interval 51% to 55%)" in second[2]
    comparison = pd.DataFrame(
        {
            "model": ["with lapses", "without lapses", "published form"],
            "elpd": [-100.0, -112.0, -120.0],
            "dse": [0.0, 4.0, 5.0],
        }
    )
    third = curve_sentences(choice, comparison)
    assert "0.200 (95% interval 0.150 to 0.250)" in third[0]
    assert "10% (95% interval 5% to 15%)" in third[2]
    assert "curve with lapses is ahead by 12.0 (standard error 4.0)" in third[3]
    assert "with lapses predicts new raters better" in third[3]


def test_a_small_lead_is_no_lead(choice):
    comparison = pd.DataFrame(
        {
            "model": ["without lapses", "with lapses"],
            "elpd": [-100.0, -101.0],
            "dse": [0.0, 0.9],
        }
    )
    last = curve_sentences(choice, comparison)[-1]
    assert "curve without lapses is ahead by 1.0" in last
    assert "do not tell the two apart" in last


def test_slopes_stand_beside_the_published_one(choice):
    coefficients = pd.DataFrame(
        {
            "model": ["1a", "1a", "1b"],
            "form": "published",
            "term": ["const", "abs_score_diff", "abs_score_diff"],
            "estimate": [0.1, 0.161, 0.1],
            "se": [0.1, 0.018, 0.1],
            "ci_low": [0.0, 0.126, 0.0],
            "ci_high": [0.2, 0.196, 0.2],
        }
    )
    table = slope_table(choice, coefficients, (0.14, 0.02)).set_index("Form")
    assert table["Slope per point"].tolist()[:2] == ["0.140", "0.161"]
    assert table.loc["Published in the paper", "to"] == "0.179"
    assert len(table) == 2 + 3 + len(SCENARIOS)


def test_checks_gather_the_properties_of_three_models_in_percent():
    def rows(*keys: tuple[str, str]) -> pd.DataFrame:
        return pd.DataFrame(
            [(what, group, 0.4, 0.5, 0.3, 0.6) for what, group in keys],
            columns=["what", "group", "observed", "mean", "low", "high"],
        )

    frames = {
        "bradley_terry": rows(("won.sd", "job_loss"), ("left.sd", "all"), ("left.share", "all")),
        "rank_agreement": rows(("won.rating", "job_loss"), ("won.sd", "job_loss")),
        "choice_curve": rows(("band.share", "1 to 3 points"), ("rater.sd", "all")),
    }
    found = checks_of(frames)
    assert list(zip(found["what"], found["group"], strict=True)) == [
        ("won.sd", "job_loss"),
        ("raters", "left.sd"),
        ("won.rating", "job_loss"),
        ("band.share", "1 to 3 points"),
        ("raters", "rater.sd"),
    ]
    assert found["observed"].tolist() == pytest.approx([40, 40, 0.4, 40, 40])
    assert frames["bradley_terry"]["observed"].tolist() == [0.4] * 3

    sensitivity = pd.DataFrame(
        [
            ("rank.kendall_tau", "all", 0.02, 0.1),
            ("rank.kendall_tau", "job_loss", 0.5, 0.1),
            ("spread.log_odds", "job_loss", 0.01, 0.3),
            ("spread.log_odds", "loss_dad", 0.04, 0.2),
        ],
        columns=["quantity", "group", "prior", "likelihood"],
    )
    headline = headline_sensitivity({"one": sensitivity[:2], "other": sensitivity[2:]})
    assert headline["prior"].tolist() == [0.02, 0.04]
    drawn = plot_checks(found, found, headline, **CHECKS)
    assert len(drawn.axes) == 5
    names = {tick.get_text() for axis in drawn.axes for tick in axis.get_yticklabels()}
    assert {"left", "higher-scored", label("job_loss")} <= names


def test_every_scenario_has_words():
    assert [CHECKS["name"](key) for key in SCENARIO_KEYS] == [label(key) for key in SCENARIO_KEYS]
    assert CHECKS["name"]("between raters") == "between raters"
