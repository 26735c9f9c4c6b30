"""Makes what opens other things: keys, stores, credentials; and what looks like them. Accounts are made up."""

# ruff: noqa: E501, B007 - texts and headers read best in one line

from __future__ import annotations

import base64
import json
import sqlite3
import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from random import Random

from contents_corpus import MIXED, PLENTY, Made, Workshop, made, named, person, prose, sentence, text_of

FORMS_OF_PRIVATE_KEYS = (
    ("genrsa", "-traditional", "2048"), ("genrsa", "2048"), ("genrsa", "-aes256", "-passout", "pass:x", "2048"),
    ("genpkey", "-algorithm", "ed25519"), ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    ("ecparam", "-name", "prime256v1", "-genkey", "-noout"), ("genpkey", "-algorithm", "x25519"),
    ("genpkey", "-algorithm", "RSA", "-outform", "DER"), ("genpkey", "-algorithm", "ed25519", "-outform", "DER"),
)  # fmt: skip
SSH = (("ed25519",), ("rsa", "-b", "2048"), ("ecdsa",), ("rsa", "-b", "2048", "-m", "PEM"), ("ed25519", "-N", "secret"),
       ("rsa", "-b", "2048", "-m", "PKCS8"))  # fmt: skip


def private_key(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    names = ("home/anna/.ssh/id_rsa", "deploy/server.key", "ops/site.pem", "old/key.txt", "backup/tls.key")
    datas = []
    if shop.have("openssl"):
        datas += [shop.run("openssl", *each) for each in FORMS_OF_PRIVATE_KEYS]
        both = shop.run(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "-",
            "-subj",
            "/CN=a.invalid",
        )
        datas.append(both)
        datas.append(b"Bag Attributes\n    friendlyName: x\n" + datas[1])
        datas.append(datas[0].replace(b"\n", b"\r\n"))
        datas.append("\ufeff".encode() + datas[3])
        datas.append(
            (
                f"# {sentence(rng)}\nkey: |\n"
                + "".join(f"  {line}\n" for line in datas[1].decode().splitlines())
            ).encode()
        )
    if shop.have("ssh-keygen"):
        for each in SSH:
            shop.run("ssh-keygen", "-q", "-N", "", "-f", "k", "-t", *each)
            datas.append(shop.read("k"))
            shop.read("k.pub")
    yield from made("private_key", rng, names, datas, "tool")
    if shop.have("gpg"):
        home = {"GNUPGHOME": str(shop.folder / "gpg")}
        (shop.folder / "gpg").mkdir(mode=0o700)
        for algorithm in ("rsa2048", "ed25519"):
            who = f"{algorithm}@contoso.invalid"
            shop.run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", who, algorithm, env=home)
            for form in (("--armor",), ()):
                key = shop.run(
                    "gpg",
                    *form,
                    "--batch",
                    "--pinentry-mode",
                    "loopback",
                    "--passphrase",
                    "",
                    "--export-secret-keys",
                    who,
                    env=home,
                )
                yield Made(
                    "private_key", named(rng, len(form), ("keys/secret.asc", "keys/secret.gpg")), key, "tool"
                )
                public = shop.run("gpg", *form, "--export", who, env=home)
                yield Made(
                    "certificate", named(rng, 1, ("keys/public.asc", "keys/public.gpg")), public, "tool"
                )
        shop.run("gpgconf", "--kill", "gpg-agent", env=home)
    for version in (2, 3):
        text = f"PuTTY-User-Key-File-{version}: ssh-rsa\r\nEncryption: none\r\nComment: k\r\nPublic-Lines: 1\r\n{text_of(rng, MIXED, 60)}\r\nPrivate-Lines: 1\r\n{text_of(rng, MIXED, 60)}\r\nPrivate-MAC: {'0' * 40}\r\n"
        yield Made("private_key", named(rng, version, ("a.ppk", "b.ppk", "c.ppk")), text.encode(), "form")


def no_private_key(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    if shop.have("openssl", "ssh-keygen"):
        for n in range(4):
            shop.run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ed25519",
                "-nodes",
                "-keyout",
                "k",
                "-out",
                "c",
                "-subj",
                f"/CN={n}.invalid",
            )
            certificate = shop.read("c")
            public = shop.run("openssl", "pkey", "-in", "k", "-pubout")
            request = shop.run("openssl", "req", "-new", "-key", "k", "-subj", "/CN=x.invalid")
            der = shop.run("openssl", "x509", "-outform", "DER", input=certificate)
            for name, data in (
                ("tls/site.crt", certificate),
                ("tls/pub.pem", public),
                ("tls/site.csr", request),
                ("tls/a.der", der),
            ):
                yield Made("certificate", named(rng, n, (name,)), data, "tool")
            shop.read("k")
            shop.run("ssh-keygen", "-q", "-N", "", "-f", "k", "-t", "ed25519")
            yield Made("certificate", "home/anna/.ssh/id_ed25519.pub", shop.read("k.pub"), "tool")
            shop.read("k")
    begin, end = b"-----BEGIN RSA PRIVATE KEY-----", b"-----END RSA PRIVATE KEY-----"
    for n, data in enumerate((
        b"A key file begins with " + begin + b" and ends with " + end + b".\n" + prose(rng).encode(),
        b'if line == "' + begin + b'":\n    inside = True\nelif line == "' + end + b'":\n    inside = False\n',
        begin + b"\n...\n" + end + b"\n",
        begin + b"\nYOUR KEY HERE\n" + end + b"\n",
        b"PRIVATE KEY\n" + prose(rng).encode(),
        b"const PEM_HEADER = '" + begin + b"';\nmodule.exports = { PEM_HEADER };\n",
    )):  # fmt: skip
        yield Made("nothing", ("doc/keys.txt", "src/pem.py", "doc/sample.pem", "x/key.pem", "n.txt", "src/pem.js")[n], data, "form",
                   frozenset({"source_code", "document"}))  # fmt: skip


def keystore(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    names = ("certs/server.p12", "certs/client.pfx", "app/keystore.jks", "app/identity.keystore")
    datas = []
    if shop.have("openssl"):
        for n, options in enumerate(((), ("-legacy",), ("-keypbe", "NONE", "-certpbe", "NONE", "-nomac"), ("-nocerts",),
                                     ("-certpbe", "NONE"), ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"))):  # fmt: skip
            shop.run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                "k",
                "-out",
                "c",
                "-subj",
                f"/CN={n}.invalid",
            )
            datas.append(
                shop.run(
                    "openssl",
                    "pkcs12",
                    "-export",
                    "-in",
                    "c",
                    "-inkey",
                    "k",
                    "-passout",
                    "pass:fake-pass",
                    *options,
                )
            )
    if shop.have("keytool"):
        for form in ("JKS", "JCEKS", "PKCS12"):
            for algorithm in ("RSA", "EC"):
                shop.run("keytool", "-genkeypair", "-alias", "a", "-keyalg", algorithm, "-keystore", "s", "-storetype", form, "-storepass",
                         "fake-pass", "-keypass", "fake-pass", "-dname", "CN=x")  # fmt: skip
                datas.append(shop.read("s"))
        shop.run("keytool", "-genseckey", "-alias", "s", "-keyalg", "AES", "-keysize", "128", "-keystore", "s", "-storetype", "JCEKS",
                 "-storepass", "fake-pass", "-keypass", "fake-pass")  # fmt: skip
        datas.append(shop.read("s"))
    yield from made("keystore", rng, names, datas, "tool")
    if shop.have("keytool", "openssl"):
        for n, form in enumerate(("JKS", "JKS", "JCEKS", "JKS")):
            shop.file(
                "c",
                shop.run(
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "ed25519",
                    "-nodes",
                    "-keyout",
                    "/dev/null",
                    "-subj",
                    "/CN=x",
                ),
            )
            shop.run(
                "keytool",
                "-importcert",
                "-noprompt",
                "-alias",
                "a",
                "-file",
                "c",
                "-keystore",
                "s",
                "-storetype",
                form,
                "-storepass",
                "fake-pass",
            )
            yield Made(
                "nothing",
                named(rng, n, ("etc/cacerts", "app/truststore.jks")),
                shop.read("s"),
                "tool",
                frozenset({"certificate"}),
            )
        shop.run(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ed25519",
            "-nodes",
            "-keyout",
            "/dev/null",
            "-out",
            "c",
            "-subj",
            "/CN=x",
        )
        for n in range(2):
            p7 = shop.run("openssl", "crl2pkcs7", "-nocrl", "-certfile", "c", "-outform", ("DER", "PEM")[n])
            yield Made("certificate", ("a.p7b", "b.p7c")[n], p7, "tool")


def kdbx(rng: Random, major: int, minor: int) -> bytes:
    head = struct.pack("<IIHH", 0x9AA2D903, 0xB54BFB67, minor, major)
    wide = "<BI" if major >= 4 else "<BH"
    fields = [
        (2, rng.randbytes(16)),
        (3, b"\1\0\0\0"),
        (4, rng.randbytes(32)),
        (7, rng.randbytes(12 if major >= 4 else 16)),
    ]
    if major < 4:
        fields += [
            (5, rng.randbytes(32)),
            (6, struct.pack("<Q", 60000)),
            (8, rng.randbytes(32)),
            (9, rng.randbytes(32)),
            (10, b"\2\0\0\0"),
        ]
    else:
        fields.append((11, rng.randbytes(80)))
    fields.append((0, b"\r\n\r\n"))
    return (
        head
        + b"".join(struct.pack(wide, number, len(value)) + value for number, value in fields)
        + rng.randbytes(3000)
    )


def password_vault(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    names = ("Documents/Passwords.kdbx", "home/anna/keys.kdbx", "Dropbox/db.kdbx")
    yield from made(
        "password_vault",
        rng,
        names,
        [kdbx(rng, *each) for each in ((3, 1), (4, 0), (4, 1), (3, 0), (4, 1), (3, 1))],
        "form",
    )
    first = struct.pack("<IIIII", 0x9AA2D903, 0xB54BFB65, 3, 0x00030002, 0)
    yield from made(
        "password_vault",
        rng,
        ("old/Passwords.kdb",),
        [first + rng.randbytes(900) for _ in range(2)],
        "header",
    )
    yield from made("password_vault", rng, ("Library/Keychains/login.keychain",),
                    [b"kych" + bytes((0, 1, 0, 0, 0, 0, 0, 16)) + rng.randbytes(4000) for _ in range(2)], "header")  # fmt: skip
    yield from made(
        "password_vault",
        rng,
        ("Documents/safe.psafe3",),
        [b"PWS3" + rng.randbytes(2000) for _ in range(2)],
        "header",
    )
    for n in range(2):
        export = {"encrypted": True, "passwordProtected": bool(n), "encKeyValidation_DO_NOT_EDIT": f"2.{text_of(rng, MIXED, 60)}",
                  "data" if n else "items": f"2.{text_of(rng, MIXED, 600)}" if n else []}  # fmt: skip
        yield Made("password_vault", "bitwarden_encrypted_export.json", json.dumps(export).encode(), "form")
    for n, data in enumerate((struct.pack("<II", 0x9AA2D903, 0x11223344) + rng.randbytes(500), b"PWS3" + b" is the mark of Password Safe.\n",
                              b'{"encrypted": true, "items": []}', b"kych is a word\n", rng.randbytes(4000))):  # fmt: skip
        yield Made(
            "nothing",
            ("x/a.bin", "doc/marks.txt", "api/answer.json", "n.txt", "x/random.kdb_")[n],
            data,
            "form",
            frozenset({"document"}),
        )


HEADERS = (
    "name,url,username,password,note", '"url","username","password","httpRealm","formActionOrigin","guid","timeCreated"',
    "url,username,password,totp,extra,name,grouping,fav", "folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp",
    '"Account","Login Name","Password","Web Site","Comments"', '"Group","Title","Username","Password","URL","Notes"',
    "Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes", "username,username2,username3,title,password,note,url,category,otpSecret",
    "name,url,username,password,note,cardholdername,cardnumber,cvc,expirydate,zipcode", "Title,URL,Username,Password,Notes,OTPAuth",
)  # fmt: skip


def password_export(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    datas = []
    for header in HEADERS:
        columns = [each.strip('"').lower() for each in header.split(",")]
        rows = []
        for n in range(rng.randrange(2, 60)):
            cells = []
            for column in columns:
                if "pass" in column:
                    cells.append(text_of(rng, MIXED + "!#%", 14))
                elif "url" in column or "site" in column or "uri" in column:
                    cells.append(f"https://site{n}.invalid/login")
                elif column in ("username", "login name", "login_username"):
                    cells.append(person(rng)[1])
                else:
                    cells.append(
                        rng.choice(["", f"Site {n}"])
                        if column not in ("title", "name", "account")
                        else f"Site {n}"
                    )
            rows.append(",".join(f'"{cell}"' if header[0] == '"' else cell for cell in cells))
        datas.append("\n".join([header, *rows, ""]).encode())
    yield from made(
        "password_export",
        rng,
        ("Desktop/Chrome Passwords.csv", "export/logins.csv", "old/lastpass_export.csv"),
        datas,
        "form",
    )
    items = [
        {
            "type": 1,
            "name": f"Site {n}",
            "login": {"username": person(rng)[1], "password": text_of(rng, MIXED, 12)},
        }
        for n in range(20)
    ]
    for n in range(2):
        yield Made(
            "password_export",
            named(rng, n, ("bitwarden_export.json",)),
            json.dumps({"encrypted": False, "folders": [], "items": items}, indent=n * 2 or None).encode(),
            "form",
        )
    entries = "".join(
        f'<Entry><String><Key>Password</Key><Value ProtectInMemory="True">{text_of(rng, MIXED, 12)}</Value></String><String><Key>Title</Key><Value>{n}</Value></String></Entry>'
        for n in range(9)
    )
    xml = f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<KeePassFile><Meta><Generator>KeePass</Generator></Meta><Root><Group>{entries}</Group></Root></KeePassFile>'
    yield Made("password_export", "Documents/keepass.xml", xml.encode(), "form")
    for n in range(3):
        accounts = [{"attrs": {"accountName": "Anna"}, "vaults": [{"attrs": {"name": "Private"}, "items": [
            {"uuid": text_of(rng, MIXED, 26), "categoryUuid": "001", "details": {"loginFields": [
                {"designation": "username", "value": person(rng)[1]}, {"designation": "password", "value": text_of(rng, MIXED, 16)}]},
             "overview": {"title": f"Site {k}", "url": f"https://site{k}.invalid"}} for k in range(rng.randrange(3, 40))]}]}]  # fmt: skip
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                "export.attributes",
                json.dumps(
                    {"version": 3, "description": "1Password Unencrypted Export", "createdAt": 1700000000}
                ),
            )
            archive.writestr("export.data", json.dumps({"accounts": accounts}))
            if n:
                archive.writestr(f"files/{text_of(rng, MIXED.lower(), 26)}__scan.txt", prose(rng))
        yield Made(
            "password_export",
            named(rng, n, ("1PasswordExport-ABC-20240101.1pux", "b.1pux")),
            packed.getvalue(),
            "form",
        )
    for n, data in enumerate((
        "id,password_hash_rounds,created\n" + "".join(f"{k},12,2024-01-01\n" for k in range(20)),
        "setting,password_policy,length\nweb,strict,12\nvpn,strict,16\nmail,lax,8\n", "name,role,team\nAnna,dev,a\nBoris,ops,b\n",
        "Passwords must have 12 letters,\nand be changed never.\n" + prose(rng), '{"items": [{"login": "anna", "id": 7}], "total": 1}',
        "question,answer\nHow do I reset my password?,Click the link\n", "<config><password/><items/></config>",
        "username,last_login\nanna,2024-01-01\nboris,2024-02-02\n",
    )):  # fmt: skip
        yield Made("nothing", (f"data/t{n}.csv", f"doc/p{n}.txt", f"api/a{n}.json")[n % 3], data.encode(), "form",
                   frozenset({"dataset", "document", "source_code", "personal_data"}))  # fmt: skip


def cloud_credentials(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    key = lambda length=40: text_of(rng, MIXED, length)  # noqa: E731
    access = lambda: "AKIA" + text_of(rng, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)  # noqa: E731
    pem = shop.run("openssl", "genpkey", "-algorithm", "RSA").decode() if shop.have("openssl") else ""
    account = {"type": "service_account", "project_id": "made-up", "private_key_id": key(), "private_key": pem,
               "client_email": "x@made-up.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"}  # fmt: skip
    forms = (
        (".aws/credentials", f"[default]\naws_access_key_id = {access()}\naws_secret_access_key = {key()}\n"),
        ("upload/aws.txt", f"[default]\naws_access_key_id={access()}\naws_secret_access_key={key()}\naws_session_token={key(200)}\n"),
        ("Downloads/rootkey.csv", f"AWSAccessKeyId={access()}\nAWSSecretKey={key()}\n"),
        ("Downloads/new_user_credentials.csv", f"User name,Password,Access key ID,Secret access key,Console login link\nanna,,{access()},{key()},https://1.invalid\n"),
        ("keys/key.json", json.dumps({"AccessKey": {"UserName": "a", "AccessKeyId": access(), "SecretAccessKey": key()}})),
        ("gcp/sa.json", json.dumps(account, indent=2)), ("upload/obj-1", json.dumps(account)),
        (".config/gcloud/application_default_credentials.json", json.dumps({"client_id": "1.apps.googleusercontent.com", "client_secret": key(24), "refresh_token": key(60), "type": "authorized_user"})),
        ("app/client_secret.json", json.dumps({"installed": {"client_id": "1.apps.googleusercontent.com", "client_secret": key(24)}})),
        (".azure/msal_token_cache.json", json.dumps({"AccessToken": {"a": {"secret": key(400)}}, "RefreshToken": {"b": {"secret": key(400)}}, "Account": {}})),
        (".azure/accessTokens.json", json.dumps([{"tokenType": "Bearer", "accessToken": key(300), "refreshToken": key(300)}])),
        ("ops/sp.json", json.dumps({"clientId": key(32), "clientSecret": key(), "subscriptionId": key(32), "tenantId": key(32)})),
        ("ops/az.json", json.dumps({"appId": key(32), "displayName": "x", "password": key(), "tenant": key(32)})),
        (".docker/config.json", json.dumps({"auths": {"registry.invalid": {"auth": base64.b64encode(b"anna:" + key(20).encode()).decode()}}})),
        (".netrc", f"machine git.invalid\n  login anna\n  password {key(20)}\n"), (".netrc", f"machine a.invalid login b password {key(18)}\n"),
        (".git-credentials", f"https://anna:{key(20)}@git.invalid\nhttps://bot:{key(20)}@code.invalid\n"),
        (".npmrc", f"registry=https://r.invalid/\n//r.invalid/:_authToken=npm_{key(36)}\n"),
        (".pypirc", f"[distutils]\nindex-servers = pypi\n[pypi]\nusername = __token__\npassword = pypi-{key(120)}\n"),
        (".config/rclone/rclone.conf", f"[r]\ntype = s3\nprovider = AWS\naccess_key_id = {access()}\nsecret_access_key = {key()}\n"),
        (".s3cfg", f"[default]\naccess_key = {access()}\nsecret_key = {key()}\nhost_base = s3.invalid\n"),
        (".config/gh/hosts.yml", f"github.com:\n    user: anna\n    oauth_token: gho_{key(36)}\n    git_protocol: https\n"),
        (".vault-token", f"hvs.{key(90)}"), (".terraform.d/credentials.tfrc.json", json.dumps({"credentials": {"app.terraform.io": {"token": key(60)}}})),
        ("AppData/Roaming/FileZilla/sitemanager.xml", f'<?xml version="1.0"?>\n<FileZilla3><Servers><Server><Host>ftp.invalid</Host><User>a</User><Pass encoding="base64">{base64.b64encode(key(14).encode()).decode()}</Pass></Server></Servers></FileZilla3>'),
        (".pgpass", f"db.invalid:5432:prod:anna:{key(18)}\n"), (".my.cnf", f"[client]\nuser=root\npassword={key(18)}\n"),
    )  # fmt: skip
    for name, text in forms:
        yield Made(
            "cloud_credentials", name, text.encode(), "form", frozenset({"secret", "env_file", "private_key"})
        )
    for _n, (name, text) in enumerate((
        (".aws/config", "[default]\nregion = eu-central-1\noutput = json\n"), ("doc/aws.md", "Set `aws_secret_access_key` in your profile.\n" + prose(rng)),
        (".npmrc", "registry=https://r.invalid/\nsave-exact=true\n"), (".docker/config.json", json.dumps({"credsStore": "desktop", "auths": {}})),
        (".npmrc", "//r.invalid/:_authToken=${NPM_TOKEN}\n"), ("terraform/main.tf", 'variable "client_secret" {\n  type = string\n}\n'),
        ("ops/sp.json", json.dumps({"clientId": "<client id>", "clientSecret": "<secret>", "tenantId": "<tenant>"})),
        ("app/client.json", json.dumps({"installed": {"client_id": "1.apps.googleusercontent.com"}})),
        ("skeleton/.netrc", "# machine HOST login USER password PASSWORD\n"), ("conf/rclone.conf", "[r]\ntype = local\n"),
        ("api/spec.json", json.dumps({"type": "service_account", "description": "the kind of account", "enum": ["user"]})),
        (".aws/credentials", "[default]\naws_access_key_id = <key>\naws_secret_access_key = <secret>\n"),
    )):  # fmt: skip
        yield Made("nothing", name, text.encode(), "form", frozenset({"source_code", "document"}))


def env_file(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    names = (".env", "app/.env.production", "deploy/prod.env", "api/.env.local")
    also = frozenset({"secret"})
    for n in range(PLENTY + 4):
        secret = lambda: text_of(rng, MIXED, rng.randrange(12, 40))  # noqa: E731
        lines = [
            "APP_ENV=production",
            "APP_DEBUG=false",
            f"DB_HOST=db{n}.invalid",
            f"DB_PASSWORD={secret()}",
            f"REDIS_URL=redis://:{secret()}@r.invalid:6379/0",
        ]
        lines += [
            f'MAIL_PASSWORD="{secret()}"',
            f"JWT_SECRET={secret()}",
            "# " + sentence(rng),
            f"export API_KEY='{secret()}'",
            "",
        ]
        rng.shuffle(lines)
        yield Made(
            "env_file",
            names[n % 4] if n % 3 != 2 else f"upload/obj-{n}",
            "\n".join(lines).encode(),
            "form",
            also,
        )
    for n in range(PLENTY):
        text = rng.choice([
            "PATH=/usr/bin\nLANG=C.UTF-8\nHOME=/root\nTZ=UTC\n", "APP_ENV=dev\nAPP_DEBUG=true\nPORT=8080\nLOG_LEVEL=info\n",
            "[section]\nname = x\nlevel = 3\npath = /tmp\n", 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\nHOME_URL="https://debian.invalid/"\n',
            "CC=gcc\nCFLAGS=-O2\nPREFIX=/usr/local\nLDLIBS=-lm\n", "DB_PASSWORD=\nSECRET_KEY=\nAPI_TOKEN=\nPORT=80\n", "DB_PASSWORD=changeme\nSECRET_KEY=<secret>\nAPI_KEY=${API_KEY}\n",
        ])  # fmt: skip
        yield Made("nothing", rng.choice(["etc/environment", "build/conf.mk", "etc/os-release", "app/.env", "app/.env.example", "etc/default/x"]), text.encode(), "form",
                   frozenset({"source_code"}))  # fmt: skip


def profiles(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    b64 = lambda size: base64.b64encode(rng.randbytes(size)).decode()  # noqa: E731
    secrets = frozenset({"secret", "private_key", "certificate"})
    for n in range(PLENTY):
        user = rng.choice([f"client-certificate-data: {b64(600)}\n    client-key-data: {b64(900)}", f"token: {text_of(rng, MIXED, 300)}",
                           f"username: admin\n    password: {text_of(rng, MIXED, 20)}", "exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: aws"])  # fmt: skip
        text = f"apiVersion: v1\nkind: Config\nclusters:\n- name: c{n}\n  cluster:\n    server: https://10.0.0.{n}:6443\n    certificate-authority-data: {b64(500)}\ncontexts:\n- name: x\n  context: {{cluster: c{n}, user: u}}\ncurrent-context: x\nusers:\n- name: u\n  user:\n    {user}\n"
        yield Made(
            "kubeconfig",
            named(rng, n, (".kube/config", "ops/prod.kubeconfig", "ops/cluster.yaml")),
            text.encode(),
            "form",
            secrets,
        )
        state = {
            "version": 4,
            "terraform_version": f"1.{n}.0",
            "serial": n,
            "lineage": text_of(rng, MIXED, 30),
            "outputs": {},
            "resources": [
                {
                    "mode": "managed",
                    "type": "random_password",
                    "name": f"p{k}",
                    "instances": [{"attributes": {"result": text_of(rng, MIXED, 20)}}],
                }
                for k in range(n + 1)
            ],
        }
        yield Made(
            "terraform_state",
            named(
                rng, n, ("infra/terraform.tfstate", "infra/prod.tfstate", "infra/terraform.tfstate.backup")
            ),
            json.dumps(state, indent=2).encode(),
            "form",
            secrets,
        )
        vpn = rng.choice([
            ("vpn/wg0.conf", f"[Interface]\nPrivateKey = {b64(32)}\nAddress = 10.8.0.{n}/24\n\n[Peer]\nPublicKey = {b64(32)}\nEndpoint = vpn.invalid:51820\nAllowedIPs = 0.0.0.0/0\n"),
            ("vpn/office.ovpn", f"client\ndev tun\nproto udp\nremote vpn{n}.invalid 1194\nresolv-retry infinite\n<ca>\n{b64(400)}\n</ca>\nauth-user-pass\n"),
            ("Desktop/server.rdp", f"screen mode id:i:2\r\nfull address:s:rdp{n}.invalid\r\nusername:s:CONTOSO\\anna\r\n"),
        ])  # fmt: skip
        data = vpn[1].encode("utf-16") if vpn[0].endswith(".rdp") and n % 2 else vpn[1].encode()
        yield Made("vpn_profile", vpn[0], data, "form", secrets)
    for n, (name, text) in enumerate((
        ("k8s/deploy.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n"),
        ("k8s/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  clusters: a\n  users: b\n"),
        ("k8s/kubeconfig.tpl", "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\n"),
        ("infra/main.tf", 'terraform {\n  required_version = ">= 1.0"\n}\nresource "random_password" "p" {\n  length = 20\n}\n'),
        ("infra/versions.json", json.dumps({"terraform_version": "1.5.0"})), ("infra/plan.json", json.dumps({"format_version": "1.1", "planned_values": {}})),
        ("net/interfaces", "auto eth0\niface eth0 inet dhcp\n"), ("net/x.conf", "[Interface]\nName = eth0\nAddress = 10.0.0.1/24\n"),
        ("doc/vpn.md", "Write `PrivateKey = ...` into wg0.conf.\nclient\nremote work is fine\n"), ("net/wg.conf.example", "[Interface]\nPrivateKey = <your private key>\nAddress = 10.8.0.2/24\n"),
    )):  # fmt: skip
        yield Made("nothing", name, text.encode(), "form", frozenset({"source_code", "document"}))


COMMANDS = ("ls -la", "cd /srv/app", "git pull", "sudo systemctl restart web", "vim config.yml", "docker ps", "ssh anna@host.invalid", "tail -f x.log",
            "kubectl get pods", "cat README.md", "grep -r foo .", "make test", "mysql -u root", "exit", "pip install x", "history", "curl -sI https://a.invalid")  # fmt: skip


def shell_history(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    for n in range(PLENTY + 3):
        commands = rng.choices(COMMANDS, k=rng.randrange(25, 300))
        time = 1_700_000_000
        forms = (
            (".bash_history", "\n".join(commands)), (".zsh_history", "\n".join(f": {time + k}:0;{each}" for k, each in enumerate(commands))),
            (".bash_history", "\n".join(f"#{time + k}\n{each}" for k, each in enumerate(commands))),
            (".local/share/fish/fish_history", "\n".join(f"- cmd: {each}\n  when: {time + k}" for k, each in enumerate(commands))),
            ("AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt", "\r\n".join(f"Get-Item {each}" for each in commands)),
        )  # fmt: skip
        name, text = forms[n % 5]
        yield Made(
            "shell_history",
            f"home/anna/{name}" if n % 3 != 2 else f"upload/obj-{n}",
            (text + "\n").encode(),
            "form",
            frozenset({"secret"}),
        )
    for n in range(PLENTY):
        commands = rng.choices(COMMANDS, k=30)
        name, text = rng.choice([
            ("deploy/run.sh", "#!/bin/sh\nset -e\n" + "\n".join(commands)), ("doc/HOWTO.md", "# How to\n\n" + "\n".join(f"    {each}" for each in commands)),
            ("doc/steps.txt", "\n".join(f"$ {each}\n{sentence(rng)}" for each in commands)), ("Dockerfile", "FROM debian\n" + "\n".join(f"RUN {each}" for each in commands)),
            ("CHANGELOG", "\n".join(f"- {sentence(rng)}" for _ in range(40))), ("words.txt", "\n".join(rng.choices(["find", "make", "cat", "which", "less", "tail"], k=9))),
        ])  # fmt: skip
        yield Made("nothing", name, text.encode(), "form", frozenset({"source_code", "document", "program"}))


def hive(own: str, rng: Random) -> bytes:
    base = (
        b"regf"
        + struct.pack("<IIQIIIIII", 5, 5, 132_000_000_000_000_000, 1, 5, 0, 1, 32, 4096)
        + struct.pack("<I", 1)
    )
    base = base[:48] + own.encode("utf-16-le").ljust(64, b"\0")[-64:]
    return base.ljust(4096, b"\0") + b"hbin" + rng.randbytes(4092)


def windows_secrets(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    for n, (name, own) in enumerate((("Windows/System32/config/SAM", "\\SystemRoot\\System32\\Config\\SAM"), ("backup/sam.bak", "SAM"), ("upload/obj-9", "emRoot\\System32\\Config\\SAM"),
                                     ("config/SYSTEM", "SYSTEM"), ("config/SECURITY", "\\SystemRoot\\System32\\Config\\SECURITY"), ("dump/system.hive", "SYSTEM"), ("sec.hiv", "SECURITY"))):  # fmt: skip
        yield Made("windows_secrets", name, hive(own, rng), "header")
    ese = bytes(4) + b"\xef\xcd\xab\x89" + struct.pack("<I", 0x620) + rng.randbytes(9000)
    for name in ("Windows/NTDS/ntds.dit", "ifm/Active Directory/ntds.dit"):
        yield Made("windows_secrets", name, ese, "header")
    for n in range(4):
        users = [
            f"{each.lower()}:$6${text_of(rng, MIXED, 12)}${text_of(rng, MIXED, 86)}:19000:0:99999:7:::"
            for each in ("root", "Anna", "Boris")
        ]
        yield Made(
            "windows_secrets",
            ("etc/shadow", "etc/shadow-", "backup/shadow", "etc/shadow.bak")[n],
            "\n".join(["daemon:*:19000:0:99999:7:::", *users, ""]).encode(),
            "form",
            frozenset({"secret"}),
        )
    for n, (name, own) in enumerate(
        (
            ("Windows/System32/config/SOFTWARE", "SOFTWARE"),
            ("config/COMPONENTS", "COMPONENTS"),
            ("config/DEFAULT", "DEFAULT"),
        )
    ):
        yield Made("system_backup", name, hive(own, rng), "header")
    for name, text in (("etc/shadow", "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"), ("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000::/home/anna:/bin/sh\n"),
                       ("SAM", prose(rng)), ("css/shadow.css", ".shadow { box-shadow: 0 0 3px }\n"), ("etc/group", "root:x:0:\nsudo:x:27:anna\n")):  # fmt: skip
        yield Made("nothing", name, text.encode(), "form", frozenset({"source_code", "document", "website"}))


CHROME = {
    "Login Data": "CREATE TABLE logins (origin_url TEXT, username_value TEXT, password_value BLOB); CREATE TABLE stats (origin TEXT); CREATE TABLE meta (key TEXT, value TEXT)",
    "Cookies": "CREATE TABLE cookies (host_key TEXT, name TEXT, encrypted_value BLOB); CREATE TABLE meta (key TEXT, value TEXT)",
    "History": "CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT); CREATE TABLE visits (id INTEGER PRIMARY KEY, url INTEGER); CREATE TABLE downloads (id INTEGER)",
    "Web Data": "CREATE TABLE credit_cards (guid TEXT, card_number_encrypted BLOB); CREATE TABLE autofill (name TEXT, value TEXT)",
}  # fmt: skip
FIREFOX = {
    "places.sqlite": "CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT); CREATE TABLE moz_historyvisits (id INTEGER PRIMARY KEY, place_id INTEGER)",
    "cookies.sqlite": "CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, name TEXT, value TEXT, host TEXT)",
    "key4.db": "CREATE TABLE metadata (id TEXT, item1, item2); CREATE TABLE nssPrivate (id, a11, a102)",
    "formhistory.sqlite": "CREATE TABLE moz_formhistory (id INTEGER, fieldname TEXT, value TEXT)",
}  # fmt: skip


def database(shop: Workshop, schema: str, fill: int = 50) -> bytes:
    path = shop.folder / "made.sqlite"
    with sqlite3.connect(path) as made_up:
        made_up.executescript(schema)
        for (table,) in made_up.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'"
        ).fetchall():
            width = len(made_up.execute(f'PRAGMA table_info("{table}")').fetchall())
            made_up.executemany(
                f'INSERT INTO "{table}" VALUES ({",".join("?" * width)})',
                [[k, *(f"v{k}" for _ in range(width - 1))] for k in range(fill)],
            )
    made_up.close()
    return shop.read("made.sqlite")


def browser_profile(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    for n, (name, schema) in enumerate([*CHROME.items()] * 2):
        home = ("AppData/Local/Google/Chrome/User Data/Default", ".config/google-chrome/Default")[n // 4]
        yield Made(
            "browser_profile",
            f"Users/anna/{home}/{name}" if n < 6 else f"upload/obj-{n}",
            database(shop, schema, 5 + n),
            "tool",
            frozenset({"payment_data"}),
        )
    for n, (name, schema) in enumerate([*FIREFOX.items()]):
        yield Made(
            "browser_profile", f".mozilla/firefox/a.default/{name}", database(shop, schema, 5 + n), "tool"
        )
    logins = {
        "nextId": 3,
        "logins": [
            {
                "id": k,
                "hostname": f"https://a{k}.invalid",
                "encryptedUsername": text_of(rng, MIXED, 40),
                "encryptedPassword": text_of(rng, MIXED, 40),
            }
            for k in range(2)
        ],
    }
    yield Made(
        "browser_profile", ".mozilla/firefox/a.default/logins.json", json.dumps(logins).encode(), "form"
    )
    for n, schema in enumerate(("CREATE TABLE t (a, b)", "CREATE TABLE cookies (kind TEXT, grams INTEGER); CREATE TABLE recipes (id, name)", "CREATE TABLE tiles (z, x, y, data)",
                                "CREATE TABLE urls (id, url); CREATE TABLE pages (id)", "CREATE TABLE words (id, word); CREATE TABLE visits_per_day (day, n)")):  # fmt: skip
        yield Made("database", f"app/store{n}.db", database(shop, schema), "tool", frozenset({"other"}))
    yield Made(
        "nothing", "api/logins.json", json.dumps({"logins": [{"id": 1, "at": "2024-01-01"}]}).encode(), "form"
    )


MAKERS = (private_key, no_private_key, keystore, password_vault, password_export, cloud_credentials, env_file, profiles, shell_history,
          windows_secrets, browser_profile)  # fmt: skip
