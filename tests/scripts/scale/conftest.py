"""Make the scripts importable, as running one of them does."""

import sys
from pathlib import Path

SCALE = Path(__file__).parents[3] / "scripts" / "scale"
if str(SCALE) not in sys.path:
    sys.path.insert(0, str(SCALE))
