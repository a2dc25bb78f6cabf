"""Files through the workers: tasks read and cut them, actors embed, and what comes is a reader for `rag.refresh`.

Ray Data's streaming executor carries the rows, in blocks of about one row, and holds workers back where rows are not
taken: so many files or bytes as a round has are handed out at once, and memory does not grow with the archive.
"""

import os
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corpus import UnreadableFile, YinjuError
from corpus.files import Unlisted, read_stable
from corpus.store import Store
from embeddings import Encoder
from rag.batch import Batch
from rag.cluster.arrivals import Arrivals, Expected
from rag.cluster.connect import EMBEDS, Share
from rag.cluster.desk import Claims, Clerk, Desk
from rag.cluster.rows import Row, from_table
from rag.cluster.work import Embed, FileToRead, Work, group_item, read_group
from rag.indexing import Found
from rag.reading import Reader, ReadHere, Status

# Files that one task reads: so many, or as many bytes.
GROUP_FILES, GROUP_BYTES = 32, 1 << 20
# Files of a round. Between two rounds the workers load the model again, some seconds.
ROUND_FILES, ROUND_FOUND = 100_000, 300_000
# Files that workers cannot see are sent to them: of a round so many bytes, none that is larger than that.
SENT_ROUND, SENT_LARGEST = 256 << 20, 64 << 20
# Bytes from which on a row becomes a block of its own: each does, so that what is embedded is not kept back until its task is done.
BLOCK = 1
# Rows that a GPU is given at once, of up to 64 texts.
GPU_ROWS = 8
# Files that are done by this process after all, where their worker was killed each of three times.
GIVEN_UP = 16
# How often texts are embedded again whose worker was lost.
RETRIES = 5
# Seconds for a machine to say whether it sees a file.
LOOKS = 60.0


@dataclass(frozen=True)
class Wanted:
    """A file that is to be read, by what name, and how it was at `read_ns`."""

    path: Path
    name: str
    status: os.stat_result
    read_ns: int


@dataclass(frozen=True)
class Round:
    """Files that are handed out at once: all that were `found`, of which those that are `wanted` are to be read; `sent` with their bytes."""

    found: list[Found]
    wanted: list[Wanted]
    sent: bool


class RayWorkers:
    """Workers of a cluster that this process has joined; `load` gives them another encoder than the model's name does."""

    def __init__(self, share: Share, load: Callable[[str], Encoder] | None = None) -> None:
        self.share = share
        self._load = load

    def rounds(self, found: Iterable[Found], name_of: Callable[[Path, str, Path], str | None]) -> Iterator[Round]:
        """What was found, in its order; `name_of` gives the name that a file (path, name, root) is to be read by, None where it need not be."""
        some = Round([], [], False)
        size = 0
        for each, root in found:
            some.found.append((each, root))
            wanted = None if isinstance(each, Unlisted) else _wanted(*each, name_of(*each, root))
            if wanted is not None:
                if not some.wanted:
                    some = replace(some, sent=not _is_visible(wanted))
                some.wanted.append(wanted)
                size += wanted.status.st_size if some.sent else 0
            if len(some.wanted) >= ROUND_FILES or len(some.found) >= ROUND_FOUND or size >= SENT_ROUND:
                yield some
                some, size = Round([], [], False), 0
        yield some

    @contextmanager
    def reading(self, some: Round, library: Store, batch: Batch, here: ReadHere) -> Iterator[Reader]:
        """The reader of a round's files, in their order; others it reads here.

        Left in whatever way, what has arrived is stored. Raises YinjuError where the cluster is lost.
        """
        if not some.wanted:
            yield here
            return
        groups = _groups(some, self.share.workers)
        expected = {
            Path(os.path.abspath(each.path)): Expected(number, group, each.name, Status(
                "", each.status.st_size, each.status.st_mtime_ns, each.status.st_ctime_ns, each.read_ns))
            for group, files in enumerate(groups) for number, each in files
        }  # fmt: skip
        work = Work(library.model, here.settings, self.share.threads, self.share.gpu, self._load)
        claims = Claims(library.held)
        with _desk() as desk, Clerk(desk, claims):
            rows = _rows([group_item(group, list(_to_read(files, some.sent))) for group, files in enumerate(groups)], work, self.share, desk)
            arrivals = Arrivals(rows, expected, library, batch, here, claims)
            try:
                yield arrivals
                arrivals.finish()
            finally:
                rows.close()
                arrivals.store()


def _wanted(path: Path, _: str, name: str | None) -> Wanted | None:
    if name is None:
        return None
    read_ns = time.time_ns()
    try:
        return Wanted(path, name, path.stat(), read_ns)
    except OSError:  # who reads it says what is wrong
        return None


def _groups(some: Round, workers: int) -> list[list[tuple[int, Wanted]]]:
    """The numbered files, those together that one task reads."""
    groups: list[list[tuple[int, Wanted]]] = []
    # A few files are shared out among all workers.
    most, size = max(1, min(GROUP_FILES, len(some.wanted) // (4 * workers))), 0
    for number, each in enumerate(some.wanted):
        if some.sent and each.status.st_size > SENT_LARGEST:
            continue
        if not groups or len(groups[-1]) >= most or size >= GROUP_BYTES:
            groups.append([])
            size = 0
        groups[-1].append((number, each))
        size += each.status.st_size
    return groups


def _to_read(files: Sequence[tuple[int, Wanted]], sent: bool) -> Iterator[FileToRead]:
    for number, each in files:
        size, data = each.status.st_size, None
        if sent:
            with suppress(UnreadableFile):  # a worker does not find it either, and then it is for the driver to say
                data, now = read_stable(each.path, each.name)
                if (now.st_size, now.st_mtime_ns) != (size, each.status.st_mtime_ns):
                    data = None
        yield FileToRead(number, os.fsencode(os.path.abspath(each.path)), each.name, size, each.status.st_mtime_ns, data)


def _is_visible(file: Wanted) -> bool:
    """Whether every machine of the cluster sees a file as this one does."""
    import ray

    path, told = os.path.abspath(file.path), (file.status.st_size, file.status.st_mtime_ns)
    nodes = [each["NodeID"] for each in ray.nodes() if each["Alive"] and each["Resources"].get("CPU", 0)]
    look = ray.remote(_look)
    looks = [look.options(num_cpus=0, scheduling_strategy=_on(node)).remote(path) for node in nodes]
    try:
        return all(each == told for each in ray.get(looks, timeout=LOOKS))
    except ray.exceptions.RayError:  # a machine that is going away: who does not see a file says so
        return True


def _look(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _on(node: str) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=False)


@contextmanager
def _desk() -> Iterator[Any]:
    """The desk, on this machine."""
    import ray

    here = _on(ray.get_runtime_context().get_node_id())
    desk = ray.remote(Desk).options(num_cpus=0, max_concurrency=10_000, scheduling_strategy=here).remote()
    try:
        yield desk
    finally:
        ray.kill(desk)


def _rows(items: list[dict[str, object]], work: Work, share: Share, desk: Any) -> Generator[Row, None, None]:
    """What the workers give, as it comes. Raises YinjuError where they cannot go on."""
    from ray.data import ActorPoolStrategy, DataContext, TaskPoolStrategy, from_items

    context = DataContext.get_current()
    context.target_max_block_size = BLOCK
    context.max_errored_blocks = GIVEN_UP
    arrow: dict[str, Any] = {"batch_format": "pyarrow", "zero_copy_batch": True}
    reading = from_items(items, override_num_blocks=len(items)).map_batches(
        read_group, batch_size=1, fn_kwargs={"work": work, "desk": desk}, compute=TaskPoolStrategy(), num_cpus=1 - EMBEDS, **arrow
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # how often to try again has no other option yet
        embedding = reading.map_batches(
            Embed, batch_size=GPU_ROWS if share.gpu else 1, fn_constructor_args=(work,), num_cpus=share.cpus, num_gpus=1 if share.gpu else None,
            compute=ActorPoolStrategy(min_size=1, max_size=share.workers, initial_size=share.workers),
            ray_remote_args_fn=lambda: {"max_task_retries": RETRIES}, **arrow,
        )  # fmt: skip
    try:
        for table in embedding.iter_batches(batch_size=None, batch_format="pyarrow"):
            yield from from_table(table)
    except YinjuError:
        raise
    except Exception as reason:  # Ray's errors have no common class: a cluster lost, a worker without this program, no memory left
        first = (str(reason).strip().splitlines() or [type(reason).__name__])[-1]
        raise YinjuError(f"the cluster could not go on ({first}); what was stored is kept: see to it, and run the same command again") from reason
