# Two commands do all of their own set-up:  `make` builds everything,  `make test` checks it.
# Nothing is installed outside .venv; `make clean` removes it and everything built.

PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
GROUPS := --group cluster --group test --group style
RUN_ALL_FLAGS ?=

.PHONY: all test test-slow quick lab bench calibration sbc check lock clean setup

all: $(READY)
	$(PY) run_all.py $(RUN_ALL_FLAGS)

quick: $(READY)
	$(PY) run_all.py --quick $(RUN_ALL_FLAGS)

test: $(READY)
	$(PY) -m pytest -m "not slow"

test-slow: $(READY)
	$(PY) -m pytest -m slow

lab: $(READY)
	$(VENV)/bin/jupyter lab --notebook-dir=.

# Times and memory on this machine, written to benchmarks/.
bench: $(READY)
	$(PY) -m benchmarks

# Spread of every rebuilt number over replicates of the synthetic study.
calibration: $(READY)
	$(PY) -m lendanear.checks.calibration

# Simulation-based calibration of the Bayesian models, to figures/sbc/.
sbc: $(READY)
	$(PY) -m lendanear.pipeline.sbc

# Reads only: reports what `ruff format` and `ruff check --fix` would change.
check: $(READY)
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

lock: $(READY)
	$(VENV)/bin/uv pip compile pyproject.toml $(GROUPS) --universal --python-version 3.11 \
	  --fork-strategy fewest --generate-hashes --upgrade -o requirements.lock

setup: $(READY)

$(READY): requirements.lock Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { \
	  echo "Python cannot make virtual environments (Debian: apt install python3-venv)"; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements.lock
	@$(PY) -c 'import pathlib, sysconfig; \
	  pathlib.Path(sysconfig.get_path("purelib"), "lendanear.pth").write_text("$(CURDIR)\n")'
	@touch $(READY)

# Keeps data/raw: files placed there by hand are not ours to delete.
clean:
	rm -rf $(VENV) build .pytest_cache .ruff_cache .hypothesis .pytask
	find figures -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
