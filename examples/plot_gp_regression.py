"""
=========================================================
Regression with error bars, beside the exact posterior
=========================================================

A learner that was meta-trained on functions from a Gaussian process never sees a
kernel, yet the best it can do is known exactly: Gaussian process regression with
the true kernel. So every example can be put beside the oracle, mean and standard
deviation.
"""

# %%
# Two functions
# -------------
# Bands are two standard deviations of a new, noisy target. The regressor goes on
# reading with ``partial_fit``; the exact posterior solves a system of equations
# that grows with the examples.

import matplotlib.pyplot as plt
import numpy as np

from skmeta import InContextRegressor
from skmeta.tasks import GaussianProcessTasks

tasks = GaussianProcessTasks()
X, y, _, _ = tasks.evaluation_problems(2, 30, 1, seed=4)
x_query = np.linspace(-2, 2, 200)[:, None]

figure, axes = plt.subplots(
    2, 3, figsize=(11, 5.6), layout="constrained", sharex=True, sharey="row"
)
for row, (X_support, y_support) in zip(axes, zip(X, y, strict=True), strict=True):
    regressor = InContextRegressor(learner="mann-gp")
    read = 0
    for ax, n_examples in zip(row, (3, 10, 30), strict=True):
        regressor.partial_fit(X_support[read:n_examples], y_support[read:n_examples])
        read = n_examples
        mean, std = regressor.predict(x_query, return_std=True)
        oracle_mean, oracle_std = tasks.oracle_predict(
            X_support[None, :n_examples], y_support[None, :n_examples], x_query[None]
        )
        oracle_std = np.hypot(oracle_std, tasks.noise)
        for color, name, m, s in (
            ("gray", "exact posterior", oracle_mean[0], oracle_std[0]),
            ("C0", "mann-gp", mean, std),
        ):
            ax.plot(x_query[:, 0], m, color=color, label=name)
            ax.fill_between(
                x_query[:, 0], m - 2 * s, m + 2 * s, color=color, alpha=0.2, linewidth=0
            )
        ax.plot(X_support[:n_examples, 0], y_support[:n_examples], "k.")
        ax.set_title(f"{n_examples} examples")
axes[0, 0].legend(frameon=False)

# %%
# How far from the best possible
# ------------------------------
# The mean squared error over many functions. No learner can lie below the oracle.

from skmeta.inspection import ShotErrorDisplay

shots = [1, 2, 3, 5, 7, 10, 15, 20, 30, 40]
sizes = {"n_tasks": 200, "n_queries": 50}
display = ShotErrorDisplay.from_learner("mann-gp", tasks, shots, **sizes).plot()
ShotErrorDisplay.from_oracle(tasks, shots, **sizes).plot(ax=display.ax_, color="gray")
