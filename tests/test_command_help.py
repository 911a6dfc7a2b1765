"""What a scheduler goes by: the help of each command names its exit codes."""

import pytest
from django.core.management import get_commands, load_command_class

COMMANDS = ("feed", "feed load", "feed withdraw", "feed list", "feed specs", "demo", "nightly", "report")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, *action = command.split()
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    with pytest.raises(SystemExit) as left:
        parser.parse_args([*action, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert left.value.code == 0
    assert ("Exit codes: 0" in said, "2 wrong usage" in said) == (True, True), said
