"""Which corpora shorten a target: ranked, in a greedy order, and mixed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kolmo._core.checks import check_boolean, check_count
from kolmo._core.items import as_bytes
from kolmo._core.resumable import open_checkpoint, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError, PrimingError
from kolmo.evaluation.diagnostics import diagnose
from kolmo.find.targets.leaked import in_pieces, leaked_blocks
from kolmo.find.targets.results import Candidate, GreedyStep, Mixture, TargetRanking
from kolmo.find.targets.savings import (
    Saving,
    conditional_lengths,
    saving_of,
    saving_tasks,
    taken,
    without_parts,
)
from kolmo.joint.documents import Documents
from kolmo.joint.layouts import is_blind, layouts_of

_SMALLEST = 256
"""A target of fewer bytes says nothing, and a corpus nothing at equal bytes."""
_MIXED, _GRID = 3, 4
"""Corpora in a mixture, and steps of its grid."""
_MIXED_PIECE = 2048


def rank_for_target(
    T: Any,
    corpora: Mapping[str, Any],
    *,
    budget: int | None = None,
    context: Any = b"",
    coder: CoderLike = "mix",
    separator: str | bytes = b"\n",
    greedy: bool = True,
    mixture: bool = False,
    leaks: bool = False,
    random_state: int = 0,
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
) -> TargetRanking:
    """Rank corpora by the bits that reading each of them saves for a target: L(T) - L(T given C).

    First, the documents or pieces of each corpus that contain a passage of the target are found and left out: they
    would save most, and teach nothing. The saving at full size says which corpus to add; that at equal bytes, which is
    the most useful. The 95% intervals are over new samples of the target and of the corpus: each part is left out
    once, a quarter of a string or a group of clusters of documents.

    Parameters
    ----------
    T : str, bytes-like, or collection of these
        The target; a collection holds documents.
    corpora : mapping of str to str, bytes-like, or collection
        The candidates by name.
    budget : int, optional
        Read at most this many bytes of each corpus, random documents or prefixes of the pieces of a string; and of all
        of them in the greedy order and in the mixture.
    context : str, bytes-like, or collection
        The data that are there already, read before each candidate. A negative saving is then forgetting: if T is a
        held-out part of these data, it is L(T given context) - L(T given context and C).
    coder : str, mapping or Coder
        A coder that can be primed; see `kolmo.coder`. Its window must hold a corpus.
    separator : str or bytes
        Placed between documents, and after a corpus.
    greedy : bool
        Also find the order in which each corpus saves most, given those before.
    mixture : bool
        Also find the split of the budget among the best three corpora that saves most, in steps of a quarter.
    leaks : bool
        Keep documents that contain passages of the target.
    random_state : int
        Seed of the subsets and of the parts.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.
    checkpoint : str or Path, optional
        Save the progress of the ranking to this file, and resume from it.

    Returns
    -------
    TargetRanking

    Raises
    ------
    DataError
        If the target or a corpus is empty, there is none, or the checkpoint belongs to another run.
    PrimingError
        If the coder cannot be primed.

    Warns
    -----
    WindowWarning
        If a corpus is longer than the coder's window.

    References
    ----------
    Xie, Santurkar, Ma and Liang, "Data Selection for Language Models via Importance Resampling", NeurIPS 2023, on
    selection by n-gram models of a target. Yin et al., "Entropy Law: The Story Behind Data Compression and LLM
    Performance", 2024, on the compression of training data.

    Examples
    --------
    >>> animals, trees = ("cat", "dog", "cow", "hen"), ("oak", "elm", "fir", "yew")
    >>> cats = " ".join(f"the {a} sat on the mat of the {b}." for a in animals for b in animals)
    >>> more = " ".join(f"the {a} sat on the mat of the {b}." for a in trees for b in animals)
    >>> other = " ".join(f"{n * n} = {n} x {n}" for n in range(60))
    >>> ranking = rank_for_target(cats, {"numbers": other, "sentences": more}, coder="ngram", leaks=True)
    >>> [each.name for each in ranking], ranking.candidates[0].saving_bits > 0
    (['sentences', 'numbers'], True)
    """
    for name, value in (("greedy", greedy), ("mixture", mixture), ("leaks", leaks)):
        check_boolean(name, value)
    if budget is not None:
        check_count("budget", budget)
    made, between = make_coder(coder), as_bytes(separator)
    if made.tags.priming is None:
        raise PrimingError(f"the coder {made.name!r} cannot be primed; use another one, such as 'ngram'")
    if not isinstance(corpora, Mapping) or not corpora:
        got = "none" if isinstance(corpora, Mapping) else type(corpora).__name__
        raise DataError(f"expected a mapping of at least one corpus by name, got {got}")
    target = Documents.of(T, "the target", between)
    base = _context(context, between)
    random = np.random.default_rng(random_state)
    warnings: list[str] = []
    whole, leaked = {}, {}
    for name, data in corpora.items():
        each = Documents.of(data, f"the corpus {name!r}", between)
        whole[name], leaked[name] = (each, 0) if leaks else without_leaks(each, target, n_jobs)
        if leaked[name]:
            warnings.append(_leak_warning(name, leaked[name], whole[name]))
    used = {name: _within(each, budget, random) for name, each in whole.items() if each is not None}
    if not used:
        raise DataError("every corpus consists of passages of the target; expected one with other data")
    least = min(_size(each) for each in used.values())
    equal = {name: _within(each, least, random) for name, each in used.items()}
    longest = max(len(each.joined()) for each in used.values()) + len(base)
    made.warn_beyond_window(longest)
    tasks = {
        (name, part): saving_tasks(made, base, each, target, seed=random_state)
        for part, among in (("full", used), ("equal", equal))
        for name, each in among.items()
        if part == "full" or _size(each) < _size(used[name])
    }
    targets = [each.joined() for each in (target, *without_parts(target, np.random.default_rng(random_state)))]
    run = open_checkpoint(
        checkpoint,
        str(made),
        made.fingerprint,
        [*target.blocks, base],
        [block for each in used.values() for block in (*each.blocks, each.between)],
        label="target",
        separator=between.decode("latin-1"),
        random_state=random_state,
    )
    results = run_tasks(
        conditional_lengths,
        [(made, base, targets), *itertools.chain.from_iterable(tasks.values())],
        label=f"savings by {made!s:.40}",
        prefer=made.tags.parallel,
        run=run,
        n_jobs=n_jobs,
    )
    (alone,) = next(results)
    savings = {key: saving_of(alone, taken(results, len(each))) for key, each in tasks.items()}
    bits = float(alone[0])
    candidates = [_candidate(name, each, leaked[name], savings, (equal[name], bits)) for name, each in used.items()]
    candidates.sort(key=lambda each: (-each.saving_bits, each.name))
    candidates = [_with_ties(each, candidates, savings) for each in candidates]
    candidates += [_nothing_left(name, leaked[name]) for name in corpora if name not in used]
    kept = [each.name for each in candidates if each.name in used]
    found = TargetRanking(
        target_size=_size(target),
        target_bits=bits,
        context_size=len(base),
        candidates=tuple(candidates),
        greedy=_greedy(made, base, used, target.joined(), bits, budget) if greedy and len(kept) > 1 else (),
        mixture=_mixture(
            made, base, {name: whole[name] for name in kept[:_MIXED]}, target.joined(), bits, budget, random
        )
        if mixture and len(kept) > 1
        else None,
        budget=budget,
        coder=str(made),
        fingerprint=made.fingerprint,
        warnings=warnings,
    )
    found.warnings.extend(_caveats(made, found, used, target, least))
    return found


def without_leaks(each: Documents, target: Documents, n_jobs: int | None) -> tuple[Documents | None, int]:
    """Return a corpus without the documents, or pieces of a string, that hold passages of the target, and their bytes.

    None if nothing is left.
    """
    cut = in_pieces(each)
    clean = ~leaked_blocks(cut, target, n_jobs)
    if clean.all():
        return each, 0
    left = cut.part(clean)
    return (left if any(left.blocks) else None), _size(each) - _size(left)


def _within(each: Documents, budget: int | None, random: np.random.Generator) -> Documents:
    size = _size(each)
    if budget is None or size <= budget:
        return each
    return each.prefix(budget / size, random.permutation(len(each)).tolist())


def _size(each: Documents) -> int:
    return sum(map(len, each.blocks))


def _context(data: Any, between: bytes) -> bytes:
    if isinstance(data, str | bytes | bytearray | memoryview) and not len(data):
        return b""
    return Documents.of(data, "the context", between).joined() + between


def _candidate(
    name: str,
    each: Documents,
    leaked: int,
    savings: Mapping[tuple[str, str], Saving],
    at_equal: tuple[Documents, float],
) -> Candidate:
    equal, bits = at_equal
    full = savings[name, "full"]
    same = savings.get((name, "equal"), full)
    half, equal_half = full.half_width(), same.half_width()
    size = _size(each)
    return Candidate(
        name=name,
        size=size,
        leaked_bytes=leaked,
        saving_bits=bits * full.whole,
        low_bits=bits * (full.whole - half),
        high_bits=bits * (full.whole + half),
        saving=full.whole,
        bits_per_byte=bits * full.whole / size,
        equal_size=_size(equal),
        equal_saving=same.whole,
        equal_low=same.whole - equal_half,
        equal_high=same.whole + equal_half,
    )


def _with_ties(
    each: Candidate, candidates: Sequence[Candidate], savings: Mapping[tuple[str, str], Saving]
) -> Candidate:
    own = savings[each.name, "full"]
    tied = []
    for other in candidates:
        theirs = savings[other.name, "full"]
        if other.name != each.name and not abs(own.whole - theirs.whole) > own.half_width(theirs):
            tied.append(other.name)
    return replace(each, not_distinguished_from=tuple(tied))


def _nothing_left(name: str, leaked: int) -> Candidate:
    return Candidate(
        name=name,
        size=0,
        leaked_bytes=leaked,
        saving_bits=math.nan,
        low_bits=math.nan,
        high_bits=math.nan,
        saving=math.nan,
        bits_per_byte=math.nan,
        equal_size=0,
        equal_saving=math.nan,
        equal_low=math.nan,
        equal_high=math.nan,
    )


def _greedy(
    coder: Coder, base: bytes, corpora: Mapping[str, Documents], target: bytes, bits: float, budget: int | None
) -> tuple[GreedyStep, ...]:
    """Return the corpora in the order in which each saves most given those before, until none saves anything."""
    read, saved, left = base, 0.0, math.inf if budget is None else float(budget)
    steps: list[GreedyStep] = []
    rest = dict(corpora)
    while rest and left >= 1:
        parts = {
            name: each if _size(each) <= left else each.prefix(left / _size(each), range(len(each)))
            for name, each in rest.items()
        }
        found = {
            name: float(conditional_lengths(coder, read + part.joined() + part.between, [target])[0][0])
            for name, part in parts.items()
        }
        best = min(found, key=lambda name: (found[name], name))
        gained = bits - saved - found[best]
        if steps and gained <= 0:
            break
        saved += gained
        steps.append(GreedyStep(name=best, size=_size(parts[best]), marginal_bits=gained, saving_bits=saved))
        read += parts[best].joined() + parts[best].between
        left -= _size(parts[best])
        del rest[best]
    return tuple(steps)


def _mixture(
    coder: Coder,
    base: bytes,
    corpora: Mapping[str, Documents | None],
    target: bytes,
    bits: float,
    budget: int | None,
    random: np.random.Generator,
) -> Mixture:
    """Return the best split of the budget, by default the size of the smallest corpus, on a grid of quarters."""
    sets = {name: each for name, each in corpora.items() if each is not None}
    size = min(_size(each) for each in sets.values())
    size = size if budget is None else min(size, budget)
    orders = {name: random.permutation(len(each)).tolist() for name, each in sets.items()}
    found: dict[tuple[int, ...], float] = {}
    for split in itertools.product(range(_GRID + 1), repeat=len(sets)):
        if sum(split) == _GRID:
            pieces = []
            for steps, (name, each) in zip(split, sets.items(), strict=True):
                if steps:
                    part = each.prefix(size * steps / _GRID / _size(each), orders[name]).joined()
                    pieces += [part[start : start + _MIXED_PIECE] for start in range(0, len(part), _MIXED_PIECE)]
            shuffled = [pieces[place] for place in np.random.default_rng(0).permutation(len(pieces))]
            mixed = base + b"".join(shuffled)
            found[split] = bits - float(conditional_lengths(coder, mixed, [target])[0][0])
    best = max(found, key=lambda split: (found[split], split))
    alone = max(saved for split, saved in found.items() if max(split) == _GRID)
    shares = {name: steps / _GRID for name, steps in zip(sets, best, strict=True)}
    return Mixture(shares=shares, size=size, saving_bits=found[best], best_alone_bits=alone)


def _leak_warning(name: str, leaked: int, left: Documents | None) -> str:
    if left is None:
        return f"{name!r} holds the target or consists of its passages; it was left out"
    return (
        f"{leaked:,} bytes of {name!r} are in documents or pieces that contain passages of the target; they were left "
        "out"
    )


def _caveats(
    coder: Coder, ranking: TargetRanking, corpora: Mapping[str, Documents], target: Documents, least: int
) -> list[str]:
    longest = max(_size(each) for each in corpora.values()) + ranking.context_size
    found = diagnose(coder, longest, sample=[target.joined()])
    if _size(target) < _SMALLEST:
        found.append(f"the target has only {_size(target):,} bytes, so that all savings say little")
    if least < _SMALLEST:
        small = min(corpora, key=lambda name: _size(corpora[name]))
        found.append(f"{small!r} has only {least:,} bytes, so that the savings at equal bytes say little")
    worse = [each.name for each in ranking if each.high_bits < 0]
    if worse:
        names = ", ".join(map(repr, worse))
        forgets = "the coder forgets what the context taught it" if ranking.context_size else "its statistics mislead"
        found.append(f"{names}: T becomes longer; {forgets}")
    layouts = layouts_of(coder, [target.joined(), *(each.joined() for each in corpora.values())])
    for name, each, layout in zip(corpora, corpora.values(), (layouts or [])[1:], strict=False):
        if layouts and is_blind((layouts[0], layout), (_size(target), _size(each))):
            found.append(f"{coder} codes T and {name!r} in different layouts, each without the other; set its layout")
    return found
