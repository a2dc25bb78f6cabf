"""What is served, and how those who run the server want it."""

from dataclasses import dataclass, field
from threading import Event

from rag import Assistant
from ui.access.guard import Rules
from ui.access.room import WAITING
from ui.app import Place
from ui.talks import Talks


@dataclass(frozen=True)
class Served:
    """A library that is served: where, with which questions to try (more may come while it is served), and whether its models are loaded."""

    place: Place
    assistant: Assistant
    conversations: Talks
    examples: list[str]
    warm: Event


@dataclass(frozen=True)
class Terms:
    """`public` is for strangers without users. `per_minute` questions and `mb_per_hour` of uploads are one person's, where others
    share the server; `waiting` is how many questions wait at once; `names` are further names of the server.
    `advertise` is the URL by which other processes that serve the library reach this one."""

    rules: Rules = field(default_factory=Rules)
    public: bool = False
    names: tuple[str, ...] = ()
    per_minute: int = 60
    mb_per_hour: int = 4_000
    waiting: int = WAITING
    quiet: bool = False
    log_text: bool = False
    advertise: str | None = None


TERMS = Terms()
