"""Figure 1: the design of the trial, drawn from the counts of the data."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

from lendanear.figures.numbers import MINUS
from lendanear.figures.shades import darker, paler
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import (
    ARMS,
    COACH,
    CONTROL,
    DIMENSIONS,
    OVERALL_MAX,
    OVERALL_MIN,
    SCENARIOS,
    TROUBLE_TYPES,
    VIDEO,
    Arm,
)

HEIGHT: Final = 128.0
"""Height of the figure in mm; everything below is placed in mm from its top left corner."""
LANES: Final = (27.0, 40.0, 53.0, 66.0)
"""Middle of the lane of each arm."""
BUBBLES: Final = (56.0, 122.0, 172.0)
"""Middle of each conversation on the lane."""
TRAINING: Final = (68.0, 42.0)
"""Left edge and width of the box of the training after conversation 1."""
FEEDBACK: Final = (133.0, 28.0)
"""Left edge and width of the box of the feedback after conversation 2."""
SMALL: Final = 6.5
"""Size of small type in points."""


def plot_design(counts: pd.DataFrame) -> Figure:
    """Draw who did what when, what a conversation is, and how it is judged.

    Parameters
    ----------
    counts : DataFrame
        From `lendanear.measures.design.design_counts`: quantity, group, count.

    Returns
    -------
    Figure
        (a) a lane per arm from the baseline conversation over training and feedback to the third
        conversation; (b) a conversation and its five scenarios with the number of first
        conversations; (c) the six judged dimensions and the composite. Every number is one of
        `counts`.
    """
    number = counts.set_index(["quantity", "group"])["count"]
    with style():
        figure, axis = new_figure(width=PAGE, height=HEIGHT)
        axis.set_axis_off()
        axis.set_xlim(0, PAGE)
        axis.set_ylim(HEIGHT, 0)
        _draw_flow(axis, number)
        axis.plot([0, PAGE], [77, 77], color=FAINT, linewidth=0.6)
        _draw_conversation(axis, number)
        _draw_scenarios(axis, number)
        _draw_judging(axis, number)
    return figure


def _words(number: pd.Series, quantity: str, group: str = "all") -> str:
    return f"{number[quantity, group]:,.0f}"


def _letter(axis: Axes, x: float, y: float, letter: str, words: str) -> None:
    axis.text(x, y, letter, fontsize=10, fontweight="bold", color=INK, va="baseline")
    axis.text(x + 5, y, words, fontsize=8.5, fontweight="bold", color=INK, va="baseline")


def _box(axis: Axes, x: float, y: float, width: float, height: float, **look: object) -> None:
    """Draw a rounded box whose outer edges are at the given mm."""
    radius = 1.2
    axis.add_patch(
        FancyBboxPatch(
            (x + radius, y + radius), width - 2 * radius, height - 2 * radius,
            boxstyle=f"round,pad={radius},rounding_size={radius}", **look,
        )
    )  # fmt: skip


def _bubble(axis: Axes, x: float, y: float, text: str, colour: str) -> None:
    """Draw a speech bubble 11 mm wide and 7 mm high around a point."""
    tail = [(x - 3, y + 3), (x - 4.2, y + 5.4), (x - 0.2, y + 3)]
    axis.add_patch(Polygon(tail, facecolor=colour, edgecolor="none", zorder=3))
    _box(axis, x - 5.5, y - 3.5, 11, 7, facecolor=colour, edgecolor="none", zorder=3,
         gid="conversation")  # fmt: skip
    axis.text(
        x, y, text, color="white", fontsize=8, fontweight="bold", ha="center", va="center", zorder=4
    )


def _draw_flow(axis: Axes, number: pd.Series) -> None:
    """Draw the lanes of the arms."""
    lowest = number["conversations_per_participant", "lowest"]
    highest = number["conversations_per_participant", "highest"]
    each = f"{lowest:.0f}" if lowest == highest else f"{lowest:.0f} to {highest:.0f}"
    _letter(axis, 0, 4, "a", "A randomised trial of training")
    axis.text(
        0, 10,
        f"{_words(number, 'participants')} participants  \N{MULTIPLICATION SIGN}  {each} "
        f"conversations  =  {_words(number, 'conversations')} conversations, "
        f"{_words(number, 'messages')} messages of both sides",
        fontsize=7.5, color=INK, va="center", gid="totals",
    )  # fmt: skip
    heads = (
        (BUBBLES[0], "Conversation 1\nbaseline"),
        (TRAINING[0] + TRAINING[1] / 2, "Training\nby arm"),
        (BUBBLES[1], "Conversation\n2"),
        (FEEDBACK[0] + FEEDBACK[1] / 2, "Coach feedback\non 2"),
        (BUBBLES[2], "Conversation\n3"),
    )
    for x, head in heads:
        axis.text(
            x, 17, head, ha="center", va="center", fontsize=SMALL, color="#555555", linespacing=1.15
        )
    present = [arm for arm in ARMS if number.get(("participants", arm.key), 0) > 0]
    for arm, y in zip(present, LANES, strict=False):
        colour = darker(arm.colour)
        axis.text(0, y - 2, arm.label, fontsize=8.5, fontweight="bold", color=colour, va="center")
        axis.text(
            0, y + 2.4, f"{_words(number, 'participants', arm.key)} participants",
            fontsize=SMALL, color=INK, va="center", gid=f"n-{arm.key}",
        )  # fmt: skip
        axis.annotate(
            "", (PAGE - 1, y), (31, y),
            arrowprops={"arrowstyle": "-|>", "color": paler(arm.colour, 0.35), "linewidth": 1.4,
                        "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8},
            zorder=1,
        )  # fmt: skip
        for place, x in enumerate(BUBBLES):
            _bubble(axis, x, y, str(place + 1), colour)
        _intervention(axis, TRAINING, y, arm, _training(arm, number))
        if arm.coached:
            _intervention(axis, FEEDBACK, y, arm, _feedback(arm, number, 2, "AI-coach feedback"))


def _training(arm: Arm, number: pd.Series) -> str:
    """Return what the arm gets after its first conversation."""
    if arm is CONTROL:
        return "no training"
    if arm is VIDEO:
        return "Didactic video\n(the same for everyone)"
    alone = arm is COACH
    what = "Personal AI-coach feedback" if alone else "Video + AI-coach feedback"
    return _feedback(arm, number, 1, what)


def _feedback(arm: Arm, number: pd.Series, conversation: int, what: str) -> str:
    """Return `what` with the number of conversations after which it was given."""
    given = number.get(("feedback", f"{arm.key}:{conversation}"), 0)
    return f"{what}\n(given {given:,.0f} times)"


def _intervention(axis: Axes, span: tuple[float, float], y: float, arm: Arm, text: str) -> None:
    nothing = arm is CONTROL
    _box(
        axis, span[0], y - 4.6, span[1], 9.2, facecolor="white",
        edgecolor=paler(arm.colour, 0.5 if nothing else 0.0),
        linestyle=(0, (3, 2)) if nothing else "-", linewidth=0.8, zorder=2, gid="intervention",
    )  # fmt: skip
    first, _, rest = text.partition("\n")
    axis.text(
        span[0] + span[1] / 2, y - (1.7 if rest else 0), first, ha="center", va="center",
        fontsize=7, color="#777777" if nothing else darker(arm.colour), zorder=3,
    )  # fmt: skip
    axis.text(
        span[0] + span[1] / 2, y + 1.9, rest, ha="center", va="center", fontsize=6,
        color="#555555", zorder=3,
    )  # fmt: skip


def _draw_conversation(axis: Axes, number: pd.Series) -> None:
    """Draw who speaks to whom."""
    _letter(axis, 0, 84, "b", "A conversation")
    seeker, supporter = "#EDEDED", "#DDEBF5"
    turns = (
        (0.0, 88.0, seeker, "Seeker: a language model",
         "plays somebody in trouble\nand speaks first"),
        (7.0, 101.5, supporter, "Supporter: the participant", "answers in his or her\nown words"),
    )  # fmt: skip
    for x, y, colour, who, what in turns:
        _box(axis, x, y, 47, 12, facecolor=colour, edgecolor="none")
        axis.text(x + 2.5, y + 3, who, fontsize=7, fontweight="bold", color=INK, va="center")
        axis.text(x + 2.5, y + 7.8, what, fontsize=SMALL, color=INK, va="center", linespacing=1.1)
    median = number["median_supporter_turns", "all"]
    axis.text(
        0, 117.5,
        f"and so on: the supporter writes {median:g} messages\nin the median conversation",
        fontsize=SMALL, color=INK, va="top", linespacing=1.2, gid="median-turns",
    )  # fmt: skip


def _draw_scenarios(axis: Axes, number: pd.Series) -> None:
    """Draw the five scenarios with their number of first conversations as bars."""
    left, top = 66.0, 84.0
    axis.text(left, top, "Five scenarios", fontsize=8.5, fontweight="bold", color=INK)
    axis.text(
        left, top + 3.9, "bars: first conversations", fontsize=SMALL, color="#555555", va="center"
    )
    longest = max(number["first_scenario", scenario.key] for scenario in SCENARIOS)
    y = top + 9.2
    for trouble in TROUBLE_TYPES[::-1]:
        axis.text(
            left, y,
            f"{trouble.label}: {_words(number, 'first_trouble_type', trouble.key)}",
            fontsize=7, fontweight="bold", color=darker(trouble.colour), va="center",
            gid=f"trouble-{trouble.key}",
        )  # fmt: skip
        y += 4.6
        for scenario in SCENARIOS:
            if scenario.trouble_type != trouble.key:
                continue
            count = number["first_scenario", scenario.key]
            length = 14 * count / max(longest, 1)
            axis.text(left, y, scenario.label, fontsize=SMALL, color=INK, va="center")
            axis.add_patch(
                Rectangle((left + 32, y - 1.5), length, 3, color=paler(trouble.colour, 0.45),
                          linewidth=0, gid="scenario")
            )  # fmt: skip
            axis.text(
                left + 33 + length, y, f"{count:,.0f}", fontsize=SMALL, color=INK, va="center"
            )
            y += 4.4
        y += 1.9


def _draw_judging(axis: Axes, number: pd.Series) -> None:
    """Draw the six dimensions with their sign, and the composite they make."""
    left, top = 128.0, 84.0
    _letter(axis, left, top, "c", "Judged by a language model")
    axis.text(
        left, top + 3.9, f"each of {_words(number, 'conversations')} conversations, 1 to 5",
        fontsize=SMALL, color="#555555", va="center",
    )  # fmt: skip
    y = top + 9.2
    for prescriptive, head in ((True, "More is better"), (False, "Less is better")):
        axis.text(left, y, head, fontsize=7, fontweight="bold", color=INK, va="center")
        y += 4.6
        for dimension in DIMENSIONS:
            if dimension.prescriptive is not prescriptive:
                continue
            axis.text(
                left + 1.2, y, "+" if prescriptive else MINUS, fontsize=8, fontweight="bold",
                color=INK, ha="center", va="center",
            )  # fmt: skip
            axis.text(
                left + 4, y, dimension.label, fontsize=SMALL, color=INK, va="center",
                gid="dimension",
            )  # fmt: skip
            y += 4.2
        y += 1.3
    axis.text(
        left, y + 1.6,
        "Overall empathy: the sum with\n"
        f"these signs, {MINUS}{-OVERALL_MIN} to {OVERALL_MAX}",
        fontsize=7, fontweight="bold", color=INK, va="center", linespacing=1.2,
    )  # fmt: skip
