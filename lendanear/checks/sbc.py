"""What a simulation-based calibration leaves: ranks, a table of verdicts, and a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from lendanear import provenance
from lendanear.bayes.registry import BAYES_MODELS
from lendanear.bayes.sbc.registry import figure_stem, table_stem
from lendanear.bayes.sbc.replicate import DRAWS, NEAR_INDEPENDENCE
from lendanear.bayes.sbc.uniformity import curves, judge, power
from lendanear.figures.save import save_figure
from lendanear.figures.sbc import plot_ranks, readable
from lendanear.figures.tables import save_table

NARROWER: Final = 0.7
"""SD of the too narrow posteriors whose discovery is promised, as a share of the right SD."""


def write_ranks(ranks: pd.DataFrame, model: str, folder: Path, *, draft: bool) -> None:
    """Judge the ranks of a model, and write the figure and the table.

    Parameters
    ----------
    ranks : DataFrame
        ``replicate.COLUMNS``, of every replicate.
    model : str
        Name of the model.
    folder : Path
        Where figure and table go.
    draft : bool
        Whether there are fewer replicates than usual.

    Raises
    ------
    OutputError
        If the folder cannot be written; earlier files stay.
    """
    judged = judge(ranks, DRAWS).merge(_sampling(ranks), on=["quantity", "group"], sort=False)
    judged.insert(0, "model", model)
    replicates = int(ranks["replicate"].nunique())
    title = f"Simulation-based calibration: {BAYES_MODELS[model].title}"
    stamp = provenance.stamp(
        item="sbc",
        source="sbc",
        synthetic=True,
        draft=draft,
        files=[],
        parameters={"model": model, "replicates": replicates},
    )
    lines = curves(ranks, DRAWS)
    chance = power(replicates, DRAWS, narrower=NARROWER)
    figure = plot_ranks(lines, judged, power=chance, narrower=NARROWER)
    save_figure(figure, folder, figure_stem(model), data=lines, title=title, stamp=stamp)
    save_table(judged, _shown(judged), folder, table_stem(model), title=title, stamp=stamp)


def _sampling(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return, per quantity, how well its draws were sampled in all replicates.

    ``ess_min`` and ``rhat_max`` are the worst; ``dependent`` counts replicates whose run stayed
    worth less than `NEAR_INDEPENDENCE` times as many draws as are kept of it; ``divergent`` counts
    those with divergent transitions.
    """
    grouped = ranks.assign(
        dependent=ranks["ess"] < NEAR_INDEPENDENCE * DRAWS, divergent=ranks["divergences"] > 0
    ).groupby(["quantity", "group"], sort=False)
    return grouped.agg(
        ess_min=("ess", "min"),
        rhat_max=("rhat", "max"),
        dependent=("dependent", "sum"),
        divergent=("divergent", "sum"),
    ).reset_index()


def _shown(judged: pd.DataFrame) -> pd.DataFrame:
    """Return the table as readers see it."""
    verdicts = {
        (True, True): "calibrated",
        (False, True): "outside its band, as chance allows",
        (True, False): "not calibrated",
        (False, False): "not calibrated",
    }
    pairs = zip(judged["inside_band"], judged["calibrated"], strict=True)
    return pd.DataFrame(
        {
            "Quantity": judged["quantity"].map(readable),
            "Of": judged["group"].map(readable),
            "Data sets": judged["replicates"],
            "Mean rank (%)": (100 * judged["mean_rank"]).map("{:.0f}".format),
            "p": judged["p"].map("{:.4f}".format),
            "p, Holm": judged["p_holm"].map("{:.4f}".format),
            "Verdict": [verdicts[pair] for pair in pairs],
            "Fewest effective draws": judged["ess_min"].map("{:.0f}".format),
            "Largest R-hat": judged["rhat_max"].map("{:.3f}".format),
            "Data sets with dependent draws": judged["dependent"],
            "with divergences": judged["divergent"],
        }
    )
