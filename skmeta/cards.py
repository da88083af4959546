"""Model cards: what a learner says of itself."""

from __future__ import annotations

from skmeta.artifacts import load_learner


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
    """
    learner = load_learner(learner)
    card, spec = learner.card, learner.spec
    rows = "x".join(map(str, spec.input_shape))
    outputs = (
        f"{spec.n_outputs} classes"
        + (f" at {spec.label_length} positions" if spec.label_length > 1 else "")
        if spec.kind == "classification"
        else "a Gaussian"
    )
    lines = [
        f"# {card.get('name', 'unnamed learner')}",
        "",
        card.get("description", ""),
        "",
        f"* task: {spec.kind}, rows of shape {rows}, answers {outputs}",
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
        lines += ["", *_score_table(card)]
    if card.get("limits"):
        lines += ["", "Where it fails:", "", card["limits"]]
    return "\n".join(lines) + "\n"


def _pairs(mapping):
    return ", ".join(f"{k}={v}" for k, v in mapping.items())


def _score_table(card):
    found = card["scores"]
    gap = found.get("nats_below_oracle")
    below = "" if gap is None else f" ({gap:.3f} below the exact oracle)"
    head = (
        f"Test: {_pairs(card.get('test', {}))}; {found['episodes']} episodes, "
        f"seed {found['seed']}, log-likelihood {found['nats_a_step']:.3f} nats a step{below}; "
        "95 % intervals."
    )
    if "accuracy_by_instance" in found:
        columns = [str(i + 1) for i in range(len(found["accuracy_by_instance"]))]
        cells = [
            f"{100 * a:.1f} ± {100 * h:.1f}"
            for a, h in zip(found["accuracy_by_instance"], found["interval"], strict=True)
        ]
        title, label = "instance", "accuracy, %"
    elif "shots" in found:
        columns = [str(k) for k in found["shots"]]
        cells = [
            f"{e:.3g} ± {h:.2g}"
            for e, h in zip(found["mean_squared_error"], found["interval"], strict=True)
        ]
        title, label = "examples", "mean squared error"
    else:
        return [head]
    return [
        head,
        "",
        f"| {title} | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 1) + "|",
        f"| {label} | " + " | ".join(cells) + " |",
    ]
