"""The confusion matrix of a classifier as tables in the width of the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kolmo._core.tables import Table


def confusion_tables(report: Any) -> list[Table]:
    """Return the confusion matrix of a report with labels, in bands of columns that fit."""
    from kolmo._core.tables import column_bands, matrix_table

    counts = report.confusion
    cells = [] if counts is None else [[str(count) for count in row] for row in counts.tolist()]
    title = f"{report.name}: true label (rows) by predicted label (columns)"
    bands = column_bands(report.classes, cells, sys.stdout)
    return [
        matrix_table(title, list(map(str, report.classes)), cells, corner="label", columns=columns) for columns in bands
    ]
