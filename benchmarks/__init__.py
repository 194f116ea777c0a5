"""Times and memory on the machine at hand: ``make bench`` writes ``benchmarks/results.md``."""
