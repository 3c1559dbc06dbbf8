import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("documented_commands.py")
TEXT = """
# Title

```bash
export NAME=world
```

<!-- not run -->
```bash
exit 3
```

```console
$ echo "hello $NAME" \\
    0.25
hello world 0.75
$ true
```

```json
{"not": "run"}
```

```python
print("one", 1.5)
print("two")
```
```text
one 2.5
%s
```
"""


def run(folder: Path, last: str) -> "subprocess.CompletedProcess[str]":
    file = folder / "README.md"
    file.write_text(TEXT % last, encoding="utf-8")
    command = f"{sys.executable} {RUNNER} README.md | bash -euo pipefail"
    return subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("last", ["two", "..."])
def test_what_is_documented_is_run_and_compared(tmp_path, last):
    done = run(tmp_path, last)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "hello world 0.25\none 1.5\ntwo\n"


def test_other_output_than_documented_is_an_error(tmp_path):
    done = run(tmp_path, "three")
    assert done.returncode == 1
    assert "documented:\none 2.5\nthree\n" in done.stderr
    assert "printed:\none 1.5\ntwo\n" in done.stderr


def test_a_failing_command_ends_the_run(tmp_path):
    file = tmp_path / "README.md"
    file.write_text("```bash\nfalse\necho after\n```\n", encoding="utf-8")
    command = f"{sys.executable} {RUNNER} README.md | bash -euo pipefail"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
