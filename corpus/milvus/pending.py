"""What waits to be written together: first what says that files are under way, then documents, then what follows from them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from corpus.milvus.records import Record, Records
from corpus.rows import Prepared


@dataclass
class Pending:
    """`first` are records by key; `documents` have the path of their file; `later` are records and changes, in their order;
    `going` are the ids of documents that one of those takes away."""

    first: dict[str, Record] = field(default_factory=dict)
    documents: list[tuple[Prepared, bytes | None]] = field(default_factory=list)
    later: list[Record | Callable[[], object]] = field(default_factory=list)
    going: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.first or self.documents or self.later)

    def finish(self, records: Records) -> None:
        """Do what is to be done later; records that follow one another are one write."""
        together: dict[str, Record] = {}
        for each in self.later:
            if isinstance(each, Record):
                together[each.id] = each
                continue
            records.put(together.values())
            together = {}
            each()
        records.put(together.values())
