"""
==================================================
Digits, by a learner that has seen characters only
==================================================

The learner ``omniglot`` was meta-trained on thin characters of many alphabets, 28 x 28 pixels.
Digits of another data set, 8 x 8 pixels with grey values, by other writers, are
another world: does what it has learnt about learning hold there?
"""

# %%
# Digits in the learner's format
# ------------------------------
# A learner of pictures reads one size, ink 1 and paper 0. So digits are made larger, and a light
# grey is taken for paper, as ink is thick here. No weight is trained on them; size and threshold
# were chosen in a few trials on these digits, which makes the figures below a little too good.

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import zoom
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skmeta import InContextClassifier
from skmeta.datasets import load_omniglot_sample
from skmeta.inspection import SupportSizeDisplay

PAPER = 0.2


def as_characters(X):
    """Rows of 8 x 8 grey values up to 1 -> rows of 28 x 28 pixels."""
    digits = np.reshape(X, (-1, 8, 8))
    large = zoom(digits, (1, 2.5, 2.5), order=3, mode="grid-constant", grid_mode=True)
    ink = np.clip((large - PAPER) / (1 - PAPER), 0, 1)
    ink = ink / ink.max(axis=(1, 2), keepdims=True)
    return np.pad(ink, ((0, 0), (4, 4), (4, 4))).reshape(len(ink), -1)


X, y = load_digits(return_X_y=True)
X = X / 16
characters = load_omniglot_sample(28).images[::20]
figure, axes = plt.subplots(2, 10, figsize=(9, 2), subplot_kw={"xticks": [], "yticks": []})
for above, below, character, digit in zip(*axes, characters, as_characters(X), strict=False):
    above.imshow(character, cmap="gray_r")
    below.imshow(digit.reshape(28, 28), cmap="gray_r")
axes[0, 0].set_ylabel("learnt on", rotation=0, labelpad=28)
axes[1, 0].set_ylabel("asked", rotation=0, labelpad=28)

# %%
# One to ten drawings of each digit
# ---------------------------------
# The same supports for all; bands are 95 % intervals over 8 draws. Supports are stratified, so ten
# rows are one of each digit.

models = {
    "omniglot": make_pipeline(FunctionTransformer(as_characters), InContextClassifier("omniglot")),
    "logistic regression": LogisticRegression(max_iter=1000),
    "nearest neighbour": KNeighborsClassifier(1),
}
figure, ax = plt.subplots(figsize=(5.5, 3.8), layout="constrained")
for name, model in models.items():
    display = SupportSizeDisplay.from_estimator(
        model, X, y, [10, 20, 50, 100], n_draws=8, label=name
    ).plot(ax=ax)
    print(f"{name:20}", *(f"{100 * score:5.1f}" for score in display.scores.mean(axis=0)), "%")
plt.show()
