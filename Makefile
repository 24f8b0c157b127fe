# Each target sets up .venv when it is missing or older than what it is made from.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
REPEATED := tests/capture tests/faults tests/laws tests/testing
# The tests start hundreds of processes, which would each compile all that they import where nothing may be kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check docs bench soak listener mutants pythons wheel clean

run: $(READY)
	$(BIN)/python examples/week.py

# What is covered is what examples show case by case. What is drawn, played or done to a disk runs through the same
# lines thousands of times, which takes twice as long when each is noted: it runs by itself.
test: $(READY)
	$(BIN)/python -m pytest -n auto --cov --cov-report= $(REPEATED:%=--ignore=%)
	$(BIN)/python -m coverage report --include='src/workdiary/model/*,src/workdiary/rules/*,src/workdiary/policies/*,src/workdiary/statement.py' --fail-under=100
	$(BIN)/python -m coverage report --include='src/workdiary/diary/*,src/workdiary/store/*' --fail-under=95
	$(BIN)/python -m pytest -n auto $(REPEATED)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python -m pytest -q docs README.md tests/docs

bench: $(READY)
	$(BIN)/python -m benchmarks

soak: $(READY)
	$(BIN)/python -m benchmarks.soak
	WORKDIARY_SCHEDULES=1000000 $(BIN)/python -m pytest -q -n auto tests/capture/test_schedules.py

# What only a machine with a C compiler can install: pynput, which the tracker's own listener is compared with.
listener: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group listener

mutants: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group mutants
	$(BIN)/python -m benchmarks.mutants

pythons: $(READY)
	tests/pythons.sh

wheel: $(READY)
	tests/wheel.sh

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "workdiary needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	touch $(READY)

clean:
	rm -rf $(VENV) build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis mutants
