"""Make skmeta/datasets/omniglot_sample.npz: forty test characters, a bit a pixel.

python benchmarks/make_omniglot_sample.py
"""

from pathlib import Path

import numpy as np

from skmeta.datasets import fetch_omniglot
from skmeta.tasks.images import split_characters

N_CHARACTERS = 40
TARGET = Path(__file__).parents[1] / "skmeta" / "datasets" / "omniglot_sample.npz"


def main():
    omniglot = fetch_omniglot()
    n_evaluation = len(omniglot.characters) - omniglot.n_background
    test = split_characters("test", omniglot.n_background, n_evaluation)
    chosen = np.sort(np.random.default_rng(0).choice(test, N_CHARACTERS, replace=False))
    rows = np.isin(omniglot.target, chosen)
    np.savez_compressed(
        TARGET,
        images=np.packbits(omniglot.images[rows] > 0, axis=2),
        target=np.searchsorted(chosen, omniglot.target[rows]).astype(np.uint8),
        characters=np.array([name.split("/", 1)[1] for name in omniglot.characters[chosen]]),
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
