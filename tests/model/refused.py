"""What reverts."""


class RefusedError(Exception):
    """A step that must revert, with the name of the error."""


def refuse(error: str, when: bool) -> None:
    if when:
        raise RefusedError(error)
