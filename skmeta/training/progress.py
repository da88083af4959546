"""A line that says how far meta-training is."""

from __future__ import annotations

import sys

BAR_WIDTH = 24


def report(run, stream=None) -> None:
    """Draw a progress bar on a terminal, or write a line to anything else.

    Parameters
    ----------
    run : skmeta.training.run.Run
        How far it is and what it found.
    stream : file-like, optional
        Where to write; the standard error stream by default.
    """
    stream = sys.stderr if stream is None else stream
    step, total = run.step, run.trainer.n_steps
    held_out = run.history["validation_loss"]
    line = (
        f"step {step:>7,}/{total:,}  loss {run.history['loss'][-1]:.4f} nats"
        + (f"  held out {held_out[-1]:.4f}" if held_out else "")
        + f"  {step * run.trainer.batch_size / max(run.seconds, 1e-9):,.0f} episodes/s"
        + f"  {run.seconds / step * (total - step) / 60:,.1f} min left"
    )
    if stream.isatty():
        done = BAR_WIDTH * step // total
        print(f"\r\033[K[{'#' * done}{'.' * (BAR_WIDTH - done)}] {line}", end="", file=stream)
    else:
        print(line, file=stream)
    stream.flush()


def end_of_report(stream=None) -> None:
    """Leave the line of the progress bar.

    Parameters
    ----------
    stream : file-like, optional
        Where it was drawn.
    """
    stream = sys.stderr if stream is None else stream
    if stream.isatty():
        print(file=stream)


def nothing_left(run, stream=None) -> None:
    """Say that the checkpoint is of a finished run.

    Parameters
    ----------
    run : skmeta.training.run.Run
    stream : file-like, optional
        Where to write; the standard error stream by default.
    """
    stream = sys.stderr if stream is None else stream
    path, step = run.trainer.checkpoint, run.step
    print(f"{path} is of a finished run, {step:,} steps: nothing to train.", file=stream)


def testing(n_episodes, stream=None) -> None:
    """Say what goes on after the last step.

    Parameters
    ----------
    n_episodes : int
        Test episodes.
    stream : file-like, optional
        Where to write; the standard error stream by default.
    """
    stream = sys.stderr if stream is None else stream
    print(f"Testing on {n_episodes:,} episodes.", file=stream, flush=True)
