"""How fast leadops is, against baselines measured in the same run. `python -m benchmarks --help`."""
