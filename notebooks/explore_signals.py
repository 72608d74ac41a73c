# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Explore signals
#
# What the analysis saw in the golden items, and how well each signal by itself orders an item's windows as
# its raters do. Nothing is decoded: the evidence is frozen in `qa_golden/`.

# %% tags=["parameters"]
kind: str = "real"  # drawn or real: which kind the item shown over time is of
raters: str = "automated"  # whose labels of real items: automated or people; never both in one number
item: str = ""  # id of the item shown over time; empty takes the first of its kind
profile: str = "default"  # name or path of the scoring profile behind the score
out_dir: str = ""  # folder for metrics.json; empty is one below the home

# %%
import polars as pl

from editron_core.qa import explore, golden, workbench
from editron_core.report import charts
from editron_core.report.tables import Table
from editron_core.score import profile as profiles

charts.prepare()
out = workbench.seat("explore_signals", out_dir)
golden_set = golden.load()
items = {golden.Kind.DRAWN: golden_set.open("drawn"), golden.Kind.REAL: golden_set.real(raters)}

# %% [markdown]
# ## The items of the tune split
#
# Drawn items are made by a recipe that knows its payoff: they test wiring, not taste. Real items are clips
# that machines or people rated; the last column says who. Kinds are never mixed in one number.

# %%
Table(explore.listed(items), digits=1)

# %% [markdown]
# ## One item over time
#
# Where the score rises, the panel should too. A hill of the score over a valley of the panel is a mistake
# worth understanding: look below for the signals that made it.

# %%
chosen = golden_set.one(item) if item else items[golden.Kind(kind)][0]
seen = explore.over_time(chosen, profiles.load(profile))
charts.against_panel(
    seen, title=f"{chosen.item.id}: the score, and the mean of {chosen.item.rater_count} raters"
)

# %% [markdown]
# A signal that stays flat can tell no window from another; one that is missing was not measured.

# %%
charts.signals(explore.tall(seen), title=f"{chosen.item.id}: every measured signal, 0 to 1")

# %% [markdown]
# ## What each signal alone is worth
#
# Spearman's rho between a signal's mean over each rated window and the panel's mean, averaged over items,
# with a 95 % bootstrap interval over items. An interval that holds 0 has shown nothing; a dot at 0 without
# one is a signal that was the same throughout, or not measured.

# %%
worth = {each.value: explore.worth(items[each]) for each in golden.Kind if items[each]}
both = pl.concat([table.with_columns(group=pl.lit(name)) for name, table in worth.items()])
charts.intervals(both, title="Each signal alone against the panel", axis="rho", group="items")

# %% [markdown]
# In numbers: rho and its interval; `measured` is the share of rows that hold a value.

# %% tags=["keep_output", "nbval-check-output"]
for name, table in worth.items():
    rated = items[golden.Kind(name)][0].item.raters
    print(f"{name}: {len(items[golden.Kind(name)])} items, raters: {rated}")
    print(Table(table.rename({"mean": "rho", "low": "from", "high": "to"})), end="\n\n")

# %%
workbench.record(out, {name: table.to_dicts() for name, table in worth.items()})
print("results in metrics.json")
