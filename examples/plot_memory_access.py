"""
===================================
Where a memory reads and writes
===================================

A memory-augmented network (Santoro et al. 2016) has 128 slots. At every row its
heads write to some of them and then read: by content, so that a drawing finds
the slots that were written when its character was seen before. Which slots those
are can be looked at.
"""

# %%
# One episode
# -----------
# Five new characters, ten drawings of each, in random order. The numbers on top
# are the classes. Slots are sorted by the step at which they are first written
# to: the staircase shows the least used slots being filled one after the other.

from skmeta.datasets import load_omniglot_sample
from skmeta.inspection import MemoryAccessDisplay
from skmeta.tasks import from_classes

sample = load_omniglot_sample()
episode = from_classes(sample.images, sample.target, n_classes=5, n_shots=10).batch(0, 1, seed=0)
X, y = episode.inputs[0], episode.targets[0]

display = MemoryAccessDisplay.from_learner("mann-omniglot", X, y).plot()

# %%
# Head by head
# ------------
# The picture above shows the largest weight of any head. Heads share the work.

display.plot(heads="each")

# %%
# From slots back to rows
# -----------------------
# A slot stands for the row at which it was last written to. That turns read
# weights into a table: how much does each row look back at each earlier row? With
# the rows sorted by class, looking at drawings of one's own class shows as squares
# along the diagonal.

import matplotlib.pyplot as plt
import numpy as np

n_steps, _, n_slots = display.read_weights.shape
look_back = np.zeros((n_steps, n_steps))
written_at = np.full(n_slots, -1)
for step in range(n_steps):
    written_at[display.write_weights[step].max(axis=0) > 0.5] = step
    weight = display.read_weights[step].mean(axis=0)
    for earlier in range(step):
        look_back[step, earlier] = weight[written_at == earlier].sum()

by_class = np.argsort(y, kind="stable")
figure, ax = plt.subplots(figsize=(5.6, 5), layout="constrained")
image = ax.imshow(look_back[np.ix_(by_class, by_class)], cmap="Blues")
borders = np.arange(10, n_steps, 10) - 0.5
ax.hlines(borders, -0.5, n_steps - 0.5, color="gray", linewidth=0.5)
ax.vlines(borders, -0.5, n_steps - 0.5, color="gray", linewidth=0.5)
ax.set(xlabel="Earlier row, sorted by class", ylabel="Row, sorted by class")
figure.colorbar(image, label="Weight on slots last written at the earlier row")

earlier = np.tri(n_steps, k=-1, dtype=bool)
same = y[:, None] == y
print(f"weight on an earlier row of the same class: {look_back[earlier & same].mean():.3f}")
print(f"weight on an earlier row of another class:  {look_back[earlier & ~same].mean():.3f}")
