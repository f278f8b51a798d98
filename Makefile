# Thin: each target calls a script that can be read on its own.
.PHONY: demo test bench

demo: ## run the bundled examples from end to end
	@scripts/demo

test: ## run every test
	@scripts/test

bench: ## measure, as one table of ratios in docs/BENCHMARKS.md
	@scripts/bench
