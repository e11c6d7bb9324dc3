"""python -m trl_runtime"""

import sys
from typing import Any

from syllabus_runtime.__main__ import main


def load() -> Any:
    from syllabus_runtime.trainer import TrainerOperations

    from .program import Trl

    return TrainerOperations(Trl())


if __name__ == "__main__":
    sys.exit(main(load))
