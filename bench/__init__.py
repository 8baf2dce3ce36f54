"""Load figures of the programs' doors. Method: bench/README.md; results: docs/performance.md."""
