"""Write ``data/synthetic.toml`` so that a person can read it."""

from __future__ import annotations

from typing import Any, Final

HEAD: Final = """\
# What the synthetic study is generated from. See lendanear/synthetic/parameters.py for meanings.
#
# `python -m lendanear.synthetic.tuning` finds every tuned value from data/published_results.csv.
"""
NOTES: Final = {
    "design": ("Exact counts, times the scale; turns_min, turns_max, empty_turns, raters and the",
               "weights in later_scenarios are assumed."),
    "people": ("Age and sex follow from the standard errors of the demographic regressions;",
               "the two links are tuned, the rest is assumed."),
    "reports": ("Thresholds and links are tuned, the rest is assumed.",),
    "preference": ("rater_slope, rater_spread and lapse are tuned. The rest was set by hand:",
                   "score_weight gives the correlation of Elo rating and score, judge_slope and",
                   "elo_k the spread of the ratings and how well raters and judges agree,",
                   "item_spread how many raters choose the higher score."),
    "themes": ("base is tuned; links and verbosity are assumed.",),
    "scores": ("All tuned.",),
}  # fmt: skip
"""What stands above each section."""
_DIGITS: Final = 4


def text(raw: dict[str, Any]) -> str:
    """Return the document; numbers are rounded to what the generator needs."""
    lines = [HEAD]
    for key, section in raw.items():
        lines.extend(f"# {line}" for line in NOTES[key])
        _section(lines, key, section)
    return "\n".join(lines)


def _section(lines: list[str], name: str, section: dict[str, Any]) -> None:
    plain = {key: value for key, value in section.items() if not isinstance(value, dict)}
    if plain or not section:
        lines.append(f"[{name}]")
        lines.extend(f"{key} = {_value(value)}" for key, value in plain.items())
        lines.append("")
    for key, value in section.items():
        if isinstance(value, dict):
            _section(lines, f"{name}.{key}", value)


def _value(value: float | int | list) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, int):
        return str(value)
    return repr(round(value, _DIGITS + 2) if abs(value) < 0.01 else round(value, _DIGITS))
