# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Promote a profile
#
# The gate's checks of a profile, and the step that it may take: research, candidate, approved, production.
# Without `author` and `why` nothing is written: it shows what would happen.

# %% tags=["parameters"]
profile: str = "default"  # a shipped name, a .toml file (tune_scoring writes them) or a registered hash
raters: str = "automated"  # whose labels of real items: automated or people; never both in one number
author: str = ""  # who signs the step; empty for a dry run
why: str = ""  # the reason for it, for whoever reads the history
notebook: str = ""  # path of the executed notebook that the step rests on, such as a run of tune_scoring
out_dir: str = ""  # folder for metrics.json; empty is one below the home

# %%
from functools import partial
from pathlib import Path

from editron_core.config import settings
from editron_core.domain.registry import ProfileStage
from editron_core.lane import judges, promotion, registry
from editron_core.qa import gate, golden, standings, workbench
from editron_core.report import charts
from editron_core.report.tables import Table
from editron_core.score import profile as profiles
from editron_core.store import Store

# %%
charts.prepare()
out = workbench.seat("promote_profile", out_dir)
store = Store.open(settings().database, settings().blobs)
chosen = registry.find(store, profile)
stage = registry.standing(store, chosen.hash)["stage"]
held = store.profiles.production(chosen.name)
print(f"profile {chosen.name}, {chosen.hash[:12]}: {chosen.description}")
print(f"stands at {stage}; in production under this name: {held.hash[:12] if held else 'none'}")

# %% [markdown]
# ## The gate
#
# First whether the profile works at all, then, if it does, whether it chooses well. One cross is enough to
# keep it from becoming a candidate. The gate reads the tune split only.

# %%
result = gate.gate(chosen, golden.load(), golden.Raters(raters))
checks = standings.checks(result.checks)
charts.checks(checks, title="The gate passes it" if result.passed else "The gate does not pass it")

# %%
Table(checks.rename({"name": "check"}))

# %% [markdown]
# ## What would change
#
# Its weights beside those of the profile that it would replace; by itself where there is none.

# %%
before = {"in production": profiles.parse(held.document, source="production")} if held else {}
weights = standings.weights({**before, chosen.name: chosen})
charts.bars(weights, title="Weights", axis="share of the score", group="profile")

# %% [markdown]
# ## The step
#
# To `candidate` the gate is asked again and its result kept. To `approved` the holdout is read, once, and
# the reading is written down before it happens. To `production` the profile of the same name gives way.

# %%
made = None
if author or why:
    wish = promotion.Wish(author, why, notebook=Path(notebook) if notebook else None)
    made = promotion.promote(store, chosen, wish, partial(judges.judges, golden.Raters(raters)))
    print(f"promoted from {made.came_from} to {made.went_to} by {made.author}: {made.reason}")
else:
    refused = "" if result.passed else " (the gate would refuse a candidate)"
    print(f"dry run: the next step is {ProfileStage(stage).next}{refused}; author and why take it")
for step in registry.history(store, chosen.name):
    print(f"{step['came_from']} to {step['went_to']}, {step['author']}: {step['reason']}")

# %% tags=["keep_output", "nbval-check-output"]
print(Table(checks.select("name", "passed")))
print(f"passed: {'yes' if result.passed else 'no'}; promoted: {'yes' if made else 'no'}")

# %%
stage = registry.standing(store, chosen.hash)["stage"]
workbench.record(out, {"profile": chosen.hash, "stage": stage, "promoted": made is not None, "gate": result})
store.close()
print("results in metrics.json")
