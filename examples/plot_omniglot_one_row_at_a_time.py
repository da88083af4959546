"""
==========================================
Handwritten characters, one row at a time
==========================================

A memory-augmented network (Santoro et al. 2016) meets five characters that it
has never seen, in random order, ten drawings of each. It answers every drawing
before it is told the label, and then reads drawing and label with one call of
``partial_fit``. No weight changes: what it learns of the characters is in its
memory.

The drawings come with the package. They are from Omniglot (Lake et al. 2015),
and the shipped learner was meta-trained on other characters.
"""

# %%
# Predict, then learn
# -------------------
# At every row the classifier is asked first. A nearest neighbour classifier gets
# the same test: it keeps all drawings, and is fitted again at every row.

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from skmeta import InContextClassifier
from skmeta.datasets import load_omniglot_sample
from skmeta.tasks import from_classes

sample = load_omniglot_sample()
tasks = from_classes(sample.images, sample.target, n_classes=5, n_shots=10)
episodes = tasks.batch(0, 20, seed=0)


def answers_of_the_memory(X, y):
    """Classes answered row by row, each before its label is told."""
    classifier = InContextClassifier(learner="mann-omniglot")
    answers = np.zeros_like(y)  # the first answer is a guess
    for row in range(len(y)):
        if row > 0:
            answers[row] = classifier.predict(X[row : row + 1])[0]
        classifier.partial_fit(X[row : row + 1], y[row : row + 1], classes=np.arange(5))
    return answers


def answers_of_the_neighbours(X, y):
    """The same for the nearest of all drawings so far."""
    X = X.reshape(len(X), -1)
    answers = np.zeros_like(y)
    for row in range(1, len(y)):
        neighbour = KNeighborsClassifier(n_neighbors=1).fit(X[:row], y[:row])
        answers[row] = neighbour.predict(X[row : row + 1])[0]
    return answers


mann, nearest = [], []
for X, y in zip(episodes.inputs, episodes.targets, strict=True):
    mann.append(answers_of_the_memory(X, y))
    nearest.append(answers_of_the_neighbours(X, y))

# %%
# Accuracy at the 1st, 2nd, ... drawing
# -------------------------------------
# The 1st drawing of a character can only be guessed, from the labels that are
# not taken yet. The dashed curves are those of the paper's table 1.

from skmeta.inspection import (
    SANTORO_HUMAN,
    SANTORO_LSTM,
    SANTORO_MANN,
    InstanceAccuracyDisplay,
)

display = InstanceAccuracyDisplay.from_predictions(
    episodes.targets, mann, label="mann-omniglot"
).plot(
    references={
        "MANN, 2016": SANTORO_MANN,
        "LSTM, 2016": SANTORO_LSTM,
        "people, 2016": SANTORO_HUMAN,
    }
)
InstanceAccuracyDisplay.from_predictions(episodes.targets, nearest, label="nearest neighbour").plot(
    ax=display.ax_, color="gray"
)

# %%
# More episodes, faster
# ---------------------
# ``from_learner`` runs many episodes side by side: the bands get narrow.

InstanceAccuracyDisplay.from_learner("mann-omniglot", tasks, n_episodes=256).plot(
    references={"MANN, 2016": SANTORO_MANN}
)

# %%
# One episode
# -----------
# ``fit`` sees two drawings of each of five characters and is asked about others.

from skmeta.inspection import EpisodeDisplay

rng = np.random.default_rng(3)
support, queries = [], []
for character in rng.choice(len(sample.characters), size=5, replace=False):
    drawings = rng.permutation(np.flatnonzero(sample.target == character))
    support.append(drawings[:2])
    queries.append(drawings[2:5])
# Drawing by drawing, all five characters in turn
support, queries = np.transpose(support).ravel(), np.transpose(queries).ravel()
letters = np.array(list("ABCDE"))
y_support, y_query = np.tile(letters, 2), np.tile(letters, 3)

classifier = InContextClassifier(learner="mann-omniglot")
classifier.fit(sample.images[support], y_support)
EpisodeDisplay.from_estimator(
    classifier, sample.images[support], y_support, sample.images[queries], y_query
).plot()
