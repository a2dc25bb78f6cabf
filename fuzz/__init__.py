"""Fuzzing: bytes of any kind go into every part that reads what others have written.

    python -m fuzz                        # the targets, and how many inputs are kept of each
    python -m fuzz docx --seconds 180     # one of them
    python -m fuzz all --seconds 60       # each, one after the other

Each target is one file in `fuzz/targets/`: what is done with the bytes, and seeds, which are made in code. Inputs that
once did harm are kept in `fuzz/corpus/TARGET/` and read again by `make test` (tests/test_fuzz.py). docs/fuzzing.md says what was found.
"""
