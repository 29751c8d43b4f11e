"""What goes wrong when deploying, in one line each: what it is and what to do."""

import click


class DeployError(click.ClickException):
    """Ends the command with its message and exit code 1."""
