"""Pack the small public sets that ship with Kolmo, and print the sizes and hashes for their files in `datasets`.

python benchmarks/shipped_sets.py --data-dir DATA
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import lzma
from collections.abc import Iterable
from pathlib import Path

from kolmo.data.symbols import read_symbols

SHIPPED = Path(__file__).parents[1] / "kolmo" / "data" / "shipped"
LANGUAGES = "eng deu_1996 nld dan swe isl fra spa por_PT ita ron_2006 pol ces hrv lit fin est hun tur eus"
GENOMES = "human chimpanzee gorilla orangutan rat houseMouse cat harborSeal horse cow blueWhale opossum"
COMMON_NAMES = {"houseMouse": "mouse", "harborSeal": "harbour seal", "blueWhale": "blue whale"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    folder: Path = parser.parse_args().data_dir
    SHIPPED.mkdir(exist_ok=True)
    write("udhr.jsonl.xz", packed(languages(folder / "text" / "udhr_latin")))
    write("mitochondria.jsonl.xz", packed(genomes(folder / "dna" / "mtdna_mammals24")))
    write("chinchilla.csv", (folder / "scaling" / "chinchilla_fig4" / "chinchilla_ndl.csv").read_bytes())


def languages(folder: Path) -> Iterable[dict[str, str]]:
    """Yield the declaration in twenty languages, with the branch of each."""
    facts = rows_by_name(folder / "labels.csv", "key")
    for key in LANGUAGES.split():
        name = facts[key]["name"].partition(" (")[0].partition(",")[0]
        text = (folder / "txt" / f"{key}.txt").read_text(encoding="utf-8")
        yield {"text": text, "label": name, "group": facts[key]["branch"]}


def genomes(folder: Path) -> Iterable[dict[str, str]]:
    """Yield twelve mitochondrial genomes, with the order of each species."""
    facts = rows_by_name(folder / "labels.csv", "name")
    for key in GENOMES.split():
        bases = read_symbols(folder / f"{key}.fa").data.decode("ascii")
        yield {"text": bases, "label": COMMON_NAMES.get(key, key), "group": facts[key]["group"]}


def rows_by_name(path: Path, column: str) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return {row[column]: row for row in csv.DictReader(file)}


def packed(rows: Iterable[dict[str, str]]) -> bytes:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return lzma.compress(lines.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME)


def write(name: str, data: bytes) -> None:
    (SHIPPED / name).write_bytes(data)
    print(f'name = "{name}"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nsize = {len(data)}\n')


if __name__ == "__main__":
    main()
