# make demo: install, then extract -> train -> convert on two demo clips.   make test: install, then all tests.
# make check: what is quick of them.
PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python
# Spinning OpenMP threads are ruinous on a busy machine.
export OMP_WAIT_POLICY = passive
export NO_ALBUMENTATIONS_UPDATE = 1

.PHONY: help install demo check test lint docs clean

help:
	@echo "make demo     install into $(VENV), then extract, train and convert the demo clips (about 8 minutes)"
	@echo "make check    install into $(VENV), then run ruff, mypy and the quick tests (about 2 minutes)"
	@echo "make test     install into $(VENV), then run ruff, mypy and all tests (about 12 minutes on two cores)"
	@echo "make lint     ruff and mypy"
	@echo "make docs     the pages of docs/ with those of the Python API, into build/site (warnings are errors)"
	@echo "make clean    remove $(VENV) and caches"

# The stamp is newer than what decides the installation, so a second make skips it.
$(VENV)/installed: setup.cfg setup.py pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "faceswap needs Python 3.11, 3.12 or 3.13; this is `$(PYTHON) --version`. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet -c constraints.txt -e '.[dev,onnx,web,postgresql]'
	@# albumentations asks for the headless OpenCV, other packages for the full one; both write the same cv2/. The headless
	@# files need no libGL or X11, so they are laid down last.
	$(RUN) -m pip install --quiet --force-reinstall --no-deps -c constraints.txt opencv-python-headless
	@touch $@

install: $(VENV)/installed

demo: install
	$(RUN) -m faceswap.demo

# Two workers with a thread each. Each gets half of the tests in their order, so that those of a file share what is dear
# to make; who is done first takes over from the other.
PYTEST = OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist worksteal

test: install lint
	$(PYTEST)

check: install lint
	$(PYTEST) -m "not slow"

lint: install
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

docs: install
	$(RUN) -m pip install --quiet -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
