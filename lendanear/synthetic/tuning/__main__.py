"""``python -m lendanear.synthetic.tuning``: find the parameters of the synthetic study anew."""

from __future__ import annotations

import sys
import tomllib

from lendanear.files import written_aside
from lendanear.synthetic.parameters import PARAMETERS
from lendanear.synthetic.tuning import document, links
from lendanear.synthetic.tuning.published import Published, targets
from lendanear.synthetic.tuning.scores import Tuner


def main() -> int:
    """Rewrite the tuned sections of the parameter file; the others stay as they are."""
    raw = tomllib.loads(PARAMETERS.read_text(encoding="utf-8"))
    published = Published()
    print("scores ...", flush=True)  # noqa: T201
    raw["scores"] = Tuner(published, targets(published), raw["people"]).tune()
    for name, step in links.STEPS.items():
        print(f"{name} ...", flush=True)  # noqa: T201
        step(published, raw)
    with written_aside(PARAMETERS) as path:
        path.write_text(document.text(raw), encoding="utf-8")
    print(PARAMETERS)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
