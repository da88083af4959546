"""A line that says how far meta-training is."""

from __future__ import annotations

import sys

BAR_WIDTH = 24


def report(run) -> None:
    """Draw a progress bar on the standard error stream if it is a terminal, or write a line to it.

    Parameters
    ----------
    run : skmeta.training.run.Run
        How far it is and what it found.
    """
    step, total = run.step, run.trainer.n_steps
    held_out = run.history["validation_loss"]
    line = (
        f"step {step:>7,}/{total:,}  loss {run.history['loss'][-1]:.4f} nats"
        + (f"  held out {held_out[-1]:.4f}" if held_out else "")
        + f"  {step * run.trainer.batch_size / max(run.seconds, 1e-9):,.0f} episodes/s"
        + f"  {run.seconds / step * (total - step) / 60:,.1f} min left"
    )
    if sys.stderr.isatty():
        done = BAR_WIDTH * step // total
        print(f"\r\033[K[{'#' * done}{'.' * (BAR_WIDTH - done)}] {line}", end="", file=sys.stderr)
    else:
        print(line, file=sys.stderr)
    sys.stderr.flush()


def end_of_report() -> None:
    """Leave the line of the progress bar."""
    if sys.stderr.isatty():
        print(file=sys.stderr)


def nothing_left(run) -> None:
    """Say that the checkpoint is of a finished run.

    Parameters
    ----------
    run : skmeta.training.run.Run
    """
    path, step = run.trainer.checkpoint, run.step
    print(f"{path} is of a finished run, {step:,} steps: nothing to train.", file=sys.stderr)


def testing(n_episodes) -> None:
    """Say what goes on after the last step.

    Parameters
    ----------
    n_episodes : int
        Test episodes.
    """
    print(f"Testing on {n_episodes:,} episodes.", file=sys.stderr, flush=True)
