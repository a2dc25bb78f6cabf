"""A conversation that goes on: what the browser keeps of it, whose it is, and its turns as they were kept."""

import secrets
from dataclasses import dataclass
from typing import Any

from corpus import YinjuError
from rag import Answer
from ui.access.caller import USER, Caller
from ui.filters import Limits
from ui.talks import Talks


@dataclass(frozen=True)
class Asked:
    """A question of this conversation with its answer, and what the reader said of it ("up" or "down").

    `id` names it in a link; it is empty where it could not be kept. `limits` say which documents were asked; None where all
    were, or where it is no longer known.
    """

    question: str
    answer: Answer
    id: str = ""
    judged: str | None = None
    limits: Limits | None = None


def remembered(held: Any) -> list[str]:
    """What a browser keeps: the language chosen, whose conversations it has, and which is open; each empty where it is not known."""
    known = isinstance(held, list) and len(held) == 3 and all(isinstance(each, str) for each in held)
    return list(held) if known else ["", "", ""]


def owner_of(caller: Caller, claimed: str) -> str:
    """Whose conversations these are: a user's, or the browser's that says so, or those of a browser that is new."""
    return rightful(caller, claimed) or secrets.token_urlsafe(16)


def rightful(caller: Caller, claimed: str) -> str:
    """The owner that is claimed, where that is right: who is logged in is that user alone, and nobody else is. Empty where it is unknown."""
    return caller.owner or ("" if claimed.startswith(USER) else claimed)


def turns_of(conversations: Talks, identity: str) -> tuple[Asked, ...]:
    return tuple(Asked(each.question, each.answer, each.id) for each in conversations.turns(identity))


def resumed(conversations: Talks, current: str, whose: str, linked: str | None = None) -> tuple[str, tuple[Asked, ...], str]:
    """The conversation that goes on and its turns; of a link, that one answer, and whatever is asked next begins anew."""
    try:
        if linked:
            turn, _ = conversations.turn(linked)
            return "", (Asked(turn.question, turn.answer, turn.id),), ""
        # Another user's may have been open in this browser before.
        mine = current and conversations.conversation(current).owner == whose
        return (current, turns_of(conversations, current), "") if mine else ("", (), "")
    except YinjuError as error:
        return "", (), str(error) if linked else ""
