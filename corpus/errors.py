"""What can go wrong, said to the person who sees it.

Every message names the file or value at fault and the remedy; the command line prints it as one
sentence and exits with status 2.
"""


class YinjuError(Exception):
    """Something the user can mend: the message says what is wrong and what to do."""


class UnreadableFile(YinjuError):
    """One file cannot be read as a document; the others go on."""


class LibraryError(YinjuError):
    """A library is missing, is not one, is busy, or belongs to another model or version."""


class DamagedLibrary(LibraryError):
    """A library's database cannot be read: it is garbage, or a part of it is."""


class DamagedDocument(LibraryError):
    """A document of a library is not what was stored; the others are as they were."""


class ModelError(YinjuError):
    """An embedding model cannot be found, built or loaded."""


class QuestionError(YinjuError):
    """A question, or a set of them, cannot be asked."""
