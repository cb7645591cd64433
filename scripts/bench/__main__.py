"""How fast is it: ``python scripts/bench CASE ...`` (``--list`` names them).

Times the variants of each case in turns and prints a table. ``--store`` keeps the results in ``docs/speed.json`` and
makes the tables of ``docs/speed.md`` anew; a ratio that fell by more than a tenth says what it was.
"""

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import torch  # noqa: E402
from bench import costs, micro, nvlabs, steps  # noqa: E402
from bench.harness import run  # noqa: E402
from bench.table import compare, rewrite, table  # noqa: E402
from bench.worker import work  # noqa: E402

CASES = {case.name: case for case in [*steps.CASES, *nvlabs.CASES, *costs.CASES, *micro.CASES]}
STORED, DOCUMENT = ROOT / "docs" / "speed.json", ROOT / "docs" / "speed.md"


def main() -> None:
    """Measure, print, store."""
    if sys.argv[1:2] == ["--worker"]:
        case, name, values = sys.argv[2:]
        work(next(v for v in CASES[case].variants if v.name == name), Path(values))
        return
    options = _parse()
    if options.nvlabs:
        os.environ[nvlabs.CHECKOUT] = str(options.nvlabs.resolve())
    chosen = [case for name, case in CASES.items() if any(fnmatch(name, word) for word in options.cases)]
    results = {}
    for case in chosen:
        print(f"{case.name}: {len(case.variants)} variants, {options.repeats or case.repeats} turns", file=sys.stderr)
        results[case.name] = run(case, options.repeats) | {"machine": machine()}
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    compare(results, stored)
    for kind in dict.fromkeys(case.kind for case in chosen):
        print(f"\n{kind}\n\n{table(results, kind)}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if options.store:
        merged = {name: (stored | results)[name] for name in CASES if name in stored | results}
        STORED.write_text(json.dumps(merged, indent=1) + "\n")
        rewrite(DOCUMENT, merged)
        print(f"\nwrote {STORED} and {DOCUMENT}")


def machine() -> dict[str, Any]:
    """Say what the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="names, or patterns such as 'step-64-*'")
    parser.add_argument("--nvlabs", type=Path, help="a checkout of NVlabs/stylegan2-ada-pytorch, for its cases")
    parser.add_argument("--repeats", type=int, help="turns of each variant")
    parser.add_argument("--json", type=Path, help="write the results there")
    parser.add_argument("--store", action="store_true", help="keep the results and renew docs/speed.md")
    parser.add_argument("--list", action="store_true", help="name the cases")
    options = parser.parse_args()
    if options.list or not options.cases:
        print("\n".join(CASES))
        sys.exit()
    return options


if __name__ == "__main__":
    main()
