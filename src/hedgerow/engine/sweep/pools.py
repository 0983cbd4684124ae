"""Who computes: this process, processes of this machine, or a Ray cluster. The same call for all.

Promises: only so many pieces are on their way at a time, whatever their number; a worker that dies is a named error.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from hedgerow.core.errors import problem

Work: TypeAlias = Callable[[Any], Any]
Run: TypeAlias = Callable[[Work, Iterator[Any]], Iterator[Any]]
AHEAD = 2
"""Pieces handed out for each worker: one that it computes, and one that waits."""


def here(work: Work, pieces: Iterator[Any]) -> Iterator[Any]:
    """One after the other in this process."""
    return map(work, pieces)


def processes(count: int) -> Run:
    """So many processes of this machine; results come as they are ready."""

    def run(work: Work, pieces: Iterator[Any]) -> Iterator[Any]:
        from concurrent.futures import FIRST_COMPLETED, Future, wait
        from concurrent.futures.process import BrokenProcessPool

        from loky import ProcessPoolExecutor

        pool = ProcessPoolExecutor(max_workers=count)
        waiting: set[Future[Any]] = set()
        try:
            for piece in pieces:
                waiting.add(pool.submit(work, piece))
                if len(waiting) >= count * AHEAD:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        except BrokenProcessPool as error:
            told = str(error).splitlines()[0]
            raise problem("RUN_WORKER", f"{told}; what was finished is kept if the sweep has a folder") from None
        finally:
            pool.shutdown(wait=True, kill_workers=True)

    return run


def cluster(url: str) -> Run:
    """A Ray cluster: `ray://HOST:PORT`, an address that Ray knows, or `local` for one of its own on this machine."""

    def run(work: Work, pieces: Iterator[Any]) -> Iterator[Any]:
        ray = _ray()
        mine = not ray.is_initialized()
        if mine:
            try:
                ray.init(address=None if url == "local" else url, include_dashboard=False, log_to_driver=False)
            except (ConnectionError, ValueError) as error:
                raise problem("RUN_WORKER", f"{url}: {error}") from None
        try:
            remote = ray.remote(_apply)
            shared = ray.put(work)
            ahead = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
            waiting: list[Any] = []
            for piece in pieces:
                waiting.append(remote.remote(shared, piece))
                if len(waiting) >= ahead:
                    done, waiting = ray.wait(waiting)
                    yield from ray.get(done)
            while waiting:
                done, waiting = ray.wait(waiting)
                yield from ray.get(done)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.WorkerCrashedError as error:
            raise problem("RUN_WORKER", f"{url}: {error}") from None
        finally:
            if mine:
                ray.shutdown()

    return run


def _apply(work: Work, piece: Any) -> Any:
    return work(piece)


def _ray() -> Any:
    if importlib.util.find_spec("ray") is None:
        raise problem("CLI_MISSING", "ray, for sweeps on a cluster: pip install 'hedgerow[cluster]'")
    import ray

    return ray


@contextmanager
def travelling(maker: Any) -> Iterator[None]:
    """While it lasts, what is defined in a file that other processes cannot import is sent to them by value."""
    import cloudpickle

    module = sys.modules.get(getattr(maker, "__module__", ""))
    alone = module is not None and module.__name__ != "__main__" and not _can_be_imported(module.__name__)
    if not alone or module is None or module.__name__ in cloudpickle.list_registry_pickle_by_value():
        yield
        return
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def _can_be_imported(name: str) -> bool:
    top = name.partition(".")[0]
    try:
        return any(finder.find_spec(top, None) is not None for finder in sys.meta_path if hasattr(finder, "find_spec"))
    except (ImportError, ValueError):
        return False
