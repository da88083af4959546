"""The whole state of a meta-training run in one file, for an exact resume after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from skmeta.artifacts import ArtifactError, checksum_of
from skmeta.files import write_atomically


def save_checkpoint(path, arrays, state) -> None:
    """Write arrays by name and a JSON-able state, all or nothing.

    Raises
    ------
    OSError
        If the file cannot be written; the checkpoint before it stays whole.
    """
    arrays = {k: np.array(a, order="C") for k, a in arrays.items()}
    metadata = {"state": json.dumps(state), "sha256": checksum_of(arrays, state)}
    write_atomically(path, save(arrays, metadata=metadata))


def load_checkpoint(path):
    """Return (arrays, state) as :func:`save_checkpoint` wrote them, or None if there is no file.

    Raises
    ------
    ArtifactError
        If the file is damaged, or is no checkpoint.
    """
    path = Path(path)
    if not path.exists():
        return None
    damage = (
        "{} is damaged, or is no checkpoint ({}). Name another file, or start again without it."
    )
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 - no mapping
            state, checksum = json.loads(file.metadata()["state"]), file.metadata()["sha256"]
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(damage.format(path, error)) from None
    if checksum_of(arrays, state) != checksum:
        raise ArtifactError(damage.format(path, "its checksum is not that of its content"))
    return arrays, state
