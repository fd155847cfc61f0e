"""Programs over bytes that a random generator made: those of the data set, and others of our own."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path
from typing import Any

from kolmo.coders.program.machine import Machine, Node, literal, run_node
from kolmo.coders.program.text import cut
from kolmo.errors import ParameterError

BYTES = Machine(256)
_OPERATIONS = ("repeat", "concat", "interleave", "add", "scan", "reverse", "step", "mod", "substitute")


def read(data_dir: Path) -> tuple[list[Node], list[bytes], float]:
    """Return the programs of the data set as expressions, what they print, and their own cost in bits."""
    rows = [json.loads(line) for line in (data_dir / "programs" / "sequences.jsonl").read_text().splitlines()]
    nodes, data = [_translated(row["program"]) for row in rows], [bytes.fromhex(row["hex"]) for row in rows]
    assert all(printed(node) == each for node, each in zip(nodes, data, strict=True))
    return nodes, data, sum(row["program_bits"] for row in rows)


def printed(node: Node) -> bytes:
    """Return what an expression prints."""
    return run_node(node, BYTES).tobytes()


def drawn(seed: int, count: int, *, least_depth: int = 0) -> list[Node]:
    """Return random programs that print 16 to 256 bytes, nested up to four deep."""
    random_, nodes = random.Random(seed), []
    while len(nodes) < count:
        node = _drawn(random_, random_.randint(least_depth, 4), 256)
        if 16 <= node.size <= 256 and len(set(printed(node))) > 1:
            nodes.append(node)
    return nodes


def _drawn(random_: random.Random, depth: int, limit: int) -> Node:
    if depth == 0:
        if random_.random() < 0.35:
            return literal(random_.randbytes(random_.randint(2, 6)))
        return Node(
            "range", random_.randint(5, max(min(40, limit), 6)), (random_.randrange(256), random_.randint(1, 16))
        )
    name = random_.choices(_OPERATIONS)[0]
    times = random_.randint(2, 9)
    inner = {"concat": limit // 2, "interleave": limit // 2, "repeat": limit // times}.get(name, limit)
    parts = [
        _drawn(random_, depth - 1 if random_.random() < 0.65 else 0, inner)
        for _ in range(2 if name in ("concat", "interleave") else 1)
    ]
    numbers = {
        "repeat": (times,),
        "add": (random_.randint(1, 255),),
        "step": (random_.randint(2, 4),),
        "mod": (random_.randint(3, 100),),
        "substitute": (random_.randint(2, 9), random_.randrange(256)),
    }.get(name, ())
    return _applied(name, parts, numbers)


def _applied(name: str, parts: list[Node], numbers: tuple[int, ...]) -> Node:
    part = parts[0]
    if name == "concat":
        return Node("concat", part.size + parts[1].size, (part.size,), tuple(parts))
    if name == "interleave":
        size = min(part.size, parts[1].size)
        return Node("interleave", 2 * size, (), tuple(_shortened(each, size) for each in parts))
    if name == "repeat":
        return Node("repeat", part.size * numbers[0], (part.size,), (part,)) if numbers[0] > 1 else part
    if name == "step":
        size = -(-part.size // numbers[0])
        return Node("step", size, numbers, (_shortened(part, numbers[0] * (size - 1) + 1),))
    return Node(name, part.size, numbers, (part,))


def _shortened(node: Node, size: int) -> Node:
    try:
        return cut(node, size)
    except ParameterError:
        return literal(printed(node)[:size])


def _translated(text: str) -> Node:
    tree: Any = ast.parse(text.replace("every=", ""), mode="eval")
    return _translated_tree(tree.body)


def _translated_tree(tree: Any) -> Node:
    if isinstance(tree, ast.List):
        return literal(bytes(ast.literal_eval(tree)))
    if tree.func.id == "range":
        start, step, count = (int(each.value) for each in tree.args)
        return Node("range", count, (start, step))
    parts = [_translated_tree(each) for each in tree.args if not isinstance(each, ast.Constant)]
    return _applied(tree.func.id, parts, tuple(each.value for each in tree.args if isinstance(each, ast.Constant)))
