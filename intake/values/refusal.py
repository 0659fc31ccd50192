"""Why a value is not taken."""


class ValueRefused(Exception):
    """The value cannot be what its field asks for. `code` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
