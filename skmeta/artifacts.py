"""Learners on disk: one ``.safetensors`` file each, weights and manifest, nothing to execute.

The header of the file holds a JSON manifest: format number, architecture,
card and a checksum. Loading checks all of it before a learner is made.
Where what was trained are all float16 numbers it is written as such (format 2), else as float32.

Pickles follow the same rule: a shipped learner travels as its name and the
checksum of its file, any other learner as the bytes of its file.
"""

from __future__ import annotations

import copyreg
import hashlib
import json
import os
import threading
import weakref
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from skmeta.episodes import TaskSpec
from skmeta.files import check_folder, write_atomically
from skmeta.memory import LSTM, MANN, Associative, FastWeights, LeastSquares, Memory, Prototypes
from skmeta.networks import (
    ConvEncoder,
    DenseEncoder,
    Encoder,
    FlatEncoder,
    Learner,
    Network,
    TableEncoder,
)

# By how weights may be written.
FORMATS = {1: (np.float32,), 2: (np.float16, np.float32)}
SUFFIX = ".safetensors"
# What a checkpoint of meta-training has in its header, where a learner has its manifest.
CHECKPOINT_KEYS = {"state", "sha256"}
PRETRAINED = Path(__file__).parent / "pretrained"
MEMORIES: dict[str, type[Memory]] = {
    "lstm": LSTM,
    "mann": MANN,
    "associative": Associative,
    "prototypes": Prototypes,
    "fast-weights": FastWeights,
    "least-squares": LeastSquares,
}
ENCODERS: dict[str, type[Encoder]] = {
    "flat": FlatEncoder,
    "dense": DenseEncoder,
    "table": TableEncoder,
    "conv": ConvEncoder,
}


class ArtifactError(ValueError):
    """A learner's file is missing, damaged, edited, foreign or of another release.

    Examples
    --------
    >>> from skmeta import ArtifactError, load_learner
    >>> try:
    ...     load_learner("tabullar")
    ... except ArtifactError as error:
    ...     print(str(error).split(":")[0])
    There is no learner 'tabullar'
    """


def named(registry: Mapping[str, type], part) -> dict[str, Any]:
    """Write a part of a network as {"type": name, option: value, ...}.

    Raises
    ------
    ArtifactError
        If the part is not one of this package.
    """
    names = {cls: name for name, cls in registry.items()}
    if type(part) not in names:
        raise ArtifactError(
            f"{type(part).__name__} has no name in an artifact; known are {sorted(registry)}."
        )
    return {"type": names[type(part)], **asdict(part)}


def build(registry: Mapping[str, type], config: Mapping[str, Any]):
    """Undo :func:`named`.

    Raises
    ------
    ArtifactError
        If the name or an option is unknown.
    """
    options = dict(config)
    name = options.pop("type", None)
    if name not in registry:
        raise ArtifactError(f"Unknown type {name!r}; this release knows {sorted(registry)}.")
    try:
        return registry[name](**options)
    except TypeError as error:
        raise ArtifactError(f"Options of {name!r} do not fit this release: {error}.") from None


def network_config(network: Network) -> dict[str, Any]:
    """Write an architecture as plain data."""
    spec = asdict(network.spec)
    for name in ("table", "weighted"):
        if not spec[name]:
            del spec[name]  # as in files of before
    return _plain(
        {
            "spec": spec,
            "memory": named(MEMORIES, network.memory),
            "encoder": named(ENCODERS, network.encoder),
        }
    )


def network_from_config(config: Mapping[str, Any]) -> Network:
    """Undo :func:`network_config`.

    Raises
    ------
    ArtifactError
        If a part is missing, unknown, or does not fit this release.
    """
    try:
        return Network(
            spec=TaskSpec(**config["spec"]),
            memory=build(MEMORIES, config["memory"]),
            encoder=build(ENCODERS, config["encoder"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"The manifest's network does not fit this release of skmeta: {error}"
        ) from error


def _plain(manifest):
    """Write a manifest as it will be read: NumPy's numbers as Python's, tuples as lists."""

    def number(value):
        if isinstance(value, np.generic):
            return value.item()
        raise TypeError(f"{type(value).__name__} has no place in a manifest")

    try:
        return json.loads(json.dumps(manifest, default=number))
    except (TypeError, ValueError) as error:
        raise ArtifactError(
            f"A learner's card and options must be numbers, text, lists or dicts: {error}."
        ) from None


def checksum_of(arrays: Mapping[str, np.ndarray], manifest: Mapping[str, Any]) -> str:
    """Return the sha256 of arrays, their names, and a manifest of plain data."""
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode())
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def dump_learner(learner: Learner) -> bytes:
    """Return the bytes of a learner's file.

    Parameters
    ----------
    learner : Learner

    Returns
    -------
    data : bytes
        The same bytes for the same learner, on any machine.

    Raises
    ------
    ArtifactError
        If a part of the network is not one of this package, or the card holds
        more than numbers, text, lists and dicts.
    """
    weights, version = dict(learner.weights), 1
    halves = {k: half for k, half in rounded(weights).items() if np.array_equal(half, weights[k])}
    if {k for k, spec in learner.network.weight_specs().items() if spec.trainable} <= set(halves):
        weights, version = weights | halves, 2
    manifest = _plain(
        {
            "format": version,
            "network": network_config(learner.network),
            "card": dict(learner.card),
        }
    )
    checksum = checksum_of(weights, manifest)
    header = {"skmeta": json.dumps({**manifest, "sha256": checksum}, sort_keys=True)}
    return save(weights, metadata=header)


def rounded(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return weights as float16, within its range: a file of half the size."""
    largest = np.finfo(np.float16).max
    return {k: np.clip(v, -largest, largest).astype(np.float16) for k, v in weights.items()}


def save_learner(learner: Learner, path) -> Path:
    """Write a learner to a file.

    Parameters
    ----------
    learner : Learner
    path : str or path-like
        Ends with ``.safetensors``.

    Returns
    -------
    path : Path

    Raises
    ------
    TypeError
        If it is no Learner.
    ValueError
        If the path has another ending.
    OSError
        If it cannot be written; an older file stays as it was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skmeta import load_learner, save_learner
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_learner(load_learner("lstm-quadratic"), Path(folder) / "mine.safetensors")
    ...     load_learner(path).n_weights
    4674
    """
    if not isinstance(learner, Learner):
        raise TypeError(
            f"learner must be a Learner, got {type(learner).__name__}: a MetaTrainer has one after "
            "fit, trainer.learner_, an estimator, too."
        )
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"A learner's file ends with {SUFFIX}, got {path.name!r}.")
    check_folder(path)
    write_atomically(path, dump_learner(learner))
    return path


def parse_learner(data: bytes, origin: str) -> Learner:
    """Make a learner out of the bytes of its file, after checking all of them.

    Parameters
    ----------
    data : bytes
    origin : str
        Where they come from, for messages.

    Returns
    -------
    learner : Learner

    Raises
    ------
    ArtifactError
        If the bytes are no learner of this release.
    """
    try:
        size = int.from_bytes(data[:8], "little")
        header: Any = json.loads(data[8 : 8 + size]) if len(data) >= 8 + size else None
        weights = load(data)
        metadata = header.get("__metadata__") or {}
    except (SafetensorError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise ArtifactError(
            f"{origin} is damaged or no safetensors file ({error}). "
            "Copy it again, or make it again with `skmeta train`."
        ) from None
    if set(metadata) == CHECKPOINT_KEYS:
        raise ArtifactError(
            f"{origin} is a checkpoint of meta-training, no learner: finish the run with the same "
            "command, `skmeta train` or MetaTrainer(checkpoint=...).fit, and save what comes out."
        )
    if "skmeta" not in metadata:
        raise ArtifactError(
            f"{origin} is a safetensors file but holds no skmeta manifest: "
            "it was made by another program. Learners are made with `skmeta train`."
        )
    try:
        manifest = json.loads(metadata["skmeta"])
        checksum = manifest.pop("sha256")
        version = manifest["format"]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        raise ArtifactError(
            f"{origin} has a damaged manifest. Copy it again, or train it again."
        ) from None
    if version not in list(FORMATS):  # it may be anything
        raise ArtifactError(
            f"{origin} has format {version}, this release of skmeta reads {list(FORMATS)}. "
            "Install the release that made it, or train it again."
        )
    # The checksum is over bytes and names; what type the bytes are is checked beside it.
    typed = all(array.dtype in FORMATS[version] for array in weights.values())
    if not typed or checksum != checksum_of(weights, manifest):
        raise ArtifactError(
            f"{origin} was edited or damaged: its checksum is not that of its content. "
            "Copy it again, or train it again."
        )
    try:
        return Learner(network_from_config(manifest["network"]), weights, manifest["card"])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{origin} holds no learner of this release: {error} Train it again."
        ) from None


# By path: when the file was written, its size, and its learner.
_registry: dict[str, tuple[tuple[int, int], Learner]] = {}
_registry_lock = threading.Lock()
# File and its sha256, for the learners that were read from one.
_files: weakref.WeakKeyDictionary[Learner, tuple[Path, str]] = weakref.WeakKeyDictionary()
# Learners out of pickles, by the sha256 of their bytes: the same bytes are one learner.
_unpickled: weakref.WeakValueDictionary[str, Learner] = weakref.WeakValueDictionary()


def load_learner(learner) -> Learner:
    """Return a learner by name, by path, or as it is. Files are read once a process.

    Parameters
    ----------
    learner : str, path-like or Learner
        Name of a shipped learner (see :func:`list_learners`), path of a
        ``.safetensors`` file, or a learner.

    Returns
    -------
    learner : Learner

    Raises
    ------
    ArtifactError
        If there is no such learner, or its file is no learner of this release.

    Examples
    --------
    >>> from skmeta import load_learner
    >>> load_learner("lstm-quadratic")
    <Learner 'lstm-quadratic': LSTM(n_units=32), 4,674 weights>
    """
    if isinstance(learner, Learner):
        return learner
    path = learner_path(learner)
    path, status = path.resolve(), path.stat()
    version = (status.st_mtime_ns, status.st_size)
    with _registry_lock:
        known, found = _registry.get(str(path), (None, None))
        if found is None or known != version:
            data = path.read_bytes()
            found = parse_learner(data, str(path))
            _registry[str(path)] = version, found
            _files[found] = path, hashlib.sha256(data).hexdigest()
        return found


def name_of(learner) -> str:
    """Return the name on a learner's card, that of its file where there is none, or the memory's.

    Parameters
    ----------
    learner : str, path-like or Learner
        As for :func:`load_learner`.

    Raises
    ------
    ArtifactError
        If the learner cannot be loaded.
    """
    asked, learner = learner, load_learner(learner)
    path = _files.get(learner, (None,))[0] if isinstance(asked, Learner) else Path(asked)
    return learner.name if path is None or "name" in learner.card else path.stem


def _reduce_learner(learner):
    """Take a learner apart for pickle."""
    path, sha256 = _files.get(learner, (None, None))
    if path is not None and path.parent == PRETRAINED.resolve():
        return _unpickle_shipped, (path.stem, sha256)
    try:
        return _unpickle_bytes, (dump_learner(learner),)
    except ArtifactError:  # a memory of the user's own: pickle must find its class
        return learner.__reduce__()


def _unpickle_shipped(name, sha256):
    learner = load_learner(name)
    found = _files[learner][1]
    if found != sha256:
        raise ArtifactError(
            f"The pickle was made with another version of the shipped learner {name!r}: expected "
            f"a file of sha256 {sha256[:12]}..., got {found[:12]}.... Install the release of "
            "skmeta that made the pickle, or fit again."
        )
    return learner


def _unpickle_bytes(data):
    sha256 = hashlib.sha256(data).hexdigest()
    with _registry_lock:
        learner = _unpickled.get(sha256)
        if learner is None:
            learner = _unpickled[sha256] = parse_learner(data, "The learner in the pickle")
        return learner


copyreg.pickle(Learner, _reduce_learner)


def learner_path(learner) -> Path:
    """Return the file of a learner given by name or path.

    Raises
    ------
    ArtifactError
        If there is none.
    """
    if not isinstance(learner, (str, os.PathLike)):
        raise ArtifactError(
            f"learner must be a name, a path or a Learner, got {type(learner).__name__}."
        )
    path = Path(learner)
    by_name = path.suffix != SUFFIX
    if by_name:
        path = PRETRAINED / f"{learner}{SUFFIX}"
    if not path.is_file():
        why = (
            f"shipped are {list_learners()}, and a path must name an existing {SUFFIX} file."
            if by_name
            else f"no file {path.absolute()}. Give the path to where it is now, or the Learner "
            f"itself; shipped are {list_learners()}."
        )
        raise ArtifactError(f"There is no learner {str(learner)!r}: {why}")
    return path


def list_learners() -> list[str]:
    """Return the names of the shipped learners.

    Returns
    -------
    names : list of str

    Examples
    --------
    >>> from skmeta import list_learners
    >>> "tabular" in list_learners()
    True
    """
    return sorted(path.stem for path in PRETRAINED.glob(f"*{SUFFIX}"))
