# make chat: everything from a fresh clone to a chat in the browser.   make test: everything that must pass.
PYTHON ?= python3
PORT ?= 7860
LIBRARY ?= .yinju
BIN := .venv/bin
STAMP := .venv/.installed
# PyPI's torch for Linux brings gigabytes of CUDA; the CPU build has an index of its own.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
export GRADIO_ANALYTICS_ENABLED := False

.PHONY: install install-locked chat test test-slow lint bench lock sbom audit licences
TOOLS := build/tools

install: $(STAMP)

$(STAMP): constraints.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@torch=$$(sed -n 's/^torch==//p' constraints.txt); \
	if [ "$$(uname -s)" = Linux ]; then \
	  $(BIN)/pip install -q "torch==$$torch+cpu" 2>/dev/null || $(BIN)/pip install -q "torch==$$torch+cpu" --index-url $(TORCH_INDEX) --extra-index-url https://pypi.org/simple; \
	else $(BIN)/pip install -q "torch==$$torch"; fi
	$(BIN)/pip install -q -c constraints.txt -e '.[dev,ocr,milvus,cluster]'
	@# The OCR asks for opencv-python, which needs libGL for windows that nobody opens here.
	$(BIN)/pip uninstall -qy opencv-python
	$(BIN)/pip install -q --no-deps --force-reinstall -c constraints.txt opencv-python-headless
	touch $(STAMP)

# The same, but nothing that is not listed with its hash in supply/requirements.lock (Linux: CPython 3.11 on x86-64).
install-locked:
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --no-deps --require-hashes -r supply/requirements.lock 2>/dev/null || $(BIN)/pip install -q --no-deps --require-hashes -r supply/requirements.lock --extra-index-url $(TORCH_INDEX)
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $(STAMP)

chat: install
	$(BIN)/python -m ui index corpus/sample --library $(LIBRARY)
	$(BIN)/python -m ui serve --library $(LIBRARY) --port $(PORT) --examples corpus/sample/questions.jsonl

test: install
	@test -x /usr/bin/chromium || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -q >/dev/null && apt-get install -qy chromium fonts-noto-cjk >/dev/null; } || true
	@test -x /usr/bin/chromium || { echo "make test needs Chromium at /usr/bin/chromium; install it with: apt-get install chromium fonts-noto-cjk" >&2; exit 1; }
	@# Two at a time: more would want more memory than a laptop has.
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: install
	$(BIN)/python -m pytest -m slow

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m bench.cmrc
	$(BIN)/python -m bench.decode
	$(BIN)/python -m bench.ocr

# What Yinju is made of. These need packages of their own, which stay out of .venv.
$(TOOLS)/.installed: supply/tools.txt
	test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install -q -r supply/tools.txt
	touch $@

lock: $(TOOLS)/.installed
	$(TOOLS)/bin/python supply/lock.py

sbom: install $(TOOLS)/.installed
	$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o build/sbom.json $(BIN)/python
	@echo build/sbom.json

audit: install $(TOOLS)/.installed
	$(TOOLS)/bin/python supply/audit.py .venv

licences: install
	$(BIN)/python -m supply.licences > docs/licences.md
