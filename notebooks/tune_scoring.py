# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Tune the scoring
#
# A search over cached evidence: nothing is decoded. It begins at a profile, keeps every trial in the store,
# and goes on there when it is run again. It looks at the real items of the tune split only.

# %% tags=["parameters"]
profile: str = "default"  # name or path of the profile that the search starts from
raters: str = "automated"  # whose labels of real items: automated or people; never both in one number
trials: int = 16  # trials of the linear study in all, those of earlier runs included; shapes get a few
study: str = ""  # name of the study to go on with; empty is one that belongs to these items and this profile
out_dir: str = ""  # folder for the candidates and metrics.json; empty is one below the home

# %%
import polars as pl

from editron_core.config import settings
from editron_core.domain.label import Split
from editron_core.lane import Lane
from editron_core.lane.labelled import beside_people
from editron_core.qa import golden, standings, workbench
from editron_core.qa.tune import Search, tune, verdicts, words
from editron_core.report import charts
from editron_core.report.tables import Table
from editron_core.score import profile as profiles
from editron_core.score.writing import to_toml
from editron_core.store import Store

# %%
charts.prepare()
out = workbench.seat("tune_scoring", out_dir)
store = Store.open(settings().database, settings().blobs)
items = golden.load().real(raters)
start = profiles.load(profile)
additive = tune(items, start, Search("additive", trials, study), storage=store.studies.storage)
linear = additive.linear
for found in (linear, additive):
    print(
        f"study {found.study}: {len(items)} real items, raters: {raters}; trials: {len(found.trials.points)}"
    )

# %% [markdown]
# ## The search
#
# Each point is a setting, judged on items that its weights were not fitted on. The best of many is best
# partly by luck: its height here is not what may be reported. A line that still climbs at the end asks for
# more trials.

# %%
axis = "mean rho, items held out"
searched = charts.history(standings.history(linear.trials), title="Linear weights", axis=axis)
searched & charts.history(standings.history(additive.trials), title="Learned shapes", axis=axis)

# %% [markdown]
# ## What was learned
#
# Where the bars of one signal differ much, look in `explore_signals` whether the evidence bears that out.

# %%
learned = {"start": start, "linear": linear.profile, "additive": additive.profile}
charts.bars(standings.weights(learned), title="Weights", axis="share of the score", group="profile")

# %% [markdown]
# The additive scorer bends each signal before it is weighed. A straight line says that the linear scorer
# had it right; a bow with its top in the middle, that more is not always better.

# %%
charts.shapes(standings.shapes(additive.profile), title="Shapes of the additive scorer")

# %% [markdown]
# ## What may be reported
#
# Held out: every item is scored by weights and a setting that the other items chose, pulled towards equal
# weights. Fitted on: the candidate on the very items that it was fitted on, which is too good to be true. As
# it is: the starting profile, which is flattered where it was tuned on these items itself, and the baselines.

# %%
found = {"linear": linear, "additive": additive}
judged = {name: verdicts(items, start, each) for name, each in found.items()}
beside = {verdict.name: verdict.evaluation for verdict in judged["linear"]}
held_out = standings.standing({name: each.evaluation for name, each in found.items()}, "held out")
fitted = standings.standing({name: each.fitted for name, each in found.items()}, "fitted on")
standing = pl.concat([held_out, standings.standing(beside, "as it is"), fitted])
charts.intervals(standing, title=f"{len(items)} real items, raters: {raters}", axis="rho", group="figure")

# %%
Table(standings.candidates(judged))

# %% [markdown]
# Which items gained, and which paid for it:

# %%
sides = (f"profile {start.name}", "linear")
each = standings.item_by_item({sides[0]: beside[sides[0]], "linear": linear.evaluation})
charts.pairs(each, title="Item by item, held out", axis="rho", sides=sides)

# %% [markdown]
# ## What people said
#
# Files in the store that people rated blind (split `tune`), and labels that follow from approvals, rejections
# and trims (split `review`): the latter exist only where a profile had already chosen, so they can teach and
# never measure. A row per file: no number here mixes the two, or people and machines.

# %%
lane = Lane(store, settings())
by_split = {split: beside_people(lane, learned, split) for split in (Split.TUNE, Split.REVIEW)}
labelled = pl.concat([each.with_columns(split=pl.lit(split)) for split, each in by_split.items()])
Table(labelled) if labelled.height else print("nobody has rated a file or decided about a cut yet")

# %% [markdown]
# ## In numbers
#
# `rho` with its 95 % bootstrap interval over items (`from`, `to`); `pairs` is the share of pairs of windows
# in the panel's order, `hits` that of items whose best-scored window is among the panel's best.

# %% tags=["keep_output", "nbval-check-output"]
figures = standing.rename({"mean": "rho", "low": "from", "high": "to", "group": "figure"})
print(Table(figures))
print(f"linear: rho {words(linear.evaluation.spearman)} on items held out, {raters} raters")
print(f"additive: rho {words(additive.evaluation.spearman)} on items held out, {raters} raters")

# %%
for name, each in found.items():
    (out / f"{name}.toml").write_text(to_toml(each.profile), "utf-8")
hashes = {name: each.profile.hash for name, each in found.items()}
said = standings.candidates(judged).to_dicts()
workbench.record(
    out, {"profiles": hashes, "held_out": held_out.to_dicts(), "fitted": fitted.to_dicts(), "verdicts": said}
)
store.close()
print("candidates in linear.toml and additive.toml, results in metrics.json")
