# `make test` does its own set-up. What is done is skipped, and done again when a lock file changes.
PYTHON ?= python3
PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
SHELL := /bin/bash
export PATH
export SOLCX_BINARY_PATH := $(CURDIR)/tools/solc
export APE_DATA_FOLDER := $(CURDIR)/.ape

SOURCES := $(shell find contracts -name '*.sol' -not -path '*/.cache/*')
DEVNET := catenary/devnet.json.xz

.PHONY: help setup build demo test units coverage histories replay invariants abis mutants proofs slither gas load \
	history deploy oracle console devnet wheel site lint format sizes clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' $(MAKEFILE_LIST)

setup: .venv/.done node_modules/.done ## install the pinned Python and npm packages

.venv/.done: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

node_modules/.done: package-lock.json
	npm ci --no-audit --no-fund
	touch $@

build: .build/.done ## compile the contracts

# Ape does not see changed compiler settings, so every build starts anew.
.build/.done: ape-config.yaml $(SOURCES) | setup
	rm -rf .build/__local__.json contracts/.cache
	ape compile --verbosity WARNING
	rm -rf contracts/.cache # Ape looks at 500 files at most, and would take these for ours
	touch $@

demo: build ## play a restaking life on a node of its own, or on NETWORK=http://127.0.0.1:8545
	@env -u APE_FOUNDRY_HOST ape run demo $(if $(NETWORK),--network $(NETWORK)) $(ARGS)

test: build $(DEVNET) ## run the tests on two nodes at once; ARGS is passed on to pytest
	env -u APE_FOUNDRY_HOST ape test -n 2 $(ARGS)

units: setup ## run the unit tests and the attacks in Forge
	forge test --match-path 'tests/forge/{units,attack}/*'

coverage: setup ## measure how much of the contracts the unit tests in Forge reach, and name every gap
	python tools/coverage.py

histories: build ## play RUNS random histories of each kind on the contracts and on the model; others each time
	env -u APE_FOUNDRY_HOST RUNS=$(or $(RUNS),100) ape test -n 2 tests/model/test_histories.py

replay: build ## play the history that SCRIPT holds, as a failing one was printed
	env -u APE_FOUNDRY_HOST PYTHONPATH=. python $(SCRIPT)

invariants: setup ## call everything at random, 4,000 calls for each of RUNS, and ask for the promises after every call
	python tools/invariants.py $(or $(RUNS),250)

gas: build ## measure gas and write bench/gas.json; with CI=true or ARGS=--check compare with it instead
	env -u APE_FOUNDRY_HOST python -m bench.gas $(ARGS)

load: build ## as gas, in a pool with 10,000 stakers or STAKERS; writes bench/load.json or compares with it
	env -u APE_FOUNDRY_HOST python -m bench.load $(if $(STAKERS),--stakers $(STAKERS)) $(ARGS)

history: build ## make 100,000 events on Anvil and measure how long their history takes; ARGS as its --help says
	env -u APE_FOUNDRY_HOST python -m bench.history $(ARGS)

deploy: build ## deploy to NETWORK from ACCOUNT, as ARGS say; a local node is found by APE_FOUNDRY_HOST
	ape run deploy $(if $(NETWORK),--network $(NETWORK)) $(if $(ACCOUNT),--account $(ACCOUNT)) $(ARGS)

oracle: build ## deploy an oracle over a vault of NETWORK's deployment from ACCOUNT, as ARGS say
	ape run oracle $(if $(NETWORK),--network $(NETWORK)) $(if $(ACCOUNT),--account $(ACCOUNT)) $(ARGS)

console: build ## open ape console, with the contracts of NETWORK's deployment by name
	ape console $(if $(NETWORK),--network $(NETWORK))

devnet: $(DEVNET) ## keep a node with a state to try everything on, until Ctrl-C; ARGS is passed on to `catenary devnet`
	catenary devnet $(ARGS)

# What the devnet starts with: a part of the demo, played to its middle.
$(DEVNET): .build/.done tools/devnet.py $(wildcard demo/*.py)
	env -u APE_FOUNDRY_HOST PYTHONPATH=. python tools/devnet.py

wheel: $(DEVNET) ## build the package catenary into .build/wheel
	python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir .build/wheel .

abis: build ## write the ABIs that the package catenary ships
	python tools/abis.py

mutants: setup ## change the contracts in 3,200 places, one at a time, and see that a test fails; ARGS as its --help says
	python -m tools.mutants $(ARGS)

site: setup ## make a site of docs/ in .build/site
	PYTHONPATH=. zensical build --strict

lint: setup ## check style and types
	ruff check
	ruff format --check
	mypy
	forge fmt --check contracts tests/forge tests/proofs
	solhint --disc --noPoster 'contracts/**/*.sol' 'tests/{forge,proofs}/**/*.sol'

format: setup ## format the code
	ruff check --fix-only
	ruff format
	forge fmt contracts tests/forge tests/proofs

sizes: build ## check the size of the contracts
	python tools/sizes.py

.venv-audit/.done: requirements-audit.txt
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-audit.txt
	touch $@

# From nothing, as Slither takes every build that it finds.
.build/audit/.done: foundry.toml $(SOURCES) $(wildcard tests/proofs/*.sol) | setup .venv-audit/.done
	rm -rf .build/audit
	FOUNDRY_PROFILE=audit forge build --ast --extra-output storageLayout metadata
	touch $@

proofs: .build/audit/.done ## prove the mathematics for all inputs; ARGS is passed on to halmos
	.venv-audit/bin/python -m unittest tests/proofs/check_integers.py
	PATH=$(CURDIR)/.venv-audit/bin:$(PATH) FOUNDRY_PROFILE=audit halmos --config tests/proofs/halmos.toml $(ARGS)

slither: .build/audit/.done ## look for what docs/static-analysis.md does not explain
	FOUNDRY_PROFILE=audit .venv-audit/bin/python tools/findings.py

clean: ## remove what was built, but not what was installed
	rm -rf .build .mutants contracts/.cache
