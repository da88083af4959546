"""
====================================
Meta-training on tables of one's own
====================================

A laboratory has many small tables of one kind: yesterday's experiments. A learner that
goes on with them from the shipped one knows what such tables are like, and needs fewer rows of
the next one.
"""

# %%
# Six sensors each, a few of which react to a substance: their readings rise. Which sensors, and how
# strongly, differs from table to table. That the others share a drift with them does not.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from skmeta import InContextClassifier, MetaTrainer, load_learner
from skmeta.inspection import SupportSizeDisplay
from skmeta.tasks import from_tables


def experiment(seed, n_rows=120, n_sensors=6):
    """Readings of sensors, and whether the substance was there."""
    rng = np.random.default_rng(seed)
    there = rng.integers(2, size=n_rows)
    reaction = np.tanh(3 * rng.random(n_sensors)) * (rng.random(n_sensors) < 0.4)
    noise = rng.normal(size=(n_rows, n_sensors)) + rng.normal(size=(n_rows, 1))
    return there[:, None] * reaction + 0.6 * noise, there


yesterday = [experiment(seed) for seed in range(400)]

# %%
# The shipped learner reads up to 100 columns and 10 classes; tasks to go on with from it have as
# many places. 300 steps take half a minute on a CPU.

shipped = load_learner("tabular")
tasks = from_tables(yesterday, n_steps=40, n_columns=100, n_classes=10)
trainer = MetaTrainer(
    shipped.network.memory,
    encoder=shipped.network.encoder,
    warm_start=shipped,
    optimizer="muon",
    learning_rate=4e-3,
    n_steps=300,
    verbose=1,
)
own = trainer.fit(tasks).learner_

# %%
# New experiments
# ---------------
#
# Six of them, a few random supports of each. The learner that went on is ahead of the shipped one
# at every size, and of logistic regression, which is made for tables such as these, up to 20 rows.

sizes = [5, 10, 20, 40, 80]
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for label, model in {
    "gone on with own tables": InContextClassifier(own, random_state=0),
    "the shipped learner of tables": InContextClassifier(random_state=0),
    "logistic regression": LogisticRegression(),
}.items():
    displays = [
        SupportSizeDisplay.from_estimator(
            model, *experiment(seed, n_rows=400), sizes, n_draws=5, scoring="roc_auc"
        )
        for seed in range(10_000, 10_006)
    ]
    scores = np.concatenate([display.scores for display in displays])
    name = displays[0].score_name
    SupportSizeDisplay(sizes, scores, label=label, score_name=name).plot(ax=ax)
    print(f"{label}: {scores.mean(axis=0).round(3)}")
plt.show()
