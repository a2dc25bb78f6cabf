"""A request's body that was read already, for whoever reads it next."""

from starlette.types import Message, Receive


def replayed(body: bytes, receive: Receive) -> Receive:
    """What gives this body once, and then what still comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
