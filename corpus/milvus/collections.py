"""The two collections of a library in Milvus.

What one Milvus can do and another cannot is tried, and not told from its name: one that has no half-precision vectors gets single
ones, and whoever opens the collection sees which it has.
"""

from collections.abc import Callable
from typing import Any

from corpus.errors import LibraryError
from corpus.milvus.address import Address
from corpus.milvus.connection import Connection
from corpus.term_weights import K1, B

# Raised whenever a library of before is not read any longer.
FORMAT = 1
# Bytes of a text field, at most (Milvus' own limit), and what is kept of a text in one record.
LONGEST, PART = 65_535, 60_000
DENSE, TERMS = "vector", "terms"
# Texts in scripts without spaces and the others are found by a field each, for each field has one way to cut words.
FULL_TEXT = {"unspaced": ("by_unspaced", "jieba"), "spaced": ("by_spaced", "standard")}
# Of HNSW: neighbours of a vector, and how widely it is looked for them (bench/README.md).
NEIGHBOURS, BUILT_BY = 32, 360
LISTS = 1024


def passages_of(address: Address) -> str:
    return f"{address.name}_passages"


def records_of(address: Address) -> str:
    return f"{address.name}_records"


def create(connection: Connection, dimension: int) -> None:
    """Both collections, empty; one that is there stays. Raises LibraryError, also where the name is of something else."""
    if not connection.call("has_collection", records_of(connection.address)):
        if connection.call("has_collection", passages_of(connection.address)):
            raise LibraryError(f"{connection.address.text} has a collection {passages_of(connection.address)} that is of no library; choose another name")
        _create_records(connection)
    if not connection.call("has_collection", passages_of(connection.address)):
        _create_passages(connection, dimension)
    # Also of collections whose maker was stopped before it had made them.
    _make_ready(connection, records_of(connection.address), _record_indexes)
    _make_ready(connection, passages_of(connection.address), _passage_indexes)


def is_made(connection: Connection) -> bool:
    """Whether all indexes of both are there; they are not where whoever made them was stopped."""
    made = ((records_of(connection.address), _record_indexes), (passages_of(connection.address), _passage_indexes))
    return all({each["field_name"] for each in indexes(connection.address)} <= {*connection.call("list_indexes", name)} for name, indexes in made)


def load(connection: Connection) -> None:
    """Make both ready to be asked."""
    for each in (records_of(connection.address), passages_of(connection.address)):
        connection.call("load_collection", each)


def drop(connection: Connection) -> None:
    """Take both away, with all that is in them."""
    for each in (passages_of(connection.address), records_of(connection.address)):
        connection.call("drop_collection", each)


def _create_records(connection: Connection) -> None:
    from pymilvus import DataType

    with connection.explained():
        schema = connection.client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, max_length=512, is_primary=True)
        for name, length in (("kind", 32), ("name", LONGEST), ("label", LONGEST), ("parent", 64), ("hash", 64), ("data", LONGEST)):
            schema.add_field(name, DataType.VARCHAR, max_length=length)
        for name in ("number", "size"):
            schema.add_field(name, DataType.INT64)
        # A collection has to have a vector.
        schema.add_field("stub", DataType.FLOAT_VECTOR, dim=2)
        connection.client.create_collection(records_of(connection.address), schema=schema, consistency_level="Strong")


def _create_passages(connection: Connection, dimension: int) -> None:
    """Parted by document: what is of one is written, read and removed in one partition, and documents spread evenly."""
    try:
        _create_with(connection, dimension, halves=True)
    except LibraryError:
        _create_with(connection, dimension, halves=False)


def _create_with(connection: Connection, dimension: int, halves: bool) -> None:
    from pymilvus import DataType, Function, FunctionType

    address = connection.address
    with connection.explained():
        schema = connection.client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("document_id", DataType.VARCHAR, max_length=64, is_partition_key=True)
        schema.add_field("key", DataType.VARCHAR, max_length=32)
        schema.add_field("start", DataType.INT64)
        schema.add_field("end", DataType.INT64)
        schema.add_field("headings", DataType.VARCHAR, max_length=LONGEST)
        schema.add_field("is_unspaced", DataType.BOOL)
        schema.add_field("fields", DataType.JSON)
        schema.add_field(DENSE, DataType.FLOAT16_VECTOR if halves else DataType.FLOAT_VECTOR, dim=dimension)
        schema.add_field(TERMS, DataType.SPARSE_FLOAT_VECTOR)
        for name, (output, tokenizer) in FULL_TEXT.items():
            schema.add_field(name, DataType.VARCHAR, max_length=LONGEST, enable_analyzer=True, analyzer_params={"tokenizer": tokenizer})
            schema.add_field(output, DataType.SPARSE_FLOAT_VECTOR)
            schema.add_function(Function(name=output, function_type=FunctionType.BM25, input_field_names=[name], output_field_names=[output]))
        connection.client.create_collection(
            passages_of(address), schema=schema, num_partitions=address.partitions, num_shards=address.shards, consistency_level="Strong",
        )


def _make_ready(connection: Connection, collection: str, indexes: Callable[[Address], list[dict[str, Any]]]) -> None:
    """Make those of the indexes that are not there yet."""
    with connection.explained():
        there = connection.client.list_indexes(collection)
        missing = connection.client.prepare_index_params()
        for each in indexes(connection.address):
            if each["field_name"] not in there:
                missing.add_index(**each)
        if missing:
            # Of an empty collection an index is there at once; `sync` would wait half a second for each.
            connection.client.create_index(collection, missing, sync=False)


def _record_indexes(_: Address) -> list[dict[str, Any]]:
    words = [{"field_name": each, "index_type": "INVERTED"} for each in ("kind", "name", "parent", "hash")]
    return [{"field_name": "stub", "index_type": "FLAT", "metric_type": "IP"}, *words]


def _passage_indexes(address: Address) -> list[dict[str, Any]]:
    full_text = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25", "params": {"bm25_k1": K1, "bm25_b": B}}
    return [
        {"field_name": DENSE, "index_type": address.index, "metric_type": "IP", "params": _building(address.index)},
        {"field_name": TERMS, "index_type": "SPARSE_INVERTED_INDEX", "metric_type": "IP"},
        *({"field_name": output, **full_text} for output, _ in FULL_TEXT.values()),
        *({"field_name": each, "index_type": "INVERTED"} for each in ("document_id", "key")),
    ]


def _building(index: str) -> dict[str, Any]:
    if index.startswith("HNSW"):
        return {"M": NEIGHBOURS, "efConstruction": BUILT_BY} | ({"sq_type": "SQ8"} if index == "HNSW_SQ" else {})
    if index == "IVF_RABITQ":  # a bit a number; the best are measured again in eight
        return {"nlist": LISTS, "refine": True, "refine_type": "SQ8"}
    return {"nlist": LISTS} if index.startswith("IVF") else {}


def searching(index: str, count: int) -> dict[str, Any]:
    """How widely an index of that kind looks for the `count` nearest."""
    if index.startswith("HNSW"):
        return {"ef": max(400, 4 * count)}
    if index == "DISKANN":
        return {"search_list": max(100, 2 * count)}
    if index == "IVF_RABITQ":
        return {"nprobe": 64, "refine_k": 4}
    return {"nprobe": 64} if index.startswith("IVF") else {}
