"""What shortens the first plateau of a MANN: one change at a time.

    python benchmarks/plateau.py --n-steps 3000

Every variant trains the network of mann-omniglot at the paper's size on short episodes
and prints the held-out loss as training goes on.
"""

import argparse
import os
import time
from datetime import date

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from skmeta import MetaTrainer
from skmeta.memory import MANN, lstm
from skmeta.tasks import OmniglotTasks
from skmeta.training.evaluation import accuracy_by_instance

SEED = 0
# name: (classes, shots, memory, gain of the labels' first weights)
VARIANTS = {
    "2 classes": (2, 6, MANN(), lstm.LABEL_GAIN),
    "3 classes": (3, 6, MANN(), lstm.LABEL_GAIN),
    "5 classes": (5, 4, MANN(), lstm.LABEL_GAIN),
    "2 classes, Glorot's weights for labels": (2, 6, MANN(), 1.0),
    "2 classes, vector of its own to write": (2, 6, MANN(add_vector=True), lstm.LABEL_GAIN),
    "2 classes, no key strength": (2, 6, MANN(key_strength=False), lstm.LABEL_GAIN),
}


def accuracies(n_classes, n_shots, memory, gain, n_steps, looks):
    """Held-out losses on the way, and accuracy at the last drawing at the end."""
    options = {"n_classes": n_classes, "n_shots": n_shots, "n_labels": 5}
    held_out = OmniglotTasks("validation", rotations=False, **options)
    lstm.LABEL_GAIN = gain
    trainer = MetaTrainer(
        memory, n_steps=n_steps, validate_every=n_steps // looks, random_state=SEED
    )
    trainer.fit(OmniglotTasks("train", **options), validation_tasks=held_out)
    result = accuracy_by_instance(trainer.learner_, held_out, n_episodes=200, seed=SEED)
    return trainer.history_["validation_loss"], result.accuracy[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-steps", type=int, default=3000)
    parser.add_argument("--looks", type=int, default=6)
    arguments = parser.parse_args()
    import keras

    steps = np.linspace(0, arguments.n_steps, arguments.looks + 1, dtype=int)[1:]
    print(
        f"`python benchmarks/plateau.py --n-steps {arguments.n_steps}`, seed {SEED}, "
        f"{date.today()}, {os.cpu_count()} cores, Keras {keras.__version__} on "
        f"{keras.backend.backend()}. Held-out loss in nats a step, and accuracy at the last "
        "drawing at the end.\n"
    )
    print("| variant | " + " | ".join(f"{s:,}" for s in steps) + " | accuracy, % | minutes |")
    print("|---" * (len(steps) + 3) + "|")
    for name, variant in VARIANTS.items():
        start = time.perf_counter()
        losses, accuracy = accuracies(*variant, arguments.n_steps, arguments.looks)
        minutes = (time.perf_counter() - start) / 60
        cells = [f"{loss:.3f}" for loss in losses]
        print(
            f"| {name} | " + " | ".join(cells) + f" | {100 * accuracy:.1f} | {minutes:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
