"""Several files replaced together: all of them or none, whatever comes in between.

New content and a copy of the old are laid aside first, then a journal is written, then files change places.
While the journal is there, the change is not finished: whoever finds it puts the old files back. Once it is
gone, the new ones are what counts.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

ASIDE = ".replacing"
"""Below the folder: where files lie that are on their way."""
JOURNAL = "journal.json"


def replace_all(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Give `files`, by place below `folder`, their new content; null removes one. All or none.

    Where it is interrupted, or a file cannot be written, the old ones are put back and the error goes on; a
    process that is killed leaves that to the next `recover`.
    """
    recover(folder)
    aside = folder / ASIDE
    places = {name: str(number) for number, name in enumerate(sorted(files))}
    try:
        for part in ("old", "new"):
            (aside / part).mkdir(parents=True)
        for name, place in places.items():
            content, old = files[name], folder / name
            if content is not None:
                _write(aside / "new" / place, content)
            if old.exists():
                shutil.copy2(old, aside / "old" / place)
        _write(aside / JOURNAL, json.dumps(places).encode())
        for name, place in places.items():
            _take_place(aside / "new" / place, folder / name)
        (aside / JOURNAL).unlink()
    except BaseException:
        recover(folder)
        raise
    shutil.rmtree(aside)


def recover(folder: Path) -> None:
    """Put back the old files of a change that was not finished; nothing where there is none."""
    aside = folder / ASIDE
    if (aside / JOURNAL).exists():
        places: dict[str, str] = json.loads((aside / JOURNAL).read_text("utf-8"))
        for name, place in places.items():
            # Copied, not moved: this too may be interrupted, and is then begun again.
            old, part = aside / "old" / place, aside / f"{place}.part"
            if old.exists():
                shutil.copy2(old, part)
            _take_place(part, folder / name)
        (aside / JOURNAL).unlink()
    shutil.rmtree(aside, ignore_errors=True)


def _take_place(source: Path, target: Path) -> None:
    """Move `source` to `target`; where there is none, `target` goes."""
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    else:
        target.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Write and flush, so that the journal never speaks of what is not on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
