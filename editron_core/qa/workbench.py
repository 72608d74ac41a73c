"""Where a notebook sits and where it leaves its results.

JupyterLab and nbval start a kernel in notebooks/, papermill where it is told. A notebook sits down in the
checkout first, so that its home and every path it is given mean what they mean on the command line there.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

from editron_core import log
from editron_core.config import ROOT, settings
from editron_core.domain import codec


def seat(name: str, out_dir: str = "") -> Path:
    """Make the checkout this process's working directory; return the folder for the results of `name`.

    That is `out_dir`, or one below the home; it is made where it is not there.
    """
    os.chdir(ROOT)
    log.configure(settings().log_level)
    # Optuna's progress bars, which nobody asked for, complain about widgets that are not installed.
    warnings.filterwarnings("ignore", message="IProgress not found")
    return folder(name, out_dir)


def folder(name: str, out_dir: str = "") -> Path:
    """`out_dir`, or where the results of `name` lie below the home; made where it is not there."""
    chosen = Path(out_dir) if out_dir else settings().home / "workbench" / name
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen.resolve()


def record(out: Path, results: Any) -> Path:
    """Write `results` (anything that `codec.dump` takes) as `metrics.json` in `out`; flows read that file."""
    path = out / "metrics.json"
    path.write_text(json.dumps(codec.dump(results), ensure_ascii=False, indent=1), encoding="utf-8")
    return path
