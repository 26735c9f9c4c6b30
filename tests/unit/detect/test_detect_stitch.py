"""A token finds the account that belongs to it, not merely one that is near."""

from __future__ import annotations

import pytest
from fake import account_key, alarms, link, signature, token

from tidegate.detect.engine import Detector
from tidegate.detect.stitch import REACH, Surroundings
from tidegate.model.sighting import Sighting

ACCESS = "Qw+psJ005CzJrCERCc533aavUQ0T5EtkGuAVAizT"
"""Made up: 40 characters as of an AWS secret access key."""


def by_secret(detector: Detector, text: str) -> dict[str, Sighting]:
    return {s.secret.reveal(): s for s in alarms(detector, text)}


@pytest.mark.parametrize(
    "beside",
    [
        "AZURE_STORAGE_ACCOUNT=contosomodels",
        "https://contosomodels.blob.core.windows.net",
        "contosomodels.dfs.core.windows.net",
        'account_name: "contosomodels"',
        "--account-name contosomodels",
        "AccountName=contosomodels;",
        "az storage container list --account-name=contosomodels",
        '"storageAccount": "contosomodels",',
        "sas_account = 'contosomodels'",
        "const account = 'contosomodels';",
        'acct = "contosomodels"',
        "export STORAGE_ACCT=contosomodels",
        '{"account": "contosomodels"}',
        "Storage account: `contosomodels`",
        '<add key="StorageAccount" value="contosomodels"/>',
        'resource "azurerm_storage_account" "x" {\n  location = "westeurope"\n  name = "contosomodels"\n}',
    ],
)
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_token_is_joined_with_the_account_beside_it(detector: Detector, beside: str, order: str) -> None:
    lines = [beside, f"SAS='{token(1)}'"]
    text = "\n".join(lines if order == "before" else lines[::-1])
    (found,) = by_secret(detector, text + "\n").values()
    assert found.context["account"] == "contosomodels"
    assert found.stitched


def test_a_name_on_the_same_line_is_no_guess(detector: Detector) -> None:
    (found,) = alarms(detector, f"AccountName=contosomodels;AccountKey={account_key(1)};")
    assert (found.context["account"], found.stitched) == ("contosomodels", False)


def test_two_tokens_find_each_its_own_account(detector: Detector) -> None:
    text = "\n".join(
        f"AZURE_STORAGE_ACCOUNT=contoso{name}\nAZURE_STORAGE_SAS_TOKEN={token(n)}\n"
        for n, name in enumerate(["one", "two"])
    )
    found = by_secret(detector, text)
    assert [found[signature(n)].context["account"] for n in range(2)] == ["contosoone", "contosotwo"]


def test_a_variable_of_the_same_family_wins_over_one_that_is_nearer(detector: Detector) -> None:
    text = (
        f"TRAIN_ACCOUNT_NAME=contosotrain\nEVAL_ACCOUNT_NAME=contosoeval\n"
        f"TRAIN_SAS='{token(1)}'\nEVAL_SAS='{token(2)}'\n"
    )
    found = by_secret(detector, text)
    assert found[signature(1)].context["account"] == "contosotrain"
    assert found[signature(2)].context["account"] == "contosoeval"


@pytest.mark.parametrize("value", ["name", "none", "null", "true", "your", "storage"])
def test_a_word_that_is_no_name_is_not_taken_for_the_account(detector: Detector, value: str) -> None:
    (found,) = alarms(detector, f"account_name: {value}\nsas: '{token(1)}'\n")
    assert "account" not in found.context


def test_without_any_account_the_token_is_still_seen(detector: Detector) -> None:
    (found,) = alarms(detector, f"sas: '{token(1)}'\n")
    assert (found.context, found.stitched) == ({}, False)


@pytest.mark.parametrize(("distance", "joined"), [(100, True), (REACH - 200, True), (REACH + 200, False)])
@pytest.mark.parametrize("order", ["before", "after"])
def test_only_what_is_within_reach_is_joined(
    detector: Detector, distance: int, joined: bool, order: str
) -> None:
    parts = ["account_name: contosomodels", ("\n" + "x" * 60) * (distance // 61) + "\n", f"sas: '{token(1)}'"]
    (found,) = alarms(detector, "".join(parts if order == "before" else parts[::-1]))
    assert ("account" in found.context) is joined


@pytest.mark.parametrize("before", [0, 5_000, 8_180, 8_192, 8_200, 16_384, 60_000])
def test_a_border_of_what_is_read_at_once_separates_nothing(detector: Detector, before: int) -> None:
    text = "x\n" * (before // 2) + f"account_name: contosomodels\nsas: '{token(1)}'\n" + "y\n" * 9_000
    (found,) = alarms(detector, text)
    assert found.context["account"] == "contosomodels"


def test_the_neighbours_of_a_wrapped_token_are_read_through_the_same_wrapping(detector: Detector) -> None:
    text = f'{{"account_name\\u0022: \\u0022contosomodels", "sas": "{token(1)}"}}'.replace("&", "\\u0026")
    (found,) = alarms(detector, text)
    assert found.context["account"] == "contosomodels"


def test_a_whole_link_is_joined_with_nothing(detector: Detector) -> None:
    (found,) = alarms(detector, f"account_name: other\ncontainer: elsewhere\n{link(1)}\n")
    assert (found.context, found.stitched) == ({}, False)


@pytest.mark.parametrize(
    "text",
    [
        '{"storageAccountName": {"value": "contosomodels"},\n "storageAccountKey": {"value": "KEY"}}',
        '{"storageAccountName": {\n  "type": "string",\n  "defaultValue": "contosomodels"\n},\n'
        '"storageAccountKey": {\n  "type": "securestring",\n  "defaultValue": "KEY"\n}}',
        "param storageAccountName string = 'contosomodels'\n@secure()\nparam storageAccountKey string = 'KEY'\n",
        'variable "storage_account_name" {\n  type = string\n  default = "contosomodels"\n}\n'
        'variable "storage_account_key" {\n  type = string\n  default = "KEY"\n}\n',
        "AZURE_STORAGE_NAME=contosomodels\nAZURE_STORAGE_KEY=KEY\n",
    ],
)
def test_an_account_is_read_from_parameters_of_templates(text: str, detector: Detector) -> None:
    (found,) = alarms(detector, text.replace("KEY", account_key(1)))
    assert found.context["account"] == "contosomodels"


def test_the_type_of_a_parameter_is_no_account(detector: Detector) -> None:
    text = f'"storageAccountKey": {{\n "type": "securestring",\n "defaultValue": "{account_key(1)}"\n}}'
    (found,) = alarms(detector, text)
    assert "account" not in found.context


def test_a_secret_key_is_joined_with_its_id_and_the_id_is_no_finding_of_its_own(detector: Detector) -> None:
    text = f"aws_access_key_id = AKIATIDEGATEFAKEKEY2\naws_secret_access_key = {ACCESS}\n"
    (found,) = alarms(detector, text)
    assert (found.rule, found.context["key_id"]) == ("aws-access-key", "AKIATIDEGATEFAKEKEY2")


def test_a_name_that_a_match_covers_is_not_its_neighbour() -> None:
    document = b"account_name: contosomodels and account_name: other"
    found = Surroundings(document).nearby(0, 27, "account")
    assert found is not None
    assert found.value == "other"


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        ("# local: AccountName=devstoreaccount1;AccountKey=x", "the emulator's account"),
        ("storage_account: devstoreaccount1", "the emulator's account"),
    ],
)
def test_the_emulator_on_another_line_does_not_silence_a_real_token(
    detector: Detector, beside: str, why: str
) -> None:
    found = [s for s in detector.scan_text(f"{beside}\nSAS='{token(1)}'\n") if s.rule == "azure-sas"]
    assert [s.suppressed for s in found] == [None], why


def test_the_emulator_in_the_same_connection_string_does_not_alarm(detector: Detector) -> None:
    text = f"AccountName=devstoreaccount1;AccountKey={account_key(1)};"
    assert [s.suppressed for s in detector.scan_text(text)] == ["the emulator's account"]


def test_a_documented_key_id_silences_its_own_secret_and_no_other(detector: Detector) -> None:
    sample = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
    near = f"{sample}aws_secret_access_key = {ACCESS}\n"
    apart = f"# e.g. {sample}# {'-' * 40}\n# put yours here\n[default]\naws_secret_access_key = {ACCESS}\n"
    assert [s.suppressed for s in detector.scan_text(near) if s.rule == "aws-access-key"] == [
        "a documentation constant"
    ]
    assert [s.suppressed for s in detector.scan_text(apart) if s.rule == "aws-access-key"] == [None]
