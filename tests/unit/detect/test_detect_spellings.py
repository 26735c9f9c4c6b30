"""A key is found however a shell, a build file or a tool has its variable written."""

from __future__ import annotations

import pytest
from fake import account_key, alarms, token

from tidegate.detect.engine import Detector

KEY_ID = "AKIATIDEGATEFAKEKEY2"
HMAC_ID = "GOOG1ETIDEGATEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE0"
STORE_ID = "tidegatefake0"
SECRET = "Qw9psJ005CzJrCERCc533aavUQ0T5EtkGuAVAizT"
"""Made up: 40 characters as of an AWS secret access key."""
ACCOUNT = "contosomodels"
CLIENT_SECRET = "Tg18Q~exampleOnlyNotReal0123456789abcdEF"
CLIENT, TENANT = "66666666-7777-8888-9999-000000000000", "11111111-2222-3333-4444-555555555555"

VARIABLES = (
    "export NAME='VALUE'",
    "set NAME=VALUE",
    'set "NAME=VALUE"',
    'setx NAME "VALUE" /M',
    "setenv NAME VALUE",
    "set -gx NAME 'VALUE'",
    "$env:NAME = 'VALUE'",
    '[Environment]::SetEnvironmentVariable("NAME", "VALUE", "User")',
    'Set-Item -Path Env:NAME -Value "VALUE"',
    "ENV NAME VALUE",
    "docker run -e NAME=VALUE app",
    'docker build --build-arg "NAME=VALUE" .',
    "NAME := VALUE",
    "NAME ?= VALUE",
    'environment:\n  NAME: "VALUE"',
    "withEnv(['NAME=VALUE']) { sh 'x' }",
    'echo "NAME=VALUE" >> $GITHUB_ENV',
    "echo '##vso[task.setvariable variable=NAME]VALUE'",
    "echo '##vso[task.setvariable variable=NAME;issecret=true]VALUE'",
    "variables:\n- name: NAME\n  value: VALUE",
    'stringData:\n  NAME: "VALUE"',
    "kubectl create secret generic s --from-literal=NAME='VALUE'",
    "helm install x --set secrets.NAME=VALUE",
    "java -DNAME=VALUE -jar x.jar",
    'System.setProperty("NAME", "VALUE");',
    "os.environ.setdefault('NAME', 'VALUE')",
    'os.Setenv("NAME", "VALUE")',
    "const k = process.env.NAME || 'VALUE';",
    'const k = process.env.NAME ?? "VALUE";',
    "define('NAME', 'VALUE');",
    "ENV['NAME'] ||= 'VALUE'",
    'buildConfigField("String", "NAME", "\\"VALUE\\"")',
    'let NAME: String = "VALUE"',
    "<key>NAME</key>\n<string>VALUE</string>",
    'variable "NAME" {\n  type    = string\n  default = "VALUE"\n}',
    'terraform apply -var="NAME=VALUE"',
    "pulumi config set NAME VALUE --secret",
    'dotnet user-secrets set "NAME" "VALUE"',
    "gh secret set NAME --body VALUE",
    'az webapp config appsettings set --settings "NAME=VALUE"',
    'Environment="NAME=VALUE"',
    "Set `NAME` to `VALUE`.",
    "| `NAME` | `VALUE` |",
    '{"NAME": "VALUE"}',
    '"{\\"NAME\\": \\"VALUE\\"}"',
    "NAME: >-\n  VALUE",
    "NAME: |\n  VALUE",
    '<add key="NAME" value="VALUE" />',
    'spark.conf.set("NAME", "VALUE")',
    "NAME = [[VALUE]]",
)
"""A variable `NAME` that is given the value `VALUE`."""

KINDS = {
    "aws": ("AWS_SECRET_ACCESS_KEY", SECRET, f"AWS_ACCESS_KEY_ID={KEY_ID}", KEY_ID),
    "hmac": ("GCS_SECRET_ACCESS_KEY", SECRET, f"GCS_ACCESS_KEY_ID={HMAC_ID}", HMAC_ID),
    "store": ("S3_SECRET_KEY", SECRET, f"S3_ENDPOINT=https://minio.example.net\nS3_ACCESS_KEY={STORE_ID}", STORE_ID),
    "azure": ("AZURE_STORAGE_KEY", account_key(1), f"AZURE_STORAGE_ACCOUNT={ACCOUNT}", ACCOUNT),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variable", VARIABLES)
def test_a_key_is_found_however_its_variable_is_set(detector: Detector, kind: str, variable: str) -> None:
    name, value, beside, owner = KINDS[kind]
    text = f"{beside}\n{variable.replace('NAME', name).replace('VALUE', value)}\n"
    (found,) = [each for each in alarms(detector, text) if each.secret.reveal() == value]
    assert owner in (found.context.get("key_id"), found.context.get("account"))
    assert found.rule in ("aws-access-key", "gcs-hmac-key", "s3-compatible-key", "azure-account-key")


@pytest.mark.parametrize(
    ("text", "rule", "owner"),
    [
        (
            f"aws configure set aws_access_key_id {KEY_ID}\naws configure set aws_secret_access_key {SECRET}",
            "aws-access",
            KEY_ID,
        ),
        (f"AWS Access Key ID [None]: {KEY_ID}\nAWS Secret Access Key [None]: {SECRET}", "aws-access", KEY_ID),
        (
            f"AWS Access Key ID [****ABCD]: {KEY_ID}\nAWS Secret Access Key [****wxyz]: {SECRET}",
            "aws-access",
            KEY_ID,
        ),
        (f"{SECRET} is the secret access key of {KEY_ID}", "aws-access", KEY_ID),
        (
            f"echo {KEY_ID} | es add s3.access_key\necho {SECRET} | es add s3.client.secret_key",
            "aws-access",
            KEY_ID,
        ),
        (f'{KEY_ID}\n{{"value": "{SECRET}", "name": "AWS_SECRET_ACCESS_KEY"}}', "aws-access", KEY_ID),
        (f"s3cmd --access_key={KEY_ID} --secret_key={SECRET} ls", "aws-access", KEY_ID),
        (
            f"rclone ls :s3:b --s3-access-key-id {KEY_ID} --s3-secret-access-key {SECRET}",
            "aws-access",
            KEY_ID,
        ),
        (
            f"curl --aws-sigv4 aws:amz:us-east-1:s3 --user {KEY_ID}:{SECRET} https://b.example",
            "aws-access",
            KEY_ID,
        ),
        (f"'key' => '{KEY_ID}',\n    'secret' => '{SECRET}',", "aws-access", KEY_ID),
        (f"mc alias set s https://minio.example.net {STORE_ID} {SECRET}", "s3-compatible", STORE_ID),
        (
            f"mc config host add s https://minio.example.net '{STORE_ID}' '{SECRET}'",
            "s3-compatible",
            STORE_ID,
        ),
        (f"MC_HOST_s=https://{STORE_ID}:{SECRET}@minio.example.net", "s3-compatible", STORE_ID),
        (f"MINIO_ROOT_USER={STORE_ID}\nMINIO_ROOT_PASSWORD={SECRET}", "s3-compatible", STORE_ID),
        (f'minio.New("minio.example.net", "{STORE_ID}", "{SECRET}", true)', "s3-compatible", STORE_ID),
        (f'MinioClient.builder().credentials("{STORE_ID}", "{SECRET}")', "s3-compatible", STORE_ID),
        (
            f"What is your google access key ID? {HMAC_ID}\nAnd your secret access key? {SECRET}",
            "gcs-hmac",
            HMAC_ID,
        ),
        (f"Access ID:   {HMAC_ID}\nSecret:      {SECRET}", "gcs-hmac", HMAC_ID),
    ],
)
def test_a_key_is_found_in_what_its_own_tools_are_told_and_print(
    detector: Detector, text: str, rule: str, owner: str
) -> None:
    (found,) = [each for each in alarms(detector, text) if each.secret.reveal() == SECRET]
    assert (found.rule, found.context["key_id"]) == (f"{rule}-key", owner)


@pytest.mark.parametrize(
    "text",
    [
        "az storage blob list --account-name contosomodels --account-key K88",
        "az storage blob upload --account-key=K88 --account-name=contosomodels",
        ": 1700000000:0;az storage blob list --account-key 'K88' --account-name contosomodels",
        "az storage blob list --connection-string 'AccountName=contosomodels;AccountKey=K88'",
        "New-AzStorageContext -StorageAccountName contosomodels -StorageAccountKey K88",
        "AzCopy /Source:C:\\x /Dest:https://contosomodels.blob.core.windows.net/c /DestKey:K88 /S",
        "azcopy --source /x --destination https://contosomodels.blob.core.windows.net/c --dest-key K88",
        "net use Z: \\\\contosomodels.file.core.windows.net\\share /u:AZURE\\contosomodels K88",
        'cmdkey /add:"contosomodels.file.core.windows.net" /user:"Azure\\contosomodels" /pass:"K88"',
        "mount -t cifs //contosomodels.file.core.windows.net/s /m -o username=contosomodels,password=K88",
        "username=contosomodels\npassword=K88",
        "rclone config create r azureblob account=contosomodels key=K88",
        "rclone ls :azureblob:c --azureblob-account contosomodels --azureblob-key K88",
        "RCLONE_CONFIG_R_ACCOUNT=contosomodels\nRCLONE_CONFIG_R_KEY=K88",
        "BlockBlobService('contosomodels', 'K88')",
    ],
)
def test_an_account_key_is_found_in_the_commands_that_take_one(detector: Detector, text: str) -> None:
    (found,) = alarms(detector, text.replace("K88", account_key(2)) + "\n")
    assert (found.rule, found.context["account"]) == ("azure-account-key", ACCOUNT)


@pytest.mark.parametrize(
    "text",
    [
        "key1       FULL           K88",
        "key1    K88 Full",
        '[{"keyName": "key1", "permissions": "FULL", "value": "K88"}]',
    ],
)
def test_an_account_key_is_found_in_what_lists_the_keys(detector: Detector, text: str) -> None:
    assert [each.rule for each in alarms(detector, text.replace("K88", account_key(3)))] == [
        "azure-account-key"
    ]


@pytest.mark.parametrize("option", ["--sas-token 'TOKEN'", '--sas-token="?TOKEN"', "--sas-token TOKEN"])
def test_a_token_is_found_in_a_command(detector: Detector, option: str) -> None:
    (found,) = alarms(
        detector, f"az storage blob list --account-name {ACCOUNT} {option.replace('TOKEN', token(4))}\n"
    )
    assert found.context["account"] == ACCOUNT


@pytest.mark.parametrize(
    "text",
    [
        f"az login --service-principal -u {CLIENT} -p {CLIENT_SECRET} --tenant {TENANT}",
        f"az login --service-principal --username {CLIENT} --password {CLIENT_SECRET} --tenant {TENANT}",
        f"new ClientSecretCredential('{TENANT}', '{CLIENT}', '{CLIENT_SECRET}')",
        f"oauth2.client.id {CLIENT}\noauth2.client.secret {CLIENT_SECRET}\nhttps://login.microsoftonline.com/{TENANT}/oauth2/token",
    ],
)
def test_a_secret_of_an_application_is_joined_with_application_and_tenant(
    detector: Detector, text: str
) -> None:
    (found,) = alarms(detector, text)
    assert (found.context["client_id"], found.context["tenant"]) == (CLIENT, TENANT)


@pytest.mark.parametrize(
    "text",
    [
        f"# {KEY_ID}\nregion = eu-west-1\nOTHER_TOKEN={SECRET}\nAWS_SECRET_ACCESS_KEY=$(cat /run/secrets/aws)\n",
        f"{KEY_ID}\n\n\ncommit 0123456789abcdef0123456789abcdef01234567 (secret key: none)",
        "minio: access_key contoso_reader, secret_key minio_reader_secret_2024_01_key",
        "endpoint: minio, access_key: a1, secret_key: ${{ secrets.MINIO_SECRET_KEY_2024_10 }}",
        f"users: username: contosomodels, password: {account_key(5)}",
    ],
)
def test_what_only_stands_near_a_name_is_no_key(detector: Detector, text: str) -> None:
    assert [each.rule for each in alarms(detector, text) if each.rule != "aws-access-key-id"] == []
