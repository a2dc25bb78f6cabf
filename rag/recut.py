"""A library's documents cut anew by its settings; what has the same words is not embedded again."""

from corpus.store import Store
from embeddings import Encoder
from rag.batch import Batch, prepared
from rag.engines import engine_of
from rag.indexing import Progress, silent
from rag.settings import Settings, save_settings


def recut(library: Store, encoder: Encoder, settings: Settings, progress: Progress = silent) -> None:
    """Keep `settings` in the library, and cut all its documents by them. Raises LibraryError as indexing does."""
    with library.writing():
        save_settings(library, settings)
        engine_of(library).begin(library)
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
        engine_of(library).finish(library)
    progress(len(labels), len(labels), "")
