"""What stops a start, in words for the person in front of the terminal."""


class LaunchProblem(Exception):
    """One plain sentence that says what is wrong and the way out of it."""
