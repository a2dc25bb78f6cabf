"""To a Ray cluster, or to one that is started on this machine for the while: quietly, and in one sentence where that fails."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from corpus import YinjuError
from embeddings.engine import cores

LOCAL = "local"
# Bytes that local workers share; what is more waits on the disk.
STORE = 200 << 20
# Seconds that an address may take to answer.
PATIENCE = 5.0
# A worker embeds on so many cores at most: fewer, larger workers load the model less often.
THREADS = 4
# Of each core of a worker so much embeds, as Ray counts, and the rest reads.
EMBEDS = 0.75
# How often Ray is started on this machine.
TRIES = 3


@dataclass(frozen=True)
class Share:
    """Workers that embed, each with so many cores, or with a GPU."""

    workers: int
    threads: int
    gpu: bool

    @property
    def cpus(self) -> float:
        """What Ray counts of a worker's cores."""
        return 0.25 if self.gpu else EMBEDS * self.threads


@contextmanager
def connected(address: str, workers: int | None) -> Iterator[Share]:
    """Meanwhile there are workers. Raises YinjuError where Ray is not installed, or no cluster answers at the address."""
    ray = _ray(address)
    if address != LOCAL:
        _require_answer(address)
    options: dict[str, Any] = {"num_cpus": max(cores(), workers or 1), "object_store_memory": STORE, "include_dashboard": False}
    _quiet()
    given = {name: os.environ[name] for name in ("YINJU_NO_CACHE", "YINJU_DEBUG") if name in os.environ}
    _join(ray, address, given, options)
    try:
        yield share_of([each["Resources"] for each in ray.nodes() if each["Alive"]], workers)
    finally:
        ray.shutdown()


def _join(ray: Any, address: str, given: dict[str, str], options: dict[str, Any]) -> None:
    for left in reversed(range(TRIES)):
        try:
            ray.init(
                address if address != LOCAL else LOCAL, log_to_driver=False, logging_level=logging.CRITICAL, configure_logging=False,
                runtime_env={"env_vars": given}, **(options if address == LOCAL else {}),
            )  # fmt: skip
            return
        except Exception as reason:
            # With a bare Exception Ray says that its own processes took longer to start than half a minute, as on a busy machine.
            if address == LOCAL and left and type(reason) is Exception:
                ray.shutdown()
                continue
            first = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
            raise YinjuError(
                f"no Ray cluster could be joined at {address} ({first}); run this on a machine of the cluster "
                "(ray start --address=HOST:PORT), with the same versions of Python and Ray, or give --ray local"
            ) from None


def share_of(nodes: list[dict[str, float]], workers: int | None, most: int = THREADS) -> Share:
    """How the work is shared among machines with these resources; raises YinjuError where they have none."""
    gpus = sum(int(each.get("GPU", 0)) for each in nodes)
    if gpus:
        return Share(min(workers or gpus, gpus), 1, True)
    counts = [int(each["CPU"]) for each in nodes if each.get("CPU", 0) >= 1]
    if not counts:
        raise YinjuError("the cluster has no CPUs to work with; start its machines with some (ray start --num-cpus=N)")
    threads = max(1, min(most, *counts, sum(counts) // workers if workers else most))
    return Share(workers or sum(each // threads for each in counts), threads, False)


def _ray(address: str) -> Any:
    # Read when Ray is imported. The one named after other systems keeps all that is started here to the loopback address.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0" if address == LOCAL else "1")
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    # It waits thirty seconds for its own first process, which a busy machine may need longer to start.
    os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "120")
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError as reason:
        raise YinjuError(f"--ray needs Ray, which is not installed ({reason}); run: pip install 'yinju[cluster]'") from None
    return ray


def _require_answer(address: str) -> None:
    """Raises YinjuError where nothing answers: Ray itself would try for a minute, and then end the process."""
    if address == "auto":
        return
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or "/" in host or not 1024 <= int(port) <= 65535:
        raise YinjuError(f"--ray {address} is no address of a cluster; give HOST:PORT (as ray start printed it), auto, or local")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except OSError as reason:
        raise YinjuError(
            f"no Ray cluster answers at {address} ({reason.strerror or reason}); start one with ray start --head, "
            "check the address, or give --ray local"
        ) from None


def _quiet() -> None:
    """Nothing of Ray's is printed: what is told is told by us, and the rest is in Ray's own logs."""
    from ray.data import DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    logging.getLogger("ray.data").setLevel(logging.INFO)
    for handler in logging.getLogger("ray.data").handlers:
        if handler.name == "console":
            handler.setLevel(logging.CRITICAL)
