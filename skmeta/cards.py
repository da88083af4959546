"""Model cards: what a learner says of itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmeta.artifacts import load_learner, name_of, network_config


def facts(learner) -> dict[str, Any]:
    """Return what a learner reads, answers and is made of, and its card, as plain data.

    Parameters
    ----------
    learner : str, path-like or Learner
        As for :func:`load_learner`.

    Returns
    -------
    facts : dict
        The card, below "name", "spec", "memory", "encoder" and "n_weights".

    Raises
    ------
    ArtifactError
        If the learner cannot be loaded.
    """
    name, learner = name_of(learner), load_learner(learner)
    own = {"name": name, **network_config(learner.network), "n_weights": learner.n_weights}
    return {**own, **{key: value for key, value in learner.card.items() if key not in own}}


def describe(learner) -> str:
    """Return the card of a learner: on what it was trained, how long, how good, where it fails.

    Parameters
    ----------
    learner : str, path-like or Learner
        As for :func:`load_learner`.

    Returns
    -------
    card : str
        Markdown.

    Raises
    ------
    ArtifactError
        If the learner cannot be loaded.

    Examples
    --------
    >>> from skmeta import describe
    >>> print(describe("lstm-quadratic").splitlines()[2])
    Quadratic functions of two variables from 35 examples: an LSTM of about 5,000 weights.
    """
    name, learner = name_of(learner), load_learner(learner)
    card, spec = learner.card, learner.spec
    rows = f"rows of shape {'x'.join(map(str, spec.input_shape))}"
    if spec.table:
        rows = f"tables of up to {spec.n_columns} columns"
    outputs = "a Gaussian" if spec.kind == "regression" else f"{spec.n_outputs} classes"
    if spec.label_length > 1:
        outputs += f" at {spec.label_length} positions"
    if learner.for_classes(spec.n_outputs + 1) is not learner:
        outputs += " or more"
    lines = [
        f"# {name}",
        "",
        *([card["description"], ""] if card.get("description") else []),
        f"* task: {spec.kind}, {rows}, answers {outputs}",
        f"* network: {learner.network.memory}, {learner.n_weights:,} weights",
        f"* licence: {card.get('licence', 'not stated')}",
    ]
    if "steps" in card:
        lines.append(
            f"* meta-training: {card['steps']:,} steps, {card.get('seconds', 0) / 60:.0f} minutes"
        )
    lines += [f"* trainer: {_pairs(card['trainer'])}"] if "trainer" in card else []
    lines += [f"* tasks: {_pairs(stage)}" for stage in card.get("tasks", [])]
    lines += [f"* made with: {_pairs(card['versions'])}"] if "versions" in card else []
    if "scores" in card:
        lines += ["", *score_lines(card["scores"], card.get("test", {}), spec.kind)]
    if card.get("limits"):
        lines += ["", "Where it fails:", "", card["limits"]]
    return "\n".join(lines) + "\n"


def _pairs(mapping):
    return ", ".join(f"{k}={v}" for k, v in mapping.items())


def score_lines(found, test, kind: str) -> list[str]:
    """Return a learner's figures as lines of Markdown.

    Parameters
    ----------
    found : dict
        As :func:`skmeta.training.recipes.scores` returns them.
    test : dict
        A family of tasks and its options.
    kind : {"classification", "regression"}

    Returns
    -------
    lines : list of str
    """
    gap = found.get("nats_below_oracle")
    below = "" if gap is None else f" ({gap:.3f} below the exact oracle)"
    head = (
        f"Test: {_pairs(test)}; {found['episodes']} episodes, "
        f"seed {found['seed']}, log-likelihood {found['nats_a_step']:.3f} nats a step{below}; "
        "95 % intervals."
    )
    if "accuracy_by_instance" in found:
        columns = range(1, 1 + len(found["accuracy_by_instance"]))
        percent = [100 * np.array(found[k]) for k in ("accuracy_by_instance", "interval")]
        return [head, "", *_table("instance", columns, {"accuracy, %": percent}, ".1f", ".1f")]
    if "shots" in found:
        errors = {"mean squared error": (found["mean_squared_error"], found["interval"])}
        return [head, "", *_table("examples", found["shots"], errors, ".3g", ".2g")]
    if "rows" in found:
        error = "error rate" if kind == "classification" else "mean squared error"
        nats_interval, error_interval = found["interval"]
        lines = {
            "log-likelihood, nats": (found["log_likelihood"], nats_interval),
            error: (found["error"], error_interval),
        }
        return [head, "", *_table("rows read", found["rows"], lines, ".3f", ".3f")]
    return [head]


def _table(title, columns, lines, value_format, half_format):
    """Markdown lines of name -> (values, half widths of their intervals)."""
    table = [
        f"| {title} | " + " | ".join(map(str, columns)) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, (values, halves) in lines.items():
        cells = [
            f"{value:{value_format}} ± {half:{half_format}}"
            for value, half in zip(values, halves, strict=True)
        ]
        table.append(f"| {name} | " + " | ".join(cells) + " |")
    return table
