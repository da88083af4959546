"""
===================================
An LSTM that learns quadratics
===================================

Hochreiter, Younger and Conwell (2001) trained an LSTM on random quadratic
functions of two inputs until its frozen weights were a learning algorithm: shown
examples of a new quadratic, it approximates it after a few dozen of them.

Here is that experiment with a shipped learner.
"""

# %%
# Error by number of examples
# ---------------------------
# Three ways to learn from the same examples. Nearest neighbours know nothing
# about quadratics. Ridge regression on the six monomials is told everything: six
# examples determine the function. The LSTM was told nothing and had to find out
# what its tasks have in common.

from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from skmeta.inspection import ShotErrorDisplay
from skmeta.tasks import QuadraticTasks

tasks = QuadraticTasks()
shots = [3, 4, 5, 6, 8, 10, 15, 20, 25, 30, 35]
sizes = {"n_tasks": 100, "n_queries": 100}

display = ShotErrorDisplay.from_learner("lstm-quadratic", tasks, shots, **sizes).plot()
neighbours = KNeighborsRegressor(n_neighbors=3, weights="distance")
ShotErrorDisplay.from_estimator(
    neighbours, tasks, shots, **sizes, label="3 nearest neighbours"
).plot(ax=display.ax_)
monomials = make_pipeline(PolynomialFeatures(2), Ridge(alpha=1e-3, fit_intercept=False))
ShotErrorDisplay.from_estimator(
    monomials, tasks, shots, **sizes, label="ridge, told the monomials"
).plot(ax=display.ax_)
display.ax_.set_ylim(1e-4, 3)

# %%
# One function, learned
# ---------------------
# What the LSTM believes after 5, 10, 20 and 35 examples (the dots) of one
# function. Each picture goes on from the one before with ``partial_fit``.

import matplotlib.pyplot as plt
import numpy as np

from skmeta import InContextRegressor

side = np.linspace(-1, 1, 41)
grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(1, -1, 2)
rng = np.random.default_rng(4)
function = tasks.draw_functions(rng, 1)
X = tasks.draw_inputs(rng, 1, 35)
y = tasks.evaluate(function, X)[0]
truth = tasks.evaluate(function, grid)[0]

figure, axes = plt.subplots(1, 5, figsize=(13, 3.1), layout="constrained", sharex=True, sharey=True)
levels = np.linspace(truth.min(), truth.max(), 13)
style = {"levels": levels, "cmap": "RdYlBu_r", "extend": "both"}
regressor = InContextRegressor(learner="lstm-quadratic")
read = 0
for ax, n_examples in zip(axes[:4], (5, 10, 20, 35), strict=True):
    regressor.partial_fit(X[0, read:n_examples], y[read:n_examples])
    read = n_examples
    belief = regressor.predict(grid[0])
    ax.contourf(side, side, belief.reshape(41, 41), **style)
    ax.scatter(*X[0, :n_examples].T, s=12, color="black")
    error = np.mean((belief - truth) ** 2)
    ax.set_title(f"{n_examples} examples\nsquared error {error:.3f}", fontsize=10)
axes[-1].contourf(side, side, truth.reshape(41, 41), **style)
axes[-1].set_title("the function", fontsize=10)
for ax in axes:
    ax.set(aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
