"""The generated models are those of the schemas, and the reference is that of the doc comments."""

import subprocess
import sys
from pathlib import Path

import pytest

package = Path(__file__).parent.parent


@pytest.mark.parametrize("script", ["generate_models.py", "generate_reference.py"])
def test_what_is_generated_is_up_to_date(script: str) -> None:
    done = subprocess.run([sys.executable, script, "--check"], cwd=package, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
