# Every target does the set-up it lacks, and nothing twice. The work is in scripts/.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run build test check lint format bench soak docs install uninstall clean
.PHONY: package package-check

PROMPT ?= Why is the sky blue?
MODEL ?=
PREFIX ?= /usr/local
DESTDIR ?=
# as typed: a dollar in a prompt is a dollar
override PROMPT := $(value PROMPT)
export PROMPT MODEL PREFIX DESTDIR

help:
	@sed 's/^    //' scripts/help.txt

run:
	@scripts/install-packages build
	@[ -n "$$MODEL" ] || scripts/fetch-model
	@scripts/build release programs
	@scripts/run

build:
	@scripts/install-packages build
	@scripts/build release programs

test:
	@scripts/install-packages build test
	@scripts/test

check:
	@scripts/install-packages build check
	@scripts/check

lint:
	@scripts/install-packages build check
	@scripts/lint

format:
	@scripts/install-packages build check
	@scripts/lint --format

bench: build
	@scripts/install-packages build test
	@scripts/fetch-model
	@scripts/make-venv
	@scripts/make-venv bench
	@scripts/make-bench-node
	@THREADRUNNER_BIN=build/release/bin \
	THREADRUNNER_TEST_MODEL=build/deps/models/gemma-3-270m-q4_k_m.gguf \
	build/deps/bench-venv/bin/python bench/run

soak:
	@scripts/install-packages build check
	@scripts/soak

install: build
	@scripts/install

uninstall:
	@scripts/uninstall

package:
	@scripts/install-packages build package
	@scripts/package

package-check: package
	@scripts/install-packages package-check
	@scripts/fetch-model
	@scripts/package-check

docs: build
	@scripts/docs

clean:
	rm -rf build
