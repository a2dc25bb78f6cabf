"""Indexing by the workers of a Ray cluster (`yinju index --ray`): they read, cut and embed, and the driver stores.

    with connected("local", 2) as share:
        index_paths([folder], library, encoder, workers=RayWorkers(share))

The library is what it would be without: what a document is called, what has changed and what is gone is decided by
`rag.refresh` in one place; only what it is given is read, cut and embedded elsewhere. Ray is imported when it is asked for.
"""

from rag.cluster.connect import Share, connected
from rag.cluster.pipeline import RayWorkers

__all__ = ["RayWorkers", "Share", "connected"]
