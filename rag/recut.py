"""A library's documents cut anew by its settings; what has the same words is not embedded again."""

from corpus import Library
from embeddings import Encoder
from rag.batch import Batch, prepared
from rag.indexing import Progress, silent
from rag.posting import bring_up
from rag.settings import Settings, save_settings
from rag.vectors import save_index


def recut(library: Library, encoder: Encoder, settings: Settings, progress: Progress = silent) -> None:
    """Keep `settings` in the library, and cut all its documents by them. Raises LibraryError as indexing does."""
    with library.writing():
        save_settings(library, settings)
        bring_up(library)
        batch = Batch(library, encoder, lambda: None)
        labels = library.labels()
        for done, (_, name, _, _) in enumerate(labels):
            document = library.document(name)
            if document is not None:
                paths = (each for each in library.files.called(name) if name in library.known_documents(each))
                batch.put(*prepared(document, encoder, settings), next(paths, None))
            progress(done, len(labels), name)
        batch.flush()
        library.drop_unused()
        save_index(library)
    progress(len(labels), len(labels), "")
