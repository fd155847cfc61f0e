"""Collecting the tests imports neither torch nor transformers, which take seconds in each process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
REPORT = """
import sys

def pytest_collection_finish(session):
    print("loaded:", *(name for name in ("torch", "transformers") if name in sys.modules))
"""


def test_collection_imports_no_neural_library(tmp_path: Path) -> None:
    (tmp_path / "report_of_imports.py").write_text(REPORT)
    neural = re.compile("torch|transformers|neural")
    files = [path for path in TESTS.rglob("test_*.py") if neural.search(path.read_text(encoding="utf-8"))]
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "report_of_imports"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *map(str, files)],
        cwd=TESTS.parent,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert "loaded:\n" in run.stdout, re.findall("loaded:.*", run.stdout)
