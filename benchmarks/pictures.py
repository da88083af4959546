"""The pictures of README and docs, from the shipped learners.

python benchmarks/pictures.py
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np

from skmeta.datasets import load_omniglot_sample
from skmeta.demo import one_episode
from skmeta.inspection import EpisodeDisplay, MemoryAccessDisplay
from skmeta.tasks import from_classes

SEED = 3
IMAGES = Path(__file__).parents[1] / "docs" / "images"


def main():
    IMAGES.mkdir(exist_ok=True)
    clf, support, queries = one_episode(np.random.default_rng(SEED))
    display = EpisodeDisplay.from_estimator(clf, *support, *queries).plot()
    display.figure_.savefig(IMAGES / "demo.png", dpi=110)

    sample = load_omniglot_sample()
    batch = from_classes(sample.images, sample.target, n_classes=5, n_shots=10).batch(
        0, 1, seed=SEED
    )
    display = MemoryAccessDisplay.from_learner("mann-omniglot", batch.inputs[0], batch.targets[0])
    display.plot().figure_.savefig(IMAGES / "memory.png", dpi=90)
    for path in sorted(IMAGES.glob("*.png")):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
