# Two commands are enough: `make demo` runs everything on the built-in model, `make test` runs the tests.
# They share one environment in .venv and bring their own uv where there is none. No root, no lock file.

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON := .venv/bin/python
READY := .venv/.ready
BENCH := .venv/.bench

.PHONY: help demo real real-tests test check faults bench bench-gpu models clean
.DEFAULT_GOAL := help

help:  ## Show this list.
	@grep -hE '^[a-z-]+: .*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(READY)  ## All experiments on the built-in model, then the explorer.
	@$(PYTHON) -m neurontui.tui demo --out results.duckdb

real: $(READY)  ## The paper's experiments on Gemma 3 270M; asks before it installs. Options: ARGS="--quick".
	@PATH="$(abspath $(dir $(UV))):$$PATH" $(PYTHON) -m neurontui.tui demo --real $(ARGS)

real-tests: $(READY)  ## Compare real weights with plain PyTorch, nnsight and transformers; skipped without weights.
	@$(PYTHON) -m pytest -n 0 -q -rsP -m real tests/real

test: $(READY)  ## Every quick test.
	@$(PYTHON) -m pytest -n 2 --dist loadgroup -q

check: $(READY)  ## Lint, types, import contracts.
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports

faults: $(READY)  ## Long fault and fuzz runs; writes the table in docs/security.md.
	@$(PYTHON) -m pytest -n 2 --dist loadgroup -q -m 'faults or tallied' -p tests.faults.tallies

bench: $(BENCH)  ## Benchmarks: ratios from one run on this machine.
	@$(PYTHON) -m tests.benchmarks

bench-gpu: $(READY)  ## Check and benchmark on a GPU: same numbers as the CPU, speed and memory of a 7B model.
	@$(PYTHON) -m tests.gpu

models: $(READY)  ## Try every text architecture of transformers; writes docs/models.md.
	@OMP_NUM_THREADS=1 $(PYTHON) -m tests.architectures

clean:  ## Remove what the other targets made.
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache

$(READY): pyproject.toml constraints.txt $(filter .uv/%,$(UV))
	@$(UV) venv --quiet --allow-existing --python '>=3.11' .venv
	@$(UV) pip install --quiet --compile-bytecode --python $(PYTHON) -c constraints.txt -e '.[compute]' --group dev
	@touch $(READY)

$(BENCH): $(READY)
	@$(UV) pip install --quiet --compile-bytecode --python $(PYTHON) -c constraints.txt -e '.[compute]' --group dev --group bench
	@touch $(BENCH)

.uv/bin/uv:
	@echo 'Bringing uv into .uv …'
	@python3 -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv
