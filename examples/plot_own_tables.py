"""
====================================
Meta-training on tables of one's own
====================================

A laboratory has many small tables of one kind: yesterday's experiments. A learner that
was meta-trained on them knows what such tables are like, and needs fewer rows of the next one.
"""

# %%
# Six sensors each, a few of which react to a substance: their readings rise. Which sensors, and how
# strongly, differs from table to table. That the others share a drift with them does not.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from skmeta import InContextClassifier, MetaTrainer
from skmeta.inspection import SupportSizeDisplay
from skmeta.memory import LeastSquares
from skmeta.tasks import from_tables


def experiment(seed, n_rows=120, n_sensors=6):
    """Readings of sensors, and whether the substance was there."""
    rng = np.random.default_rng(seed)
    there = rng.integers(2, size=n_rows)
    reaction = np.tanh(3 * rng.random(n_sensors)) * (rng.random(n_sensors) < 0.4)
    noise = rng.normal(size=(n_rows, n_sensors)) + rng.normal(size=(n_rows, 1))
    return there[:, None] * reaction + 0.6 * noise, there


yesterday = [experiment(seed) for seed in range(400)]
tasks = from_tables(yesterday, n_steps=40)

# %%
# A small memory is meta-trained on the 400 tables. This takes half a minute on a CPU;
# it stops long before it has learnt all there is.

trainer = MetaTrainer(
    LeastSquares(n_units=32, n_layers=2, n_heads=2), n_steps=300, learning_rate=3e-3, verbose=1
)
own = trainer.fit(tasks).learner_

# %%
# A new experiment
# ----------------

X, y = experiment(seed=10_000, n_rows=600)
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for label, model in {
    "meta-trained on own tables": InContextClassifier(own, random_state=0),
    "the shipped learner of tables": InContextClassifier(random_state=0),
    "logistic regression": LogisticRegression(),
}.items():
    SupportSizeDisplay.from_estimator(
        model, X, y, [5, 10, 20, 40, 80], n_draws=20, scoring="roc_auc", label=label
    ).plot(ax=ax)
plt.show()
