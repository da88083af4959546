"""
What synthetic tables are made of
=================================

:class:`skmeta.tasks.TableTasks` draws each table from one of its ingredients.
Here are three tables of each, as two of their columns: a point is a row, its colour
the class. A learner that has seen many thousands of such tables, no two alike, has
to expect anything of the next one.
"""

# %%
# Tables are drawn by the family that meta-training uses, two columns wide, with two or
# three classes. The numbers are as a network reads them: columns scaled by the first
# rows, and cut off at four standard deviations.

import matplotlib.pyplot as plt
import numpy as np

from skmeta.tasks import TableTasks
from skmeta.tasks.table_functions import INGREDIENTS

N_TABLES, N_ROWS = 3, 250


def tables_of_two_columns(ingredient):
    """Tables that have two columns and at least two classes in more than a few rows."""
    shape = {"n_steps": N_ROWS, "n_columns": 2, "n_classes": 3}
    family = TableTasks(**shape, weighted=False, ingredients=[ingredient])
    batch = family.batch(0, 60, seed=4)
    for rows, classes in zip(batch.inputs, batch.targets, strict=True):
        largest = np.bincount(classes).max()
        if np.ptp(rows[:, 1]) > 0 and largest < 0.8 * N_ROWS and not rows[:, 2:].any():
            yield rows, classes


figure, axes = plt.subplots(
    len(INGREDIENTS), N_TABLES, figsize=(7.5, 2.2 * len(INGREDIENTS)), layout="constrained"
)
for ingredient, line in zip(INGREDIENTS, axes, strict=True):
    for ax, (rows, classes) in zip(line, tables_of_two_columns(ingredient), strict=False):
        ax.scatter(rows[:, 0], rows[:, 1], c=classes, s=6, cmap="viridis")
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(repr(ingredient).replace("(", "\n("), fontsize=7)

# %%
# A regression has one score in the place of classes, with noise, and sometimes skewed.

family = TableTasks("regression", n_steps=N_ROWS, n_columns=1, weighted=False)
batch = family.batch(0, 12, seed=0)
figure, axes = plt.subplots(3, 4, figsize=(9, 6), layout="constrained")
for ax, rows, targets in zip(axes.flat, batch.inputs, batch.targets, strict=True):
    ax.plot(rows[:, 0], targets[:, 0], ".", markersize=3)
    ax.set(xticks=[], yticks=[])
figure.supxlabel("column")
figure.supylabel("target")
plt.show()
