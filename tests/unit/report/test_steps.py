"""What is to be done: sentences a person reads, and commands that are copied."""

from __future__ import annotations

import re

import pytest

from tidegate.report._escape import markdown
from tidegate.report._html.parts import step
from tidegate.report._steps import pieces, steps, unmarked
from tidegate.report._terminal import Paper, columns

COMMAND = "az storage account update -n contosomodels -g <group> --allow-shared-key-access false"
STEPS = (
    f"Block it: `{COMMAND}`",
    f"See: `{COMMAND}` and then: `az x y`",
    "Look through the logs.",
    "a `b` c",
)


def lines(width: int, *, colour: bool = False) -> list[str]:
    return list(steps(Paper.of(None, colour=colour, width=width), "close", STEPS))


@pytest.mark.parametrize("width", range(40, 111, 7))
def test_a_command_can_be_copied_whatever_the_width(width: int) -> None:
    text = "\n".join(lines(width))
    joined = re.sub(r" \\\n +", " ", text)
    assert joined.count(f" {COMMAND}\n") == 2
    assert all(columns(line) <= width for line in text.splitlines())


def test_sentences_stand_around_commands_and_keep_their_numbers() -> None:
    assert lines(110) == [
        " close    1. Block it:",
        f"             {COMMAND}",
        "          2. See:",
        f"             {COMMAND}",
        "             and then:",
        "             az x y",
        "          3. Look through the logs.",
        "          4. a `b` c",
    ]


def test_a_word_longer_than_a_line_is_broken_without_a_sign_that_would_part_it() -> None:
    long = "aws s3api x " + ",".join(["Block=true"] * 9)
    text = list(steps(Paper.of(None, colour=False, width=60), "close", (f"Now: `{long}`",)))
    assert not any(line.endswith("\\") for line in text)


def test_only_commands_of_ours_are_taken_out() -> None:
    assert pieces("a `rm -rf ~` b") == ["a `rm -rf ~` b"]
    assert unmarked(STEPS[0]) == f"Block it: {COMMAND}"


def test_a_page_has_commands_as_code_and_escapes_them() -> None:
    assert step("Do: `az x <group>`") == "Do: <code>az x &lt;group&gt;</code>"
    assert "<" not in step("`az x` <script>").replace("<code>", "").replace("</code>", "")
    assert markdown("`") == "\\`"
