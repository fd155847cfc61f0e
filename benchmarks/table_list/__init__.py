"""All tables of the documentation by name, and the recorded files that no table shows.

A new table is one entry in a module of this folder, and two lines in a page: ``<!-- table: NAME -->`` and
``<!-- end -->``. Records with new sets, coders or methods appear without a change here.
"""

from __future__ import annotations

from recorded_tables import Table

from table_list import classifiers, coders, finding, joint, laws, neighbours, profiles, programs

TABLES: dict[str, Table] = (
    classifiers.TABLES
    | neighbours.TABLES
    | coders.TABLES
    | joint.TABLES
    | finding.TABLES
    | laws.TABLES
    | profiles.TABLES
    | programs.TABLES
)
NOT_SHOWN: dict[str, str] = {}
"""Files of `benchmarks/results` that no table shows, with the reason."""
