"""Progress for a person: on stderr, on a terminal, and only once the work has taken two seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


def progress(total: int | None, *, label: str, unit: str) -> tqdm[Any]:
    """Return a progress bar that stays silent where nobody watches."""
    from tqdm import tqdm

    return tqdm(total=total, desc=label, unit=unit, unit_scale=True, delay=2.0, disable=None, leave=False)
