import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_both_figures_stand_against_what_is_wanted(tmp_path: Path) -> None:
    options = "--device cpu --precision fp32 --shape tiny --hidden 16 --rounds 1 --token-budget 512"
    ended = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "on_gpu.py", *options.split()],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    *_, environment, _, _, _, step, rate = ended.stdout.splitlines()
    assert "torch" in environment
    # Of so small an encoder the rest is a multiple.
    assert [cell.strip() for cell in step.split("|")[3:5]] == ["at most 1.3", "MISSED"]
    assert [cell.strip() for cell in rate.split("|")[3:5]] == ["at least 0.6", "MISSED"]
    assert float(step.split("|")[2]) > 1.3
    assert 0 < float(rate.split("|")[2]) < 0.6
