from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TRIALS = int(os.environ.get("RAG_KILL_TRIALS", "26"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the indexer that is killed")
def test_a_killed_indexer_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    """`RAG_KILL_TRIALS=400` is the long run: 200 random instants and 200 named steps."""
    seed = os.environ.get("RAG_KILL_SEED", "11")
    script = Path(__file__).with_name("killing.py")
    done = subprocess.run(
        [sys.executable, str(script), str(TRIALS), seed, str(tmp_path / "kill")],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    summary = json.loads(done.stdout)
    assert summary["wrong"] == []
    assert summary["instants"] + summary["steps"] == TRIALS
