"""One run of one target by libFuzzer, in a process of its own: `python -m fuzz.once TARGET [libFuzzer's options] [FOLDER …]`."""

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

if TYPE_CHECKING:
    from fuzz.target import Change

# Whose coverage leads the way, wherever a target comes to them.
WATCHED = ["corpus", "rag", "eval", "ui", "docx", "email", "markdown_it", "openpyxl", "PIL", "pptx", "striprtf", "tarfile", "trafilatura", "zipfile"]


def main() -> None:
    name, *options = sys.argv[1:]
    os.environ["YINJU_NO_CACHE"] = "1"
    with atheris.instrument_imports(include=WATCHED, enable_loader_override=False):
        # Only here: what was imported before is not watched. Readers import what they use with the first file.
        from fuzz import targets
        from fuzz.grown import grown
        from fuzz.target import checked

        target = targets.load(name)
        seeds = target.seeds()
        for each in seeds.values():
            target.check(each)
    with tempfile.TemporaryDirectory() as folder:
        first, words = Path(folder) / "seeds", Path(folder) / "words"
        first.mkdir()
        for label, each in {**grown(name), **seeds}.items():
            (first / label).write_bytes(each)
        given = [f"-max_len={target.longest}"]
        if target.words:
            given.append(f"-dict={words}")
        words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in each) + '"\n' for each in target.words))
        more = {} if target.change is None else {"custom_mutator": _mutator(target.change)}
        # libFuzzer starts itself again by its first argument where it merges.
        atheris.Setup([f"{sys.executable} -m fuzz.once {name}", *options, str(first), *given], lambda data: checked(target, data), **more)
        atheris.Fuzz()


def _mutator(change: "Change") -> "Change":
    """Every other time libFuzzer's own."""
    return lambda data, longest, seed: change(data, longest, seed) if seed % 2 else atheris.Mutate(data, longest)


if __name__ == "__main__":
    main()
