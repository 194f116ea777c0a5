"""The synthetic study has the design, the layout and the quirks of the study's own files."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic_files import LEVEL_3, read_study

from lendanear.checks.published import read_published
from lendanear.synthetic import cohort, generate, preference
from lendanear.synthetic.parameters import load
from lendanear.synthetic.study import draw, stream
from lendanear.vocabulary import (
    DIMENSION_KEYS,
    SCENARIO_KEYS,
    SELF_REPORT_KEYS,
    THEME_KEYS,
    TRAIT_ITEMS,
    TRAIT_LEVELS,
    scenario_of,
    theme_of,
    trouble_type_of,
)

PUBLISHED = {number.id: number.estimate for number in read_published()}
ARMS = ("Control", "Influencer", "AICoach", "CoachPlusInfluencer")
COACHED = ["AICoach", "CoachPlusInfluencer"]
GOOD, BAD = list(DIMENSION_KEYS[:3]), list(DIMENSION_KEYS[3:])
DEMOGRAPHICS = [
    "Age", "Sex", "Ethnicity simplified", "Country of birth", "Country of residence",
    "Nationality", "Language", "Fluent languages", "Student status", "Employment status",
]  # fmt: skip
MESSAGE = ["user_id", "conversation_number", "turn_number"]
START, K = 1500.0, 32.0


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    generate(folder)
    return read_study(folder)


def overall(conversations: pd.DataFrame) -> pd.Series:
    """Overall empathy, written out: three prescriptive minus three proscriptive ratings."""
    scores = conversations.set_index("conversation_id")[GOOD + BAD].astype(int)
    return scores[GOOD].sum(axis=1) - scores[BAD].sum(axis=1)


def turns(conversation: str) -> list[list[str]]:
    """Speaker and words of every turn; a line without a speaker continues the turn."""
    said: list[list[str]] = []
    for line in conversation.split("\n"):
        speaker, colon, words = line.partition(": ")
        if colon and speaker in ("Seeker", "Supporter"):
            said.append([speaker, words])
        else:
            said[-1][1] += "\n" + line
    return said


# --------------------------------------------------------------------------------------- design


def test_arms_scenarios_conversations_and_messages_are_counted_as_published(study):
    people, conversations = study.people, study.conversations
    assert len(people) == PUBLISHED["design.n_participants"]
    assert len(conversations) == PUBLISHED["design.n_conversations"]
    for arm in ARMS:
        assert (people["condition"] == arm).sum() == PUBLISHED[f"design.n_arm.{arm}"]
    assert set(people["condition"]) == set(ARMS)
    first = conversations.loc[conversations["conversation_number"] == "1", "starter"]
    counts = first.map(scenario_of).value_counts()
    for key in SCENARIO_KEYS:
        assert counts[key] == PUBLISHED[f"design.n_first.{key}"]
    messages = conversations["message_count"].astype(int).sum()
    assert messages == pytest.approx(PUBLISHED["design.n_messages"], rel=0.005)


def test_everybody_has_three_conversations_on_three_different_scenarios_in_one_arm(study):
    conversations = study.conversations.assign(scenario=lambda c: c["starter"].map(scenario_of))
    own = conversations.groupby("user_id")
    assert (own["conversation_number"].agg("".join) == "123").all()
    assert (own["scenario"].nunique() == 3).all()
    assert own["condition"].nunique().eq(1).all()
    # later conversations come from all five scenarios too
    later = conversations[conversations["conversation_number"] != "1"]
    assert later["scenario"].value_counts(normalize=True).between(0.15, 0.25).all()


def test_conversations_have_four_to_ten_supporter_turns_and_not_all_the_same(study):
    supporter = study.conversations["supporter_count"].astype(int)
    assert supporter.between(4, 10).all()
    assert supporter.nunique() == 7


@pytest.fixture(scope="module")
def assignments():
    parameters = load()
    return [cohort.draw(parameters, 1, stream(seed, "cohort")) for seed in range(60)]


def balance(drawn: cohort.Cohort, arm: np.ndarray) -> dict[str, float]:
    """p-values of independence between an assignment and what was there before it."""
    kinds = range(4)
    cross = {
        "scenario": pd.crosstab(arm, drawn.scenario[:, 0]),
        "sex": pd.crosstab(arm, drawn.female),
        "place in the file": pd.crosstab(arm, np.arange(len(arm)) * 8 // len(arm)),
    }
    found = {name: stats.chi2_contingency(table).pvalue for name, table in cross.items()}
    trait = drawn.traits[:, :7].sum(axis=1)
    for name, values in {"age": drawn.age, "trait": trait}.items():
        found[name] = stats.kruskal(*(values[arm == kind] for kind in kinds)).pvalue
    return found


def test_arms_are_assigned_at_random_whoever_the_participant_is(assignments):
    p = pd.DataFrame([balance(drawn, drawn.arm) for drawn in assignments])
    for name in p:
        # p-values of a true null hypothesis are uniform
        assert stats.kstest(p[name], "uniform").pvalue > 0.001, name
    drawn = assignments[0]
    by_age = np.sort(drawn.arm)[drawn.age.argsort().argsort()]
    assert balance(drawn, by_age)["age"] < 1e-6


def test_the_assignment_hangs_on_the_seed_alone(assignments):
    again = cohort.draw(load(), 1, stream(0, "cohort"))
    assert (again.arm == assignments[0].arm).all()
    shares = [(drawn.arm == assignments[0].arm).mean() for drawn in assignments[1:]]
    # two independent assignments agree for a quarter of the people
    assert np.mean(shares) == pytest.approx(0.25, abs=0.01)


def test_feedback_stands_only_where_a_coach_gave_it(study):
    conversations = study.conversations
    coached = conversations["condition"].isin(COACHED) & conversations["conversation_number"].isin(
        ["1", "2"]
    )
    feedback = conversations["coach_coach_feedback"]
    assert (feedback[coached].str.len() > 100).all()
    assert (feedback[~coached] == "").all()
    questions = conversations["coach_coach_user_questions"]
    assert (questions[~coached] == "").all()
    assert 0.3 < (questions[coached] != "").mean() < 0.9


def test_ratings_run_from_one_to_five_and_use_every_level(study):
    conversations = study.conversations
    for column in (*DIMENSION_KEYS, *SELF_REPORT_KEYS):
        assert set(conversations[column]) == set("12345"), column
    for item in TRAIT_ITEMS:
        assert set(study.people[item]) <= set(TRAIT_LEVELS), item
    assert {level for item in TRAIT_ITEMS for level in study.people[item]} == set(TRAIT_LEVELS)


# --------------------------------------------------------------------------------------- quirks


def test_conversation_columns_repeat_on_every_message_row(study):
    trial = study.trial
    own = [column for column in trial if column not in ("id", "user_message")]
    assert trial.groupby("conversation_id")[own].nunique().eq(1).all(axis=None)
    personal = [*DEMOGRAPHICS, *TRAIT_ITEMS, "condition"]
    assert trial.groupby("user_id")[personal].nunique().eq(1).all(axis=None)
    rows = trial.groupby("conversation_id", sort=False).size()
    assert (rows.to_numpy() == study.conversations["supporter_count"].astype(int)).all()
    assert trial["id"].tolist() == [str(number) for number in range(1, len(trial) + 1)]


def test_the_conversation_holds_its_messages_and_the_seeker_opens_and_closes_it(study):
    messages = study.trial.groupby("conversation_id", sort=False)["user_message"].agg(list)
    for row in study.conversations.itertuples():
        said = turns(row.conversation)
        speakers = [speaker for speaker, _ in said]
        assert speakers == ["Seeker", *["Supporter", "Seeker"] * (len(said) // 2)]
        assert said[0][1] == row.starter
        assert [words for _, words in said[1::2]] == messages[row.conversation_id]
        counts = (int(row.message_count), int(row.seeker_count), int(row.supporter_count))
        assert counts == (len(said), (len(said) + 1) // 2, len(said) // 2)


def test_openings_vary_in_typography_and_are_recognised_all_the_same(study):
    openings = study.conversations["starter"]
    for mark in ("’", "'", "…", "..."):
        assert 0.05 < openings.str.contains(mark, regex=False).mean() < 0.95, mark
    plain = openings.str.replace("’", "'").str.replace("…", "...")
    spellings = openings.groupby(plain).nunique()
    assert (spellings >= 2).all()
    # the Elo file names the scenario of the same conversation in words
    known = study.elo.set_index("conversation_id")["starter"].str.replace(" ", "_")
    mine = study.conversations.set_index("conversation_id")["starter"].map(scenario_of)
    assert (mine[known.index] == known).all()


def test_some_turns_are_empty_and_some_run_over_several_lines(study):
    empty = study.trial["user_message"] == ""
    assert 0 < empty.mean() < 0.02
    texts = study.trial.loc[empty, "conversation"]
    assert texts.str.contains(r"^Supporter: $", regex=True, flags=8).all()
    assert study.trial["user_message"].str.contains("\n").sum() > 10


def test_ages_are_whole_years_or_say_why_they_are_missing(study):
    age = study.people["Age"]
    missing = age.isin(["CONSENT_REVOKED", "DATA_EXPIRED"])
    assert (age == "CONSENT_REVOKED").any()
    assert missing.mean() < 0.05
    assert age[~missing].str.fullmatch(r"\d\d").all()
    assert age[~missing].astype(int).between(18, 90).all()
    # who revokes, revokes everything
    revoked = study.people.loc[age == "CONSENT_REVOKED", DEMOGRAPHICS]
    assert (revoked == "CONSENT_REVOKED").all(axis=None)


def test_ids_are_text_beyond_64_bits_and_no_real_conversation_can_have_them(study):
    ids = study.conversations["conversation_id"]
    assert ids.is_unique
    assert ids.str.fullmatch(r"9999\d{16}").all()
    assert int(ids.min()) > np.iinfo(np.uint64).max
    times = pd.Series([datetime.strptime(i, "%Y%m%d%H%M%S%f") for i in ids], dtype=object)
    assert {time.year for time in times} == {9999}
    own = times.groupby(study.conversations["user_id"].to_numpy(), sort=False)
    assert own.agg(lambda three: list(three) == sorted(three)).all()
    assert study.people["user_id"].str.startswith("synthetic-").all()
    assert study.choices["participant_id"].str.startswith("synthetic-").all()
    assert set(study.themes["user_id"]) <= set(study.people["user_id"])


# --------------------------------------------------------------------------------------- themes


def test_every_coded_span_is_found_in_its_message_in_order_and_without_overlap(study):
    messages = study.messages.set_index(MESSAGE)["user_message"]
    assert messages.index.is_unique
    spans = study.themes.groupby(MESSAGE, sort=False)["text"].agg(list)
    assert set(spans.index) == set(messages.index[messages != ""])
    for place, texts in spans.items():
        end = 0
        for text in texts:
            assert text.strip()
            start = messages[place].find(text, end)
            assert start >= 0, (place, text)
            end = start + len(text)


def test_theme_rows_agree_with_the_trial_on_arm_and_kind_of_trouble(study):
    conversations = study.conversations.assign(
        theme=lambda c: c["starter"].map(scenario_of).map(trouble_type_of)
    )
    key = ["user_id", "conversation_number"]
    both = study.themes.merge(conversations[[*key, "condition", "theme"]], on=key, how="left")
    assert (both["condition_x"] == both["condition_y"]).all()
    assert (both["theme_x"] == both["theme_y"]).all()


def test_theme_rows_are_counted_as_published(study):
    themes = study.themes
    first = themes["conversation_number"] == "1"
    coached = ~first & themes["condition"].isin(COACHED)
    for trouble in ("personal", "workplace"):
        own = themes["theme"] == trouble
        assert (own & first).sum() == PUBLISHED[f"themes.n_pre.{trouble}"]
        assert (own & coached).sum() == PUBLISHED[f"themes.n_post.{trouble}"]


def test_an_interpretation_belongs_to_one_level_2_one_theme_and_one_kind_of_trouble(study):
    themes = study.themes.assign(key=study.themes["Level 1"].map(theme_of))
    assert set(themes["key"]) == set(THEME_KEYS)
    parents = themes.groupby(LEVEL_3)[["Level 2", "key", "theme"]].nunique()
    assert (parents == 1).all(axis=None)
    # and so does a level 2 within its kind of trouble
    assert themes.groupby(["theme", "Level 2"])["key"].nunique().eq(1).all()
    per_theme = themes.groupby(["theme", "key"])[LEVEL_3].nunique()
    assert len(per_theme) == 2 * len(THEME_KEYS)
    assert (per_theme >= 2).all()


def test_interpretations_are_unique_whatever_their_capitals(study):
    names = study.themes[LEVEL_3].drop_duplicates()
    assert names.str.lower().str.strip().is_unique
    assert (names == names.str.strip()).all()


def test_level_1_is_spelled_in_several_ways_as_in_the_real_file(study):
    spellings = study.themes.groupby(study.themes["Level 1"].map(theme_of))["Level 1"].unique()
    assert (spellings.map(len) >= 2).all()
    assert any("-" in name for name in spellings["advice_giving"])
    assert any("-" not in name for name in spellings["advice_giving"])


# ----------------------------------------------------------------------------------- tournament


def test_every_first_conversation_and_every_coached_one_is_in_the_tournament(study):
    conversations = study.conversations
    enters = (conversations["conversation_number"] == "1") | conversations["condition"].isin(
        COACHED
    )
    assert set(study.elo["conversation_id"]) == set(conversations.loc[enters, "conversation_id"])
    assert study.elo["conversation_id"].is_unique
    assert len(study.elo) == PUBLISHED["elo.n"]


def test_the_elo_file_agrees_with_the_trial(study):
    trial = study.conversations.set_index("conversation_id").loc[study.elo["conversation_id"]]
    for column in ("condition", "conversation_number"):
        assert (trial[column].to_numpy() == study.elo[column].to_numpy()).all()
    score = overall(study.conversations)[study.elo["conversation_id"]]
    assert (score.to_numpy() == study.elo["overall_empathy"].astype(int)).all()
    first = study.elo["conversation_number"] == "1"
    assert (study.elo["updated_condition"] == np.where(first, "control", "treatment")).all()


def test_ranks_follow_the_ratings_and_comparisons_move_points_between_two(study):
    elo = study.elo.assign(
        rating=study.elo["elo_rating"].astype(float),
        rank=study.elo["elo_rank"].astype(int),
        comparisons=study.elo["comparisons_count"].astype(int),
    )
    for _, own in elo.groupby("starter"):
        expected = own["rating"].rank(ascending=False, method="first")
        assert (own["rank"] == expected).all()
        # what one wins the other loses, and every comparison has two sides
        assert own["rating"].mean() == pytest.approx(START, abs=1e-6)
        assert own["comparisons"].sum() % 2 == 0
    assert (elo["comparisons"] > 0).all()
    assert ((elo["rating"] - START).abs() < K * elo["comparisons"]).all()


def play(seed: int, **changes: float) -> preference.Tournament:
    parameters = load()
    parameters = dataclasses.replace(
        parameters, preference=dataclasses.replace(parameters.preference, **changes)
    )
    people = cohort.draw(parameters, 1, stream(seed, "cohort"))
    return preference.play(parameters, people, stream(seed, "tournament"))


def test_without_comparisons_everybody_keeps_the_starting_rating():
    tournament = play(1, rounds=0)
    assert (tournament.rating == START).all()
    assert (tournament.comparisons == 0).all()


def test_one_round_moves_half_of_k_from_every_loser_to_a_winner():
    tournament = play(1, rounds=1)
    moved = tournament.rating - START
    assert set(np.unique(moved)) == {-K / 2, 0, K / 2}
    assert (tournament.comparisons == (moved != 0)).all()
    for kind in range(5):
        assert moved[tournament.scenario == kind].sum() == 0


def test_ratings_reflect_what_the_judges_see():
    blind = play(2, judge_slope=0.0)
    r = np.corrcoef(blind.rating, blind.overall)[0, 1]
    assert abs(r) < 3.5 / np.sqrt(len(blind.rating))
    clear = play(2, score_weight=1.0, judge_slope=20.0)
    for kind in range(5):
        own = clear.scenario == kind
        assert stats.spearmanr(clear.rating[own], clear.overall[own]).statistic > 0.95


def test_the_tournament_looks_like_the_real_one(study, shared_data):
    real = pd.read_csv(shared_data / "study" / "elo_rankings.csv", dtype=str)
    mine = study.elo
    assert [c.replace("Unnamed: 0", "") for c in real] == [
        c.replace("Unnamed: 0", "") for c in mine
    ]
    for column in ("condition", "updated_condition", "starter", "conversation_number"):
        assert set(real[column]) == set(mine[column])
    for files in (real, mine):
        files["index"] = files.iloc[:, 0].astype(int)
        assert (files["index"] + 1 == files["elo_rank"].astype(int)).all()
    rating = [files["elo_rating"].astype(float).std() for files in (real, mine)]
    assert rating[1] == pytest.approx(rating[0], rel=0.05)
    comparisons = [files["comparisons_count"].astype(int) for files in (real, mine)]
    assert comparisons[1].mean() == pytest.approx(comparisons[0].mean(), abs=1)
    assert comparisons[1].std() == pytest.approx(comparisons[0].std(), rel=0.25)
    score = [files["overall_empathy"].astype(int) for files in (real, mine)]
    # the whole distribution of the judged score, not only its moments
    assert stats.ks_2samp(*score).statistic < 0.05


# -------------------------------------------------------------------------------------- choices


@pytest.fixture(scope="module")
def pairs(study):
    sides = {}
    score = overall(study.conversations)
    elo = study.elo.set_index("conversation_id")
    for side in ("left", "right"):
        ids = study.choices[f"conversation_{side}_id"]
        sides[f"score_{side}"] = score[ids].to_numpy()
        sides[f"rating_{side}"] = elo.loc[ids, "elo_rating"].astype(float).to_numpy()
        sides[f"scenario_{side}"] = elo.loc[ids, "starter"].to_numpy()
    return study.choices.assign(**sides, left=study.choices["participant_choice"] == "left")


def test_experiment_2_has_the_published_numbers_of_choices_items_and_ties(study, pairs):
    assert len(pairs) == PUBLISHED["preference.1b.n"]
    assert (pairs["score_left"] != pairs["score_right"]).sum() == PUBLISHED["preference.1a.n"]
    items = set(pairs["conversation_left_id"]) | set(pairs["conversation_right_id"])
    assert len(items) == PUBLISHED["preference.bt_items"]
    assert items <= set(study.elo["conversation_id"])


def test_raters_compare_two_different_conversations_on_one_scenario(pairs):
    assert (pairs["conversation_left_id"] != pairs["conversation_right_id"]).all()
    assert (pairs["scenario_left"] == pairs["scenario_right"]).all()
    assert (pairs["scenario"] == pairs["scenario_left"]).all()
    assert set(pairs["scenario"]) == {key.replace("_", " ") for key in SCENARIO_KEYS}
    assert set(pairs["participant_choice"]) == {"left", "right"}
    assert len(set(pairs["participant_id"].value_counts())) == 1


def test_comparisons_tie_all_items_of_a_scenario_together(pairs):
    # Bradley-Terry strengths are identified only within a connected component
    for _, own in pairs.groupby("scenario"):
        links = own[["conversation_left_id", "conversation_right_id"]].to_numpy()
        group = {item: item for item in np.unique(links)}
        for one, two in links:
            old, new = group[one], group[two]
            group = {item: new if at == old else at for item, at in group.items()}
        assert len(set(group.values())) == 1
        assert len(group) == 30


def test_derived_columns_of_experiment_2_follow_from_the_trial(study, pairs):
    difference = pairs["score_left"] - pairs["score_right"]
    assert (pairs["conv_left_empathy_score"].astype(int) == pairs["score_left"]).all()
    assert (pairs["conv_right_empathy_score"].astype(int) == pairs["score_right"]).all()
    assert (pairs["abs_score_diff"].astype(int) == difference.abs()).all()
    higher = np.where((difference > 0) == pairs["left"], "1", "0")
    assert (pairs["select_higher_annotation"] == np.where(difference == 0, "", higher)).all()
    preferred = pairs["rating_left"] > pairs["rating_right"]
    assert (pairs["select_match"] == np.where(preferred == pairs["left"], "1", "0")).all()
    scores = study.conversations.set_index("conversation_id")[GOOD + BAD].astype(int)
    for key in DIMENSION_KEYS:
        left, right = (
            scores.loc[pairs[f"conversation_{side}_id"], key].to_numpy()
            for side in ("left", "right")
        )
        assert (pairs[f"{key}_diff"].astype(int) == left - right).all()


def test_neither_side_is_favoured(pairs):
    n = len(pairs)
    for left in (pairs["left"], pairs["rating_left"] > pairs["rating_right"]):
        assert stats.binomtest(int(left.sum()), n).pvalue > 0.001


def test_numbers_are_drawn_before_texts_so_that_texts_change_none_of_them(study):
    # the study in memory without its texts has the same numbers
    trial, themes = (
        pd.concat(map(pd.DataFrame, parts))
        for parts in zip(*draw().pieces(text=False), strict=True)
    )
    for table, mine in ((trial, study.trial), (themes, study.themes)):
        texts = {
            "conversation", "user_message", "starter", "text", "coach_coach_feedback",
            "coach_coach_user_questions",
        }  # fmt: skip
        columns = [column for column in mine if column not in texts]
        assert list(table) == list(mine)
        assert (table[columns].astype(str).to_numpy() == mine[columns].to_numpy()).all()
