"""
=====================================
How it works: reading, step by step
=====================================

Six drawings of three characters that no shipped learner was trained on. At each step the
classifier is asked first, then told: ``partial_fit`` reads the drawing and its label into the
memory. No weight changes from step to step.
"""

# %%
# Asked, then told
# ----------------
# Left the drawing, right the answer before the label is told (green: the label). The first drawing
# meets an empty memory, which cannot be asked: each label is as likely as the others. A drawing
# like nothing in the memory gives its probability to the labels that are new.

import matplotlib.pyplot as plt
import numpy as np

from skmeta import InContextClassifier
from skmeta.datasets import load_omniglot_sample

sample = load_omniglot_sample(28)
drawings = sample.images.reshape(40, 20, 28, 28)
characters, labels = (3, 17, 28), np.array(["A", "B", "C"])
order = [(0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (2, 1)]  # (character, drawing)

classifier = InContextClassifier("omniglot")
figure, axes = plt.subplots(
    len(order), 2, figsize=(6, 9), width_ratios=(1, 3), layout="constrained"
)
for (paper, bars), (which, number) in zip(axes, order, strict=True):
    x, y = drawings[characters[which], number][None], labels[[which]]
    asked = hasattr(classifier, "classes_")
    answer = classifier.predict_proba(x)[0] if asked else np.full(3, 1 / 3)
    classifier.partial_fit(x, y, classes=labels)

    paper.imshow(x[0], cmap="Greys")
    paper.set_axis_off()
    bars.barh(labels, answer, color=["C2" if label == y[0] else "0.7" for label in labels])
    bars.set(xlim=(0, 1), ylim=(2.5, -0.5), title=f"then it is told: {y[0]}")
axes[-1, 1].set_xlabel("probability, before the label is told")

# %%
# What the memory holds
# ---------------------
# A key for each label, the sum of those of its drawings. It takes as much room after two
# drawings of each as after two hundred. ``predict`` reads it and leaves it as it is, so the order
# of queries does not matter.

queries = np.concatenate([drawings[c, 2:] for c in characters])
right = classifier.predict(queries) == labels.repeat(18)
print(f"{right.mean():.0%} of {len(queries)} other drawings are answered rightly")
