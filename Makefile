# make demo    the main job on a generated sample: define, train, validate, compare
# make test    the tests
# make check   the static checks
# All set up what they need, in .venv.

PYTHON_ENVIRONMENT = OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
SCREEN = $(if $(DISPLAY),,$(if $(shell command -v xvfb-run),xvfb-run -a))
BIN = .venv/bin

.PHONY: demo test check format docs setup clean

demo: setup
	$(BIN)/python examples/demo.py

test: setup
	$(PYTHON_ENVIRONMENT) $(SCREEN) $(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGUMENTS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/npe2 validate src/napari_dacapo/napari.yaml
	$(BIN)/bandit -q -r src -ll

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	$(BIN)/mkdocs build --strict --site-dir build/docs

setup:
	@bash scripts/setup.sh

clean:
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
