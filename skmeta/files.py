"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path


def check_folder(path, what: str = "") -> None:
    """See that there is a folder for a file to come.

    Parameters
    ----------
    path : str or path-like
    what : str, default=""
        What to call the file, before its path.

    Raises
    ------
    FileNotFoundError
        If there is none.
    IsADirectoryError
        If the file is a folder.
    """
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it.")
    if not Path(path).absolute().parent.is_dir():
        raise FileNotFoundError(f"There is no folder for {what}{path}: make it first.")


@contextlib.contextmanager
def written_atomically(path):
    """Give a temporary path that becomes ``path`` if the block succeeds, and is removed if not.

    Parameters
    ----------
    path : str or path-like
        The file; its folder must exist.

    Yields
    ------
    partial : Path
        Where to write, in the same folder.

    Raises
    ------
    OSError
        If the folder cannot be written to or is full; a file that was there stays.
    """
    path = Path(path)
    # Not tempfile.mkstemp: its files can be read by their owner alone, and data homes are shared.
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        yield partial
        os.replace(partial, path)
    except BaseException:  # KeyboardInterrupt too
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def write_atomically(path, data: bytes) -> None:
    """Write bytes to a file, down to the disk, all or nothing.

    Parameters
    ----------
    path : str or path-like
    data : bytes

    Raises
    ------
    OSError
        As :func:`written_atomically`.
    """
    with written_atomically(path) as partial, open(partial, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
