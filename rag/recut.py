"""A library's documents cut anew by its settings; what has the same words is not embedded again."""

from corpus.store import Store
from embeddings import Encoder
from rag.batch import Batch, prepared
from rag.engines import engine_of
from rag.settings import Settings, library_settings, save_settings

# Of the library's meta: not empty while some documents are still cut as they were before the settings.
BEGUN = "recut"


def recut(library: Store, encoder: Encoder, settings: Settings) -> None:
    """Keep `settings` in the library, and cut all its documents by them; stopped, the next indexing goes on (`finish_recut`).

    Raises LibraryError as indexing does.
    """
    with library.writing():
        with library.changing():
            library.set_meta(BEGUN, "begun")
            save_settings(library, settings)
        engine_of(library).begin(library)
        batch = Batch(library, encoder, lambda: None)
        for _, name, _, _ in library.labels():
            document = library.document(name)
            if document is not None:
                paths = (each for each in library.files.called(name) if name in library.known_documents(each))
                batch.put(*prepared(document, encoder, settings), next(paths, None))
        batch.flush()
        library.set_meta(BEGUN, "")
        library.drop_unused()
        engine_of(library).finish(library)


def recut_begun(library: Store) -> bool:
    """Whether cutting anew was stopped, so that passages of two lengths stand in the library."""
    return bool(library.meta(BEGUN))


def finish_recut(library: Store, encoder: Encoder) -> None:
    """Cut anew what a stopped process has left. Raises LibraryError as indexing does."""
    if recut_begun(library):
        recut(library, encoder, library_settings(library))
