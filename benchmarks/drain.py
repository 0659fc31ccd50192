"""One worker process of the pipeline benchmark: `python -m benchmarks.drain ours|baseline`.

Drains what is due (to be warm), says "ready"; then, for each line it reads, drains again and says how many it has worked.
"""

import sys

import benchmarks.django_ready as _ready

# isort: split
from benchmarks import baseline_orm
from intake import runner

_DRAINS = {"ours": runner.drain, "baseline": baseline_orm.drain}


def main() -> None:
    assert _ready.application
    drain = _DRAINS[sys.argv[1]]
    drain()
    print("ready", flush=True)
    for _line in sys.stdin:
        print(drain(), flush=True)


if __name__ == "__main__":
    main()
