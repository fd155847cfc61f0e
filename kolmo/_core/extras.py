"""Optional libraries, imported on use."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

from kolmo.errors import MissingDependencyError


def import_extra(module: str, *, extra: str, purpose: str) -> Any:
    """Import an optional module, or raise an error that says how to install it.

    Parameters
    ----------
    module : str
        The module to import, such as ``"pyppmd"``.
    extra : str
        The extra of Kolmo that installs it.
    purpose : str
        The feature that needs the module, as the subject of a sentence: ``"the coder 'ppmd'"``.

    Returns
    -------
    module

    Raises
    ------
    MissingDependencyError
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise _missing(module, extra, purpose) from error


def check_extra(module: str, *, extra: str, purpose: str) -> None:
    """Raise an error if an optional module is not installed, without importing it.

    Parameters
    ----------
    module, extra, purpose : str
        As for `import_extra`; `module` is a top-level module.

    Raises
    ------
    MissingDependencyError
        If the module is not installed.
    """
    found = sys.modules[module] if module in sys.modules else importlib.util.find_spec(module)
    if found is None:
        raise _missing(module, extra, purpose)


def _missing(module: str, extra: str, purpose: str) -> MissingDependencyError:
    package = module.partition(".")[0]
    return MissingDependencyError(
        f"{purpose} needs {package}, which is not installed; run, in the project's folder: pip install '.[{extra}]'"
    )
