"""Configurations of coders as they are stored in files, and coders made from them.

A file never chooses what is read from disk or downloaded. A parameter in `Coder.loads` is stored as a label and a
SHA-256, and the model with this hash is searched in the folders that the user named.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kolmo.coders.base import Coder
from kolmo.coders.registry import coder_class, make_coder
from kolmo.errors import DecodeError, KolmoError, MissingDependencyError

MODELS_VARIABLE = "KOLMO_MODELS"
"""The environment variable with folders of models, separated as in ``PATH``."""

_LABEL, _DIGEST = "label", "sha256"
_LONGEST_LABEL = 200
_MAX_DEPTH, _MAX_FOLDERS = 4, 10_000
"""Depth and number of the folders that are searched below each named one."""
_MAX_NESTING = 8
MAX_CODERS = 16
"""Most coders in the configuration of a file, members of members included: it bounds the memory of a decoder."""


def stored_config(coder: Coder) -> dict[str, Any]:
    """Return the configuration of a coder as it is stored in a file.

    Parameters
    ----------
    coder : Coder

    Returns
    -------
    dict
        `Coder.config`, with a label and a SHA-256 in place of each model.
    """
    config = coder.config
    if coder.loads:
        model, *others = coder.loads
        config[model] = {_LABEL: coder.model_label[:_LONGEST_LABEL], _DIGEST: coder.model_digest}
        for name in others:
            del config[name]
    elif hasattr(coder, "spell_members") and any(part.loads for part in _parts(coder)):
        config["coders"] = [stored_config(member) for member in coder.members]
    return config


def coder_from_file(config: Mapping[str, Any], *, models: Sequence[str | os.PathLike[str]] = ()) -> Coder:
    """Return the coder that `stored_config` described in a file, which is not trusted.

    Parameters
    ----------
    config : mapping
        The configuration in the file.
    models : sequence of str or Path
        Folders of models, searched with their sub-folders, before those in the environment variable ``KOLMO_MODELS``.

    Returns
    -------
    Coder

    Raises
    ------
    DecodeError
        If a model is in none of the folders; nothing else is searched, and nothing is downloaded.
    ParameterError
        If the coder or a parameter does not exist, or a value is out of range.
    """
    found = _from_file(config, [Path(folder) for folder in models], _MAX_NESTING)
    if (count := count_coders(found)) > MAX_CODERS:
        raise DecodeError(f"expected at most {MAX_CODERS} coders in a file, got {count}; the file is forged")
    return found


def count_coders(coder: Coder) -> int:
    """Return the number of coders that a coder consists of, members of members included."""
    return sum(not part.members for part in _parts(coder))


def _from_file(config: Any, models: Sequence[Path], nesting: int) -> Coder:
    if not isinstance(config, Mapping) or not isinstance(config.get("id"), str) or not nesting:
        raise DecodeError(
            f"expected the configuration of a coder with its name as 'id', nested at most {_MAX_NESTING} deep; the "
            "file is forged"
        )
    given = dict(config)
    name = given.pop("id")
    found = coder_class(name)
    for number, parameter in enumerate(found.loads):
        if number == 0:
            given[parameter] = str(_find(found, given.get(parameter), models))
        elif parameter in given:
            raise DecodeError(f"{parameter!r} of the coder {name!r} is not stored in files; the file is forged")
    resolved: tuple[Coder, ...] = ()
    if hasattr(found, "spell_members") and isinstance(given.get("coders"), list):
        resolved = tuple(_from_file(member, models, nesting - 1) for member in given["coders"])
        given["coders"] = found.spell_members(resolved)
    made = make_coder(name, given)
    if resolved and made.members != resolved:
        raise DecodeError(
            "the path of a model contains '+', ';' or ',', which separate coders; move or link the model to a path "
            "without them"
        )
    named = {id(part) for member in made.members if member in resolved for part in _parts(member)}
    for part in _parts(made):
        if part is not made and part.loads and id(part) not in named:
            raise DecodeError(
                f"the file names a model of the coder {part.name!r} by a path or an address, which Kolmo does not "
                "follow; the file is forged"
            )
    return made


def _find(found: type[Coder], stored: Any, models: Sequence[Path]) -> Path:
    """Return the folder of the model with the stored hash."""
    if (
        not isinstance(stored, Mapping)
        or stored.keys() != {_LABEL, _DIGEST}
        or not isinstance(stored[_LABEL], str)
        or not isinstance(stored[_DIGEST], str)
        or len(stored[_DIGEST]) != 64
    ):
        raise DecodeError(
            f"the file does not name the model of the coder {found.name!r} by its hash; a file never chooses what is "
            "loaded or downloaded, so the file is forged"
        )
    listed = os.environ.get(MODELS_VARIABLE, "").split(os.pathsep)
    folders = [*models, *(Path(folder) for folder in listed if folder)]
    for folder in folders:
        if not folder.is_dir():
            raise DecodeError(f"there is no folder {str(folder)!r} of models; correct --model-dir or {MODELS_VARIABLE}")
        for each in _below(folder, _MAX_DEPTH):
            try:
                if found.digest_of_model(each) == stored[_DIGEST]:
                    return each
            except MissingDependencyError:
                raise
            except (KolmoError, OSError):  # a folder without a model, or with a damaged one
                continue
    searched = f"; it is not in {', '.join(map(repr, map(str, folders)))}" if folders else ""
    raise DecodeError(
        f"the file was written with the model {stored[_LABEL][:_LONGEST_LABEL]!r} of the coder {found.name!r}, SHA-256 "
        f"{stored[_DIGEST]!r}{searched}; name the folder that contains it with --model-dir or {MODELS_VARIABLE}"
    )


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """Yield a folder and its sub-folders, the nearest first."""
    level, count = [folder], 0
    for _ in range(depth + 1):
        below: list[Path] = []
        for each in level:
            count += 1
            if count > _MAX_FOLDERS:
                return
            yield each
            try:
                with os.scandir(each) as entries:
                    below += sorted(Path(entry.path) for entry in entries if entry.is_dir())
            except OSError:
                continue
        level = below


def _parts(coder: Coder) -> Iterator[Coder]:
    """Yield a coder, its members, their members, and so on."""
    yield coder
    for member in coder.members:
        yield from _parts(member)
