"""Write the tables of the documentation from the recorded results.

    python benchmarks/write_tables.py
    python benchmarks/write_tables.py --check

A page has a table between ``<!-- table: NAME -->`` and ``<!-- end -->``; `table_list` says what it shows. What stands
there is replaced, and the page is else left as it is; a table without records is left too, and named. With --check
nothing is written; the names of tables that differ from their records are printed, and the exit status is 1 if there
are any, or if records are shown nowhere.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
from table_list import NOT_SHOWN, TABLES

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BLOCK = re.compile(r"(<!-- table: (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
GENERATED = {"api", "examples"}


def pages() -> list[Path]:
    """Return the README and the pages of the documentation."""
    written = (path for path in (ROOT / "docs").rglob("*.md") if not GENERATED & set(path.relative_to(ROOT).parts))
    return [ROOT / "README.md", *sorted(written)]


def renewed(text: str) -> tuple[str, list[str], list[str]]:
    """Return a page with new tables, and the names of all its tables and of those that changed."""
    names: list[str] = []
    changed: list[str] = []

    def table(match: re.Match[str]) -> str:
        start, name, old, end = match.groups()
        if name not in TABLES:
            raise click.ClickException(f"there is no table {name!r}; known: {', '.join(TABLES)}")
        names.append(name)
        made = TABLES[name].markdown(RESULTS)
        if not made:
            return match.group()
        new = f"\n{made}\n\n"
        if new != old:
            changed.append(name)
        return start + new + end

    return BLOCK.sub(table, text), names, changed


def missing(shown: list[str]) -> list[str]:
    """Return a sentence for each table that no page shows, and each file of records that no table shows."""
    absent = [name for name, table in TABLES.items() if name not in shown and table.read(RESULTS)]
    files = {path.stem for path in RESULTS.glob("*.jsonl")} - {table.record for table in TABLES.values()}
    return [f"no page shows the table {name}" for name in absent] + [
        f"no table shows the records {name}.jsonl" for name in sorted(files - NOT_SHOWN.keys())
    ]


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--check", is_flag=True, help="Write nothing; exit with status 1 if a table is not that of its records.")
def main(check: bool) -> None:
    shown: list[str] = []
    stale = 0
    for page in pages():
        old = page.read_text(encoding="utf-8")
        text, names, changed = renewed(old)
        shown += names
        for name in changed:
            print(f"{page.relative_to(ROOT)}: {name}{' differs from its records' if check else ''}")
        stale += len(changed)
        if text != old and not check:
            page.write_text(text, encoding="utf-8")
    for name, table in TABLES.items():
        if not table.read(RESULTS):
            print(f"no records yet of the table {name}: {table.command}", file=sys.stderr)
    for fault in missing(shown):
        print(fault)
    if check and (stale or missing(shown)):
        print("to renew them: python benchmarks/write_tables.py")
        sys.exit(1)


if __name__ == "__main__":
    main()
