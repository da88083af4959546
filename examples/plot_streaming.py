"""
===================================
Rows that come one after the other
===================================

``partial_fit`` reads on: what a learner holds does not grow, and the hundred-thousandth row
costs what the two-hundredth did. No row is kept but the first 128: they set the scale of the
columns, and are read anew with each next one until then.
"""

# %%
# A stream of readings of ten sensors. Each row is answered first; then its label comes, and the
# estimator reads it.

import pickle
import time

import matplotlib.pyplot as plt
import numpy as np

from skmeta import InContextClassifier

rng = np.random.default_rng(0)
weights = rng.normal(size=10)
X = rng.normal(size=(600, 10))
y = np.where(X @ weights + np.abs(X[:, 0]) > 0.8, "alarm", "calm")

clf = InContextClassifier(random_state=0)
clf.partial_fit(X[:1], y[:1], classes=["alarm", "calm"])
right, milliseconds, bytes_held = [], [], []
for row in range(1, len(X)):
    right.append(clf.predict(X[row : row + 1])[0] == y[row])
    start = time.perf_counter()
    clf.partial_fit(X[row : row + 1], y[row : row + 1])
    milliseconds.append(1000 * (time.perf_counter() - start))
    bytes_held.append(len(pickle.dumps(clf.state_)))

# %%
# The memory is no larger at the end than at the start.

rows = np.arange(1, len(X))
window = 50
figure, (left, middle) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
moving = np.convolve(right, np.ones(window) / window, mode="valid")
left.plot(rows[window - 1 :], 100 * moving)
left.set(xlabel="Rows read", ylabel=f"Right, % of the last {window} rows")
middle.plot(rows, milliseconds, lw=0.7)
middle.set(xlabel="Rows read", ylabel="partial_fit of one row, ms", ylim=(0, None))
for ax in (left, middle):
    ax.grid(alpha=0.3)
print(f"bytes held after 20 rows and after {len(X)}: {bytes_held[18]}, {bytes_held[-1]}")
plt.show()
