"""Coders by name: the built-in ones are listed here, others register in the entry-point group ``kolmo.coders``."""

from __future__ import annotations

import base64
import difflib
import importlib
import importlib.metadata
import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from kolmo.coders.base import CONTEXT_KEY, Coder
from kolmo.errors import KolmoError, MissingDependencyError, ParameterError

CoderLike = str | Coder | Mapping[str, Any]
"""A coder, its name with or without parameters, or its configuration."""

ENTRY_POINT_GROUP = "kolmo.coders"

_BUILT_IN = {
    "deflate": "kolmo.coders.library.zlib:Deflate",
    "zlib": "kolmo.coders.library.zlib:Zlib",
    "gzip": "kolmo.coders.library.zlib:Gzip",
    "bz2": "kolmo.coders.library.bz2:Bz2",
    "lzma": "kolmo.coders.library.lzma:Lzma",
    "xz": "kolmo.coders.library.lzma:Xz",
    "zstd": "kolmo.coders.library.zstd:Zstd",
    "brotli": "kolmo.coders.library.brotli:Brotli",
    "lz4": "kolmo.coders.library.lz4:Lz4",
    "ppmd": "kolmo.coders.library.ppmd:Ppmd",
    "lz77": "kolmo.coders.deflate.lz77:Lz77",
    "ngram": "kolmo.coders.ngram.coder:Ngram",
    "mix": "kolmo.coders.mixing.coder:Mix",
    "gru": "kolmo.coders.rnn.coder:Gru",
    "program": "kolmo.coders.program.coder:Program",
    "neural": "kolmo.coders.neural.coder:NeuralCoder",
    "hf": "kolmo.coders.neural.huggingface:HuggingFaceCoder",
    "png": "kolmo.coders.library.image:Png",
    "webp": "kolmo.coders.library.image:Webp",
    "jxl": "kolmo.coders.library.image:Jxl",
    "flac": "kolmo.coders.library.audio:Flac",
    "mixture": "kolmo.coders.ensembles:Mixture",
    "best": "kolmo.coders.ensembles:Best",
    "uniform": "kolmo.coders.library.baselines:Uniform",
    "order0": "kolmo.coders.library.baselines:Order0",
}


def coder(spec: str | Coder | Mapping[str, Any], **parameters: Any) -> Coder:
    """Return the coder that `spec` names.

    Parameters
    ----------
    spec : str, mapping or Coder
        A name (``"zstd"``), a name with parameters (``"zstd:level=19"``), a configuration such as `Coder.config`, or a
        coder, which is returned unchanged.
    **parameters
        Parameters of the coder; they override those in `spec`.

    Returns
    -------
    Coder

    Raises
    ------
    ParameterError
        If the coder or a parameter does not exist, or a value is out of range.
    MissingDependencyError
        If the coder needs an extra that is not installed.

    Examples
    --------
    >>> coder("zstd:level=19") == coder("zstd", level=19)
    True
    >>> coder("deflate").config
    {'id': 'deflate', 'level': 9}
    """
    if isinstance(spec, Coder):
        return spec.replace(**_check_names(type(spec), spec.name, parameters)) if parameters else spec
    if isinstance(spec, Mapping):
        return _from_config(spec, parameters)
    if not isinstance(spec, str):
        raise ParameterError(f"expected a coder by name, such as 'zstd:level=19', got {spec!r}")
    name, _, text = spec.strip().partition(":")
    return make_coder(name.strip(), _parse(text, spec) | parameters)


def list_coders() -> list[str]:
    """Return the names of all registered coders, installed or not, built-in ones first.

    Returns
    -------
    list of str

    Examples
    --------
    >>> list_coders()[:3]
    ['deflate', 'zlib', 'gzip']
    """
    return [*_BUILT_IN, *(name for name in sorted(_plugins()) if name not in _BUILT_IN)]


def all_coders() -> Iterator[tuple[str, Coder | KolmoError]]:
    """Yield every registered name with its coder, or with the error that says why it is not available.

    Examples
    --------
    >>> [found.name for name, found in all_coders() if isinstance(found, Coder) and not found.tags.decodable]
    ['lz77', 'order0']
    """
    for name in list_coders():
        try:
            yield name, coder(name)
        except KolmoError as error:
            yield name, error


def coder_class(name: str) -> type[Coder]:
    """Return the class registered under `name`.

    Parameters
    ----------
    name : str
        A name without parameters.

    Returns
    -------
    type
        A subclass of `Coder`.

    Raises
    ------
    ParameterError
        If there is none; the message suggests similar names.
    MissingDependencyError
        If its module cannot be imported.

    Examples
    --------
    >>> coder_class("gzip").__name__
    'Gzip'
    """
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        found: type[Coder] = getattr(importlib.import_module(module), attribute)
        return found
    plugins = _plugins()
    if name not in plugins:
        names = [*_BUILT_IN, *plugins]
        near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {', '.join(names)}"
        raise ParameterError(f"there is no coder named {name!r}; {hint}")
    try:
        loaded = plugins[name].load()
    except ImportError as error:
        raise MissingDependencyError(
            f"the coder {name!r}, registered by {plugins[name].value!r}, cannot be imported: {error}"
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Coder)):
        raise ParameterError(
            f"the entry point {name!r} of group {ENTRY_POINT_GROUP!r}: expected a subclass of kolmo.Coder, "
            f"got {loaded!r}"
        )
    if loaded.name != name:  # a stream names its coder by the class
        raise ParameterError(
            f"the entry point {name!r} of group {ENTRY_POINT_GROUP!r}: expected a coder of this name, got one named "
            f"{loaded.name!r}; give both the same name"
        )
    return loaded


def _plugins() -> dict[str, importlib.metadata.EntryPoint]:
    return {entry.name: entry for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)}


def make_coder(name: str, parameters: Mapping[str, Any]) -> Coder:
    """Return the coder with this name and these parameters."""
    found = coder_class(name)
    return found(**_check_names(found, name, parameters))


def _check_names(found: type[Coder], name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    known = list(inspect.signature(found).parameters)
    for key in parameters:
        if key not in known:
            listing = f"it takes {', '.join(known)}" if known else "it takes none"
            raise ParameterError(f"the coder {name!r} has no parameter {key!r}; {listing}")
    return dict(parameters)


def _from_config(config: Mapping[str, Any], parameters: Mapping[str, Any]) -> Coder:
    given = {**config, **parameters}
    name, context = given.pop("id", None), given.pop(CONTEXT_KEY, None)
    if not isinstance(name, str):
        raise ParameterError(f"expected a coder configuration with the name as 'id', got {dict(config)!r}")
    made = make_coder(name, given)
    if context is None:
        return made
    try:
        return made.prime(base64.b64decode(context, validate=True))
    except (TypeError, ValueError) as error:
        raise ParameterError(f"expected the context of a coder as base64 text, got {context!r:.60}") from error


def _parse(text: str, spec: str) -> dict[str, Any]:
    parameters = {}
    for part in filter(None, map(str.strip, text.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise ParameterError(f"expected parameters as name:key=value,key=value, got {spec!r}")
        try:
            parameters[key.strip()] = json.loads(value)
        except json.JSONDecodeError:
            parameters[key.strip()] = value.strip()
    return parameters
