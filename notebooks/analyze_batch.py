# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Analyse a batch
#
# One batch in, a report out: what arrived, its moments, why they were chosen, and what to make of them. A
# batch that was analysed before is not decoded again.

# %% tags=["parameters"]
source: str = ""  # a file, folder or URL, or the id of a batch taken in before; empty draws a clip
brief: str = ""  # what the cut is about: steers which moments are chosen
profile: str = "default"  # name or path of the scoring profile
out_dir: str = ""  # folder for metrics.json; empty is one below the home

# %%
from editron_core.config import ROOT, settings
from editron_core.lane import Lane, Order, as_json
from editron_core.qa import drawn, workbench
from editron_core.report import batch, charts
from editron_core.report.tables import Table
from editron_core.store import Store

charts.prepare()
out = workbench.seat("analyze_batch", out_dir)
store = Store.open(settings().database, settings().blobs)
lane = Lane(store, settings())

# %%
if not source:
    source = str(drawn.draw(ROOT / "datasets" / "golden" / "en-sport.toml", out / "footage").video)
known = [found.id for found in store.batches.list()]
outcome = lane.resume(source) if source in known else lane.ingest([source])
outcome = lane.score(lane.analyze(outcome), Order(brief=brief, profile=profile))
chosen = outcome.selection.moments
print(outcome.insights.summary)

# %% [markdown]
# ## What arrived
#
# A file that could not be used says why; the others went on without it.

# %%
Table(batch.files(outcome.files), digits=1)

# %% [markdown]
# Engines that were not the first choice say what stood in for them: the scores below rest on what is here.

# %%
Table(batch.engines(outcome.engines))

# %% [markdown]
# ## The moments
#
# The middle frame of each, best first. Two that look alike are one too many.

# %%
batch.thumbnails(chosen, outcome.proxies, outcome.names)

# %%
Table(batch.moments(chosen, outcome.names, outcome.evidence))

# %% [markdown]
# ## Why these
#
# What each signal adds to a moment's score. A moment that lives by one signal alone is a guess.

# %%
charts.breakdown(batch.breakdown(chosen), title="What the scores are made of")

# %% [markdown]
# The score over time, moments shaded: a high stretch outside them was cut off by length, overlap or
# likeness.

# %%
batch.curves(outcome.curves, chosen, outcome.names)

# %% [markdown]
# ## What to make of it

# %% tags=["keep_output", "nbval-check-output"]
print(f"{len(outcome.footage)} usable of {len(outcome.files)} files, {len(chosen)} moments")
print(Table(batch.moments(chosen[:1], outcome.names, outcome.evidence).select("file", "from", "to")))
for target in outcome.insights.targets:
    print(f"{target.blueprint} {target.aspect}: {target.reason}")

# %%
workbench.record(out, as_json(outcome))
store.close()
print("results in metrics.json")
