# make demo    the main job in the window, on a generated sample: define, train, look at the results.
#              Without a screen it writes pictures; without even a virtual one it does without the window.
# make test    the tests
# make check   the static checks
# All set up what they need, in .venv.

PYTHON_ENVIRONMENT = OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
VIRTUAL_SCREEN = $(if $(shell command -v xvfb-run),xvfb-run -a -s "-screen 0 1600x1000x24")
SCREEN = $(if $(DISPLAY),,$(VIRTUAL_SCREEN))
DEMO = $(if $(DISPLAY),examples/window_demo.py,$(if $(SCREEN),examples/window_demo.py --pictures demo-pictures,examples/demo.py))
BIN = .venv/bin

.PHONY: demo test check style types floors manifest safety format docs setup clean

demo: setup
	$(SCREEN) $(BIN)/python $(DEMO)

test: setup
	$(PYTHON_ENVIRONMENT) $(SCREEN) $(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGUMENTS)

check: style types floors manifest safety

style: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

floors: setup
	$(BIN)/lint-imports

manifest: setup
	$(BIN)/npe2 validate src/napari_dacapo/napari.yaml

safety: setup
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
