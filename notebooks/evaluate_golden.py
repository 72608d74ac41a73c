# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Evaluate a profile on the golden set
#
# How well a profile orders each item's windows, beside five baselines, and what the set is too small to
# see. Items of the tune split only: the holdout is read when a profile is promoted.

# %% tags=["parameters"]
profile: str = "default"  # name or path of the scoring profile
raters: str = "automated"  # whose labels of real items: automated or people; never both in one number
against: str = ""  # name or path of a second profile to compare with; empty compares with the baselines only
out_dir: str = ""  # folder for metrics.json; empty is one below the home

# %%
from editron_core.qa import golden, standings, workbench
from editron_core.qa.evaluate import BASELINES, evaluate, of_profile
from editron_core.report import charts
from editron_core.report.tables import Table
from editron_core.score import profile as profiles

charts.prepare()
out = workbench.seat("evaluate_golden", out_dir)
chosen = profiles.load(profile)
others = {other.name: of_profile(other) for other in map(profiles.load, filter(None, [against]))}
scorers = {chosen.name: of_profile(chosen), **others, **BASELINES}
print(f"profile {chosen.name} {chosen.hash[:12]}")

# %%
golden_set = golden.load()
items = {"real": golden_set.real(raters), "drawn": golden_set.open("drawn")}
found = {
    kind: {name: evaluate(group, scorer) for name, scorer in scorers.items()} for kind, group in items.items()
}
rivals = {kind: {n: e for n, e in each.items() if n != chosen.name} for kind, each in found.items()}

# %% [markdown]
# ## Real items
#
# Clips that machines or people rated: `raters` says who. Look for intervals that leave the baselines behind:
# where two overlap widely, the table below says what the items can tell of them. A profile that was tuned on
# these very items is flattered here; its figure on items held out is in `tune_scoring`.

# %%
charts.intervals(
    standings.standing(found["real"]), title=f"{len(items['real'])} real items, raters: {raters}", axis="rho"
)

# %% [markdown]
# A difference is called only where its own interval, item by item, leaves out 0 and there are items enough.

# %%
Table(standings.verdicts(found["real"][chosen.name], rivals["real"]))

# %% [markdown]
# Items far to the left are those to look at in `explore_signals`.

# %%
sides = (list(BASELINES)[-2], chosen.name)
each = standings.item_by_item({name: found["real"][name] for name in sides})
charts.pairs(each, title=f"Item by item: {sides[0]} and {sides[1]}", axis="rho", sides=sides)

# %% [markdown]
# ## By genre and locale
#
# A mean can hide a genre that a profile gets wrong. Groups of a few items show their mean and no more:
# `verdict`, which compares the profile with the loudest stretch, says so.

# %%
by_group = standings.groups(found["real"][chosen.name], found["real"]["loudest"])
Table(by_group.rename({"other": "loudest"}))

# %% [markdown]
# ## Drawn items
#
# Their truth is known by construction. They show that the wiring works in every locale and genre, and
# nothing about taste: no number here is ever mixed with one above.

# %%
charts.intervals(standings.standing(found["drawn"]), title=f"{len(items['drawn'])} drawn items", axis="rho")

# %% [markdown]
# ## In numbers
#
# `rho` with its 95 % bootstrap interval over items (`from`, `to`). `pairs` is the share of pairs of windows
# in the panel's order, `hits` that of items whose best-scored window is among the panel's best.

# %% tags=["keep_output", "nbval-check-output"]
for kind, each in found.items():
    print(f"{kind}: {len(items[kind])} items, raters: {items[kind][0].item.raters}, tune split")
    print(Table(standings.standing(each).rename({"mean": "rho", "low": "from", "high": "to"}), digits=3))
    print(Table(standings.verdicts(each[chosen.name], rivals[kind])), end="\n\n")

# %%
results = {kind: standings.standing(each).to_dicts() for kind, each in found.items()}
workbench.record(out, {"profile": chosen.hash, "by_group": by_group.to_dicts(), **results})
print("results in metrics.json")
