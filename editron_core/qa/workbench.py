"""Where a notebook finds its state and leaves its results, wherever it is run from.

JupyterLab and nbval start a kernel in notebooks/, papermill where it is told, the command line in the
checkout: a relative home is taken from the checkout, so that all of them share one store.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from editron_core.config import ROOT, Settings, settings
from editron_core.domain import codec


def seated() -> Settings:
    """The settings of this process, with a home that does not depend on the working directory."""
    known = settings()
    return known.model_copy(update={"home": ROOT / known.home})


def folder(name: str, out_dir: str = "") -> Path:
    """The folder for the results of `name`: `out_dir`, or one below the home; made where it is not there."""
    chosen = Path(out_dir) if out_dir else seated().home / "workbench" / name
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen.resolve()


def record(out: Path, results: Any) -> Path:
    """Write `results` (anything that `codec.dump` takes) as `metrics.json` in `out`; flows read that file."""
    path = out / "metrics.json"
    path.write_text(json.dumps(codec.dump(results), ensure_ascii=False, indent=1), encoding="utf-8")
    return path
