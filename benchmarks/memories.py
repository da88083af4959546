"""All memories on all families of tasks, at equal steps and at equal seconds of meta-training.

    SKMETA_DATA=... KERAS_BACKEND=jax python benchmarks/memories.py --folder runs

Memories have their usual sizes, the optimiser its usual settings, and each meets the same batches.
A run that is found in the folder is not run again. Seconds are steps times the median time between
two batches: compilation and looks at held-out tasks do not count. The budget of seconds of a family
is what its fastest memory takes for all steps, of those that learn numbers too. Draws
docs/images/memories.png.
"""

import argparse
import json
import platform
from datetime import date
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np

from skmeta import MetaTrainer
from skmeta.artifacts import MEMORIES
from skmeta.tasks import (
    BooleanTasks,
    GaussianProcessTasks,
    OmniglotTasks,
    QuadraticTasks,
    SemilinearTasks,
    SineTasks,
    TableTasks,
    TaskFamily,
)

N_LOOKS = 20
# Memories of labels alone.
OF_CLASSES = ("prototypes",)
IMAGES = Path(__file__).parents[1] / "docs" / "images"


def families():
    """Name -> (tasks to train on, held-out tasks)."""
    alike = {
        "boolean": BooleanTasks(n_steps=20),
        "semilinear": SemilinearTasks(n_steps=20),
        "quadratic": QuadraticTasks(n_steps=35),
        "sine": SineTasks(n_steps=20),
        "Gaussian process": GaussianProcessTasks(n_steps=20),
        "tables, classes": TableTasks(n_columns=20, n_steps=32, weighted=False),
        "tables, numbers": TableTasks(kind="regression", n_columns=20, n_steps=32, weighted=False),
    }
    held_out = OmniglotTasks("validation", n_shots=4, rotations=False, max_shift=0, max_angle=0)
    return {
        **{name: (family, family) for name, family in alike.items()},
        "Omniglot, 2 classes": (
            OmniglotTasks("train", n_classes=2, n_shots=8, n_labels=5),
            OmniglotTasks("validation", n_classes=2, n_shots=8, n_labels=5, rotations=False),
        ),
        "Omniglot, 5 classes": (OmniglotTasks("train", n_shots=4), held_out),
    }


class Clocked(TaskFamily):
    """A family that remembers when each of its batches was drawn."""

    def __init__(self, family):
        self.family, self.times = family, []
        self.spec, self.n_steps = family.spec, family.n_steps

    def draw(self, rng, n_episodes):
        """Draw from the family."""
        return self.family.draw(rng, n_episodes)

    def batch(self, index, n_episodes, *, seed):
        """Return a batch of the family, and look at the clock."""
        self.times.append(perf_counter())
        return self.family.batch(index, n_episodes, seed=seed)


def run(memory, tasks, held_out, n_steps, seed):
    """Train once: sizes, seconds a step, and the held-out loss at each look."""
    clocked = Clocked(tasks)
    trainer = MetaTrainer(
        memory, n_steps=n_steps, validate_every=max(1, n_steps // N_LOOKS), random_state=seed
    ).fit(clocked, validation_tasks=held_out)
    return {
        "n_weights": trainer.learner_.n_weights,
        "seconds_a_step": float(np.median(np.diff(clocked.times))),
        "step": trainer.history_["validation_step"],
        "loss": trainer.history_["validation_loss"],
    }


def runs(folder, n_steps, seed):
    """Results by (family, memory), run now if they are not in the folder."""
    found = {}
    for (name, (tasks, held_out)), memory in product(families().items(), MEMORIES):
        if memory in OF_CLASSES and tasks.spec.kind != "classification":
            continue
        path = folder / f"{name} {memory} {n_steps} {seed}.json".replace(" ", "-")
        if not path.exists():
            path.write_text(json.dumps(run(memory, tasks, held_out, n_steps, seed)))
        found[name, memory] = json.loads(path.read_text())
    return found


def at_seconds(result, seconds):
    """Loss at the last look within so many seconds, NaN if there was none."""
    took = np.array(result["step"]) * result["seconds_a_step"]
    within = np.flatnonzero(took <= seconds * (1 + 1e-9))
    return result["loss"][within[-1]] if len(within) else np.nan


def report(found):
    """Two tables in Markdown: loss at equal steps, and at equal seconds."""
    names = list(dict.fromkeys(name for name, _ in found))
    last = next(iter(found.values()))["step"][-1]
    head = ["", "| family | " + " | ".join(MEMORIES) + " |", "|---" * (len(MEMORIES) + 1) + "|"]
    lines = [f"Held-out loss after {last:,} steps, nats a step; milliseconds a step.", *head]
    for name in names:
        cells = [found.get((name, memory)) for memory in MEMORIES]
        texts = [c and f"{c['loss'][-1]:.2f}; {1e3 * c['seconds_a_step']:.0f} ms" for c in cells]
        lines.append(f"| {name} | " + " | ".join(text or "" for text in texts) + " |")
    said = "Held-out loss when the fastest memory, but for prototypes, has taken its last step."
    lines += ["", said, *head]
    for name in names:
        cells = [found.get((name, memory)) for memory in MEMORIES]
        of_all = [found[name, memory] for memory in MEMORIES if memory not in OF_CLASSES]
        budget = min(result["seconds_a_step"] for result in of_all) * last
        texts = [f"{at_seconds(c, budget):.2f}" if c else "" for c in cells]
        lines.append(f"| {name}, {budget:.0f} s | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def draw(found, path):
    """Held-out loss against steps, above, and against seconds, below: a family a column."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import NullFormatter

    names = list(dict.fromkeys(name for name, _ in found))
    figure, axes = plt.subplots(2, len(names), figsize=(2.3 * len(names), 5), layout="constrained")
    for (above, below), name in zip(axes.T, names, strict=True):
        results = {memory: found[name, memory] for memory in MEMORIES if (name, memory) in found}
        for memory, result in results.items():
            style = {"color": f"C{list(MEMORIES).index(memory)}"}
            steps = np.array(result["step"])
            above.plot(steps, result["loss"], label=memory, **style)
            below.plot(steps * result["seconds_a_step"], result["loss"], **style)
        losses = np.array([result["loss"] for result in results.values()])
        # A curve that begins far above the others is cut off.
        top, bottom = np.median(losses[:, 0]), losses.min()
        limits = bottom - 0.05 * (top - bottom), top + 0.3 * (top - bottom)
        above.set(title=name, xlabel="steps", ylim=limits)
        below.set(xlabel="seconds", xscale="log", ylim=limits)
        below.xaxis.set_minor_formatter(NullFormatter())
    for ax in axes[:, 0]:
        ax.set_ylabel("held-out loss, nats a step")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    figure.savefig(path, dpi=80)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="where runs are kept")
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.folder.mkdir(exist_ok=True)
    found = runs(arguments.folder, arguments.steps, arguments.seed)
    print(f"seed {arguments.seed}, {date.today()}, {platform.machine()}, one run each\n")
    print(report(found))
    draw(found, IMAGES / "memories.png")


if __name__ == "__main__":
    main()
