"""The pictures of README and docs, from the shipped learners.

python benchmarks/pictures.py
"""

import argparse
import json
import runpy
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from PIL import Image

from skmeta import InContextClassifier
from skmeta.datasets import load_omniglot_sample
from skmeta.demo import one_episode
from skmeta.inspection import EpisodeDisplay, MemoryAccessDisplay, MetaTrainingDisplay
from skmeta.tasks import from_classes

SEED = 3
ROOT = Path(__file__).parents[1]
EXAMPLES, IMAGES = ROOT / "examples", ROOT / "docs" / "images"


def draw_histories(folder):
    """Held-out loss of each run in a folder, on one picture that is named after the folder."""
    from matplotlib import pyplot as plt

    histories = sorted(folder.glob("*.history.json"))
    n_columns = min(4, len(histories))
    n_lines = -(-len(histories) // n_columns)
    figure = plt.figure(figsize=(3.6 * n_columns, 3 * n_lines), layout="constrained")
    for place, path in enumerate(histories, start=1):
        ax = figure.add_subplot(n_lines, n_columns, place)
        MetaTrainingDisplay.from_history(json.loads(path.read_text())).plot(ax=ax)
        ax.set_title(path.name.removesuffix(".history.json"))
    figure.savefig(IMAGES / f"meta_training_{folder.name}.png", dpi=80)


def draw_tables():
    """The figure of the example on small tables."""
    from matplotlib import pyplot as plt

    runpy.run_path(str(EXAMPLES / "plot_small_tables.py"))
    plt.gcf().savefig(IMAGES / "tables.png", dpi=90)


def draw_memories():
    """The figures of the example on memories, by their names, in few colours: small files."""
    from matplotlib import pyplot as plt

    plt.close("all")
    runpy.run_path(str(EXAMPLES / "plot_memories.py"))
    for name in plt.get_figlabels():
        path = IMAGES / f"memory_{name}.png"
        plt.figure(name).savefig(path, dpi=110)
        Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, help="folder of NAME.history.json files")
    arguments = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    if arguments.runs is not None:
        draw_histories(arguments.runs)
    draw_tables()
    draw_memories()
    support, queries = one_episode(load_omniglot_sample(28), np.random.default_rng(SEED))
    clf = InContextClassifier(learner="omniglot").fit(*support)
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
