"""A process that backs up or restores, for tests that kill it: in small parts, so that there are many moments to be killed at."""

from pathlib import Path

from corpus import Library, backup
from corpus.backup import back_up
from corpus.restore import restore
from rag.vectors import save_index


def derive(library: Library) -> None:
    with library.writing():
        save_index(library)


def run_backup(library: str, file: str) -> None:
    backup.PAGES = 4
    back_up(Path(library), Path(file), force=True)


def run_restore(file: str, library: str) -> None:
    restore(Path(file), Path(library), derive)
