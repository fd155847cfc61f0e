"""The data sets that the commands of ``kolmo joint`` and ``kolmo tree`` compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kolmo.cli.inputs import is_same_file
from kolmo.cli.options import Decorator, Size, together
from kolmo.cli.output import say
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table

ORDERS = ("concatenated", "shuffled", "interleaved")
_MIN_DOCUMENTS = 16
"""A folder of fewer files is cut into pieces like one string, unless the files are interleaved."""

limit_option = click.option(
    "--limit", type=Size(), default="1MB", show_default=True, metavar="SIZE", help="Bytes of each DATA read."
)

order_option = click.option(
    "--order",
    type=click.Choice(ORDERS),
    default=ORDERS[0],
    show_default=True,
    help="Document order: concatenated, shuffled or interleaved. Documents are the files of a folder, or pieces of a "
    "file, interleaved in pieces of 8 KiB.",
)

layout_option = click.option(
    "--layout",
    type=click.Choice(("own", "shared")),
    default="own",
    show_default=True,
    help="For the coder mix: the layout of each set, so that sets of different kinds are coded without each other, or "
    "one layout for all.",
)


def permutations_option(n_permutations: int) -> Decorator:
    """``--permutations``: how many, for the matched null."""
    return click.option(
        "--permutations",
        "n_permutations",
        type=click.IntRange(min=0),
        default=n_permutations,
        show_default=True,
        metavar="N",
        help="Number of permutations for the null gain; 0 for none.",
    )


def null_options(n_permutations: int) -> Decorator:
    """``--null`` and ``--permutations``: the matched null."""
    return together(
        click.option(
            "--null",
            type=click.Choice(("bytes", "cipher")),
            default="bytes",
            show_default=True,
            help="Permute all byte values of a set for the null gain, or its letters alone. Of DNA, ACGT is permuted.",
        ),
        permutations_option(n_permutations),
    )


def given_null_options() -> list[str]:
    """Return those of `null_options` that are on the command line."""
    context = click.get_current_context()
    options = {"null": "--null", "n_permutations": "--permutations"}
    return [option for name, option in options.items() if context.get_parameter_source(name) != ParameterSource.DEFAULT]


@dataclass(frozen=True, kw_only=True)
class NamedSet:
    """A data set with the name that tables give it.

    Parameters
    ----------
    name : str
        The name of the file or folder; its whole path if two have the same name.
    modality : str
        The kind of data.
    data : bytes
        The data as one string.
    files : tuple of bytes
        The data of each file.
    remarks : tuple of str
        How the files were read, and how many were left out.
    """

    name: str
    modality: str
    data: bytes
    files: tuple[bytes, ...] = ()
    remarks: tuple[str, ...] = ()

    def documents(self, order: str) -> bytes | list[bytes]:
        """Return the set as a list of files if there are enough of them, or as one string."""
        enough = len(self.files) >= (2 if order == "interleaved" else _MIN_DOCUMENTS)
        return list(self.files) if enough else self.data


def read_sets(data: Sequence[str], limit: int, reading: dict[str, Any]) -> list[NamedSet]:
    """Read files or folders as data sets, and write on stderr how each was read.

    Parameters
    ----------
    data : sequence of str
        The files and folders.
    limit : int
        Bytes of each that are read.
    reading : dict
        How they are read; see `content_options`.

    Raises
    ------
    DataError
        If one cannot be read, or is empty.
    ParameterError
        If one is given twice.
    """
    from kolmo.data.decoding import Reading
    from kolmo.data.symbols import MAX_DECODED_BYTES, read_symbols

    check_different(data)
    options = Reading(**reading, max_item_bytes=MAX_DECODED_BYTES)
    read = [read_symbols(path, limit=limit, reading=options) for path in data]
    for path, each in zip(data, read, strict=True):
        say(path, each.remarks)
    names = [each.name for each in read]
    if len(set(names)) < len(names):
        names = list(data)
    return [
        NamedSet(name=name, modality=each.modality, data=each.data, files=each.documents, remarks=each.remarks)
        for name, each in zip(names, read, strict=True)
    ]


def check_different(data: Sequence[str]) -> None:
    """Refuse a file that is given twice, also under two names."""
    for one, other in combinations(data, 2):
        if one == other or is_same_file(one, other):
            raise ParameterError(f"{one!r} and {other!r} are the same file or folder; give each data set once")


def two_of(data: Sequence[str], alternative: str = "") -> tuple[str, str]:
    """Return the arguments of a command for two data sets; `alternative` says what to use for more."""
    if len(data) != 2:
        hint = f"; {alternative}" if len(data) > 2 and alternative else ""
        raise ParameterError(f"expected two data sets, got {len(data)}{hint}")
    return data[0], data[1]


def pair_name(sets: Sequence[NamedSet]) -> str:
    """Return the names of two sets with their letters, for a report.

    Examples
    --------
    >>> pair_name([NamedSet(name=name, modality="text", data=b"") for name in ("a.txt", "b.txt")])
    'X = a.txt, Y = b.txt'
    """
    return ", ".join(f"{letter} = {each.name}" for letter, each in zip("XY", sets, strict=True))


def sets_document(
    sets: Sequence[NamedSet], bits_per_byte: Mapping[str, Sequence[float]] | None = None
) -> list[dict[str, Any]]:
    """Return the description of the sets for a JSON document.

    Parameters
    ----------
    sets : sequence of NamedSet
        The sets.
    bits_per_byte : mapping of str to sequence of float, optional
        By coder, the code length of each set divided by its size.
    """
    return [
        {"name": each.name, "modality": each.modality, "size_bytes": len(each.data), "remarks": list(each.remarks)}
        | ({} if bits_per_byte is None else {"bits_per_byte": {key: row[place] for key, row in bits_per_byte.items()}})
        for place, each in enumerate(sets)
    ]


def sets_table(
    sets: Sequence[NamedSet],
    bits_per_byte: Mapping[str, Sequence[float]] | None = None,
    *,
    symbols: Sequence[str] | None = None,
) -> Table:
    """Return the table of the sets that a command prints first: name, modality, bytes and bits/byte.

    Parameters
    ----------
    sets : sequence of NamedSet
        The sets.
    bits_per_byte : mapping of str to sequence of float, optional
        By coder, the code length of each set divided by its size; a column for each coder.
    symbols : sequence of str, optional
        The letter of each set in the tables that follow, such as X and Y.
    """
    from kolmo._core.tables import Column, Table

    columns = bits_per_byte or {}
    table = Table(
        "Data sets",
        [
            *([Column("")] if symbols else []),
            Column("set"),
            Column("modality"),
            Column("bytes", True),
            *(Column(f"bits/byte ({coder})", True) for coder in columns),
        ],
    )
    for place, each in enumerate(sets):
        table.add(
            *([symbols[place]] if symbols else []),
            each.name,
            each.modality,
            f"{len(each.data):,}",
            *(f"{row[place]:.3f}" for row in columns.values()),
        )
    return table
