# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Check the captions
#
# Every caption preset as the export draws it, whether its letters keep to the safe area, how fast they have
# to be read, and whether a picture differs from its golden frame.

# %% tags=["parameters"]
aspect: str = "9:16"  # aspect ratio that is drawn: 9:16, 16:9, 1:1 or 4:5
transcript: str = ""  # path of an .srt or .vtt to lay out; empty takes the drawn golden items'
out_dir: str = ""  # folder for metrics.json; empty is one below the home

# %%
from pathlib import Path

import polars as pl

from editron_core.domain import codec
from editron_core.edit import captions, phrasing
from editron_core.qa import captioned, golden, suites, workbench
from editron_core.qa.suites import captions as suite
from editron_core.qa.suites import export
from editron_core.report import charts
from editron_core.report.strip import Strip
from editron_core.report.tables import Table

# %%
charts.prepare()
out = workbench.seat("check_captions", out_dir)
cut = export.cut(out, aspects=(aspect,))
shown = [captioned.show(cut, preset, aspect, out / preset) for preset in suite.PRESETS]

# %% [markdown]
# ## The presets
#
# Over a light, a dark and a busy scene, in three languages. The thin line is the edge of the safe area: what
# lies outside it may be covered by a platform's buttons. Look for letters that melt into their ground.

# %%
pictures = [picture for one in shown for picture in one.pictures]
names = [f"{one.preset}, {line.locale}" for one in shown for line in export.SAID]
Strip(pictures, names, height=360, columns=len(export.SAID))

# %%
Table(captioned.places(shown))

# %% [markdown]
# ## Reading speed
#
# Each point is one caption. Left of the first line every adult reads at ease; right of the second nobody
# does.

# %%
spoken = {one.item.id: one.evidence.transcript for one in golden.load().open(golden.Kind.DRAWN)}
if transcript:
    spoken = {Path(transcript).name: captioned.read(Path(transcript))}
cues = {name: captioned.cues(said) for name, said in spoken.items() if said}
speeds = captioned.speeds(cues)
limits = (phrasing.READING_SPEED, captions.TOP_SPEED)
charts.dots(speeds, title="How fast captions are read", axis="characters per second", limits=limits)

# %% [markdown]
# Rules that captions break:

# %%
broken = captioned.broken(cues)
Table(broken) if broken.height else print(f"none is broken by {speeds.height} captions")

# %% [markdown]
# ## Against the golden frames
#
# The same pictures, smaller, held against those in `qa_golden/`. Where one differs, the diff picture shows
# before, after and the difference.

# %%
readings = suite.readings(aspects=(aspect,))
differ = sum(reading.value for reading in readings if reading.name.startswith("frames that differ"))
for path in suites.pictures.found(suite.SUITE):
    print(path)

# %%
Table(pl.DataFrame(readings).select("name", "value", "unit", "tolerance"), digits=3)

# %% tags=["keep_output", "nbval-check-output"]
print(Table(captioned.places(shown).select("preset", "aspect", "inside")))
print(f"{speeds.height} cues, fastest {speeds['value'].max():.1f} characters per second")
print(f"{differ:.0f} frames differ from their golden frame")

# %%
workbench.record(out, {"readings": codec.dump(readings), "rules broken": broken.to_dicts()})
print("results in metrics.json")
