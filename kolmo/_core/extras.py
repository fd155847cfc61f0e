"""Optional libraries, imported on use."""

from __future__ import annotations

import importlib
from typing import Any

from kolmo.errors import MissingDependencyError


def import_extra(module: str, *, extra: str, purpose: str) -> Any:
    """Import `module`, or say which extra of Kolmo brings it.

    Parameters
    ----------
    module : str
        The module to import, such as ``"pyppmd"``.
    extra : str
        The extra of Kolmo that installs it.
    purpose : str
        What needs it, as the subject of a sentence: ``"the coder 'ppmd'"``.

    Raises
    ------
    MissingDependencyError
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingDependencyError(
            f"{purpose} needs {package}, which is not installed; run: pip install 'kolmo[{extra}]'"
        ) from error
