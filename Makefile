# make quickstart   train on the made-up corpus of fixtures/, evaluate, draw entities in raw text
# make test         all tests
# make mutants      changes the code in one place at a time: do the tests notice? MODULES="..." for a few
# make kills        kills trainings at 20 random moments: do they end as if there had been no kill?
# make fuzz         10,000 corpora a format with something wrong in them: is it said? INPUTS=... for others
# make lint         formatting, style and types
# make docs         the documentation as a site, in output/site; fails on a broken link
# make lock         requirements.txt anew, from requirements.in and the overrides beside it
# make clean        removes what these made
# Each makes the virtual environment .venv first, if it is missing or older than what it is made from.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TORCH := $(shell sed -n 's/^torch==[^ ]*/&/p' requirements.txt)

.PHONY: quickstart test mutants kills fuzz lint docs lock clean

quickstart: $(VENV)/installed
	rm -rf output/quickstart
	$(BIN)/allennlp train training_config/quickstart.jsonnet -s output/quickstart
	$(BIN)/allennlp evaluate output/quickstart/model.tar.gz fixtures/quickstart/test.jsonl
	$(BIN)/allennlp draw-entities output/quickstart/model.tar.gz fixtures/quickstart/raw.txt

test: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --maxprocesses 4

mutants: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.mutants.run $(if $(AGAIN),--again) $(MODULES)

kills: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.training.kills

fuzz: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.data.formats.fuzz $(or $(INPUTS),10000)

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

lock: $(VENV)/installed-dev
	$(BIN)/uv pip compile requirements.in --output-file requirements.txt --upgrade --no-config \
	    --universal --fork-strategy fewest --python-version 3.11 \
	    --override requirements-overrides.txt \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

clean:
	rm -rf $(VENV) output build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache

# torch goes first, with its dependencies: its CUDA libraries differ from machine to machine and are
# not in the lock. The rest goes in as locked, without AllenNLP's own bounds.
$(VENV)/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install $(TORCH)
	$(BIN)/pip install --no-deps --requirement requirements.txt
	$(BIN)/pip install --no-build-isolation --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(BIN)/pip install --requirement requirements-dev.txt
	touch $@
