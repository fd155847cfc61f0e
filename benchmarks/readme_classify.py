"""Print the README's tables of classifiers from what `classify.py` recorded.

python benchmarks/readme_classify.py benchmarks/results/classify.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from classify import tables

if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    print("\n\n".join(tables([json.loads(line) for line in lines])))
