"""Makes databases, dumps, tables and documents: by SQLite, PostgreSQL and Polars where they are here, else by their forms."""

# ruff: noqa: E501, PLC0415, B007 - texts and headers read best in one line

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from random import Random

from contents_corpus import (
    PLENTY,
    WORDS,
    Made,
    Workshop,
    named,
    neutral,
    person,
    prose,
    sentence,
)
from contents_keys import database

SCHEMAS = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name, email); CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id, total)",
    "CREATE TABLE users (id INTEGER PRIMARY KEY, login, password_hash); CREATE TABLE roles (id, name)",
    "CREATE TABLE patients (id INTEGER PRIMARY KEY, name, ward); CREATE TABLE visits (id, patient, day)",
    "CREATE TABLE employee (id INTEGER PRIMARY KEY, surname, salary)",
    "CREATE TABLE invoices (id INTEGER PRIMARY KEY, number, amount); CREATE TABLE payments (id, invoice)",
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner, balance); CREATE TABLE audit (id, what)",
)  # fmt: skip


def databases(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    also = frozenset({"personal_data", "payment_data", "health_data"})
    for n in range(2 * len(SCHEMAS)):
        yield Made(
            "database",
            named(rng, n, ("app/prod.db", "data/main.sqlite3", "crm.sqlite")),
            database(shop, SCHEMAS[n % len(SCHEMAS)], 5 + 20 * n),
            "tool",
            also,
        )
    noise = rng.randbytes(1 << 15)
    for name, data in (("Sales.mdf", b"\1\x0f\0\0\x08" + noise), ("crm.accdb", b"\0\1\0\0Standard ACE DB\0" + noise), ("old.mdb", b"\0\1\0\0Standard Jet DB\0" + noise),
                       ("Windows/a.edb", bytes(4) + b"\xef\xcd\xab\x89" + noise)):  # fmt: skip
        yield Made("database", name, data, "header", frozenset({"windows_secrets"}))
    for n, data in enumerate(
        (
            b"SQLite format 3 is what a database begins with.\n",
            b"SQLite format 2\0" + noise,
            prose(rng).encode(),
            b"TAPE \0is no backup",
        )
    ):
        yield Made(
            "nothing",
            ("doc/sqlite.txt", "x/a.db_", "n.txt", "tape.txt")[n],
            data,
            "form",
            frozenset({"document"}),
        )


def postgres(shop: Workshop) -> Iterator[bytes]:
    """Yield dumps of a real server that runs on a socket of its own, as nobody."""
    if not shop.have("initdb", "postgres", "pg_dump", "setpriv") or os.geteuid():
        return
    home = shop.folder / "pg"
    home.mkdir()
    shutil.chown(home, "nobody", "nogroup")
    for above in (shop.folder, *shop.folder.parents):
        if above.stat().st_uid == os.geteuid() and not above.stat().st_mode & 1:
            above.chmod(above.stat().st_mode | 0o011)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", f"HOME={home}")
    shop.run(*nobody, "initdb", "-D", home / "d", "-U", "made", "-A", "trust", "--no-sync")
    with open(home / "log", "wb") as log:
        server = subprocess.Popen(
            [*nobody, "postgres", "-D", str(home / "d"), "-k", str(home), "-h", "", "-F"],
            stdout=log,
            stderr=log,
        )
    try:
        base = ("-h", home, "-U", "made")
        for _ in range(50):
            if (home / ".s.PGSQL.5432").exists():
                break
            subprocess.run(["sleep", "0.1"], check=True)
        for n in range(4):
            sql = "".join(
                f"CREATE TABLE t{n}_{k} (id serial PRIMARY KEY, name text, email text, total numeric);\n"
                for k in range(n + 1)
            )
            sql += "".join(
                f"INSERT INTO t{n}_0 (name, email, total) VALUES ('{person(shop.rng)[0]}', '{person(shop.rng)[1]}', {k});\n"
                for k in range(60)
            )
            shop.run("psql", *base, "-d", "postgres", "-c", f"CREATE DATABASE d{n}")
            shop.run("psql", *base, "-d", f"d{n}", "-q", "-f", "-", input=sql.encode())
            yield shop.run("pg_dump", *base, ("--inserts", "-Fp", "-Fp", "-C")[n], f"d{n}")
            yield shop.run("pg_dump", *base, "-Fc", f"d{n}")
        yield shop.run("pg_dumpall", *base)
    finally:
        server.terminate()
        server.wait()


def dumps(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    also = frozenset({"personal_data", "payment_data", "health_data", "secret", "windows_secrets"})
    names = ("backup/prod.sql", "dump.sql", "db/nightly.dump")
    try:
        for n, data in enumerate(postgres(shop)):
            yield Made("database_dump", named(rng, n, names), data, "tool", also)
    except (RuntimeError, OSError) as error:
        shop.missing.add(f"PostgreSQL: {error}")
    if shop.have("sqlite3"):
        for n in range(4):
            shop.file("d.db", database(shop, SCHEMAS[n], 30))
            yield Made(
                "database_dump",
                named(rng, n, ("app.sql",)),
                shop.run("sqlite3", "d.db", ".dump"),
                "tool",
                also,
            )
    for n in range(6):
        maker = ("-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: localhost    Database: shop\n", "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n",
                 "-- phpMyAdmin SQL Dump\n-- version 5.2.1\n")[n % 3]  # fmt: skip
        rows = ",".join(f"({k},'{person(rng)[0]}','{person(rng)[1]}')" for k in range(40))
        text = f"{maker}-- ------------------------------------------------------\nDROP TABLE IF EXISTS `c{n}`;\nCREATE TABLE `c{n}` (\n  `id` int NOT NULL,\n  `name` varchar(80) DEFAULT NULL,\n  `mail` varchar(80) DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\nINSERT INTO `c{n}` VALUES {rows};\n-- Dump completed on 2024-01-01\n"
        yield Made(
            "database_dump", named(rng, n, ("mysql/all.sql", "backup.sql")), text.encode(), "form", also
        )
    noise = rng.randbytes(1 << 15)
    for n in range(2):
        for name, data in (
            ("Sales_FULL.bak", b"TAPE\0\0\3\0" + noise),
            ("dump.rdb", b"REDIS0009\xfa\x09redis-ver\x057.0.0" + noise),
            ("a.archive", b"\x6d\xe2\x99\x81" + noise),
            ("exp.dmp", b"\3\0\x1fEXPORT:V11.02.00\n" + noise),
        ):
            if name != "exp.dmp":
                yield Made("database_dump", neutral(rng) if n else name, data, "header", also)
    for n, (name, text) in enumerate((
        ("db/schema.sql", "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\n"), ("migrations/0001.sql", "ALTER TABLE a ADD COLUMN b int;\n"), ("q/report.sql", "SELECT a, b FROM c WHERE d = 1;\n"),
        ("doc/dump.md", "Run `pg_dump prod > x.sql`; the file begins with `PostgreSQL database` and so on.\n"), ("src/load.py", 'SQL = "INSERT INTO a VALUES (?, ?)"\nimport sqlite3\n'),
        ("queries.sql", "-- MySQL has no such function\nSELECT 1;\n"), ("proc.sql", "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql;\n"), ("REDIS.txt", "REDIS is fast.\n"), ("x.bak", "old text\n" + prose(rng)),
        ("PGDM.bin", "PGDM"), ("views.sql", "CREATE VIEW v AS SELECT * FROM t;\n"), ("grants.sql", "GRANT SELECT ON a TO b;\n"),
    )):  # fmt: skip
        yield Made("nothing", name, text.encode(), "form", frozenset({"source_code", "document", "backup"}))


def columns(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    for n in range(PLENTY + 2):
        rows = {
            "day": [f"2024-01-{k % 28 + 1:02d}" for k in range(50)],
            "station": [rng.choice(WORDS) for _ in range(50)],
            "degrees": [rng.random() * 30 for _ in range(50)],
            "wind": [rng.randrange(90) for _ in range(50)],
        }
        out = io.BytesIO()
        try:
            import polars as pl

            frame = pl.DataFrame(rows)
            form, ending = (
                ("parquet", "parquet"),
                ("ipc", "arrow"),
                ("csv", "csv"),
                ("ndjson", "jsonl"),
                ("avro", "avro"),
            )[n % 5]
            getattr(frame, f"write_{form}")(out)
            how = "tool"
        except ImportError:
            shop.missing.add("polars")
            how, ending = "form", "csv"
            out.write(
                "\n".join(
                    [",".join(rows), *(",".join(map(str, row)) for row in zip(*rows.values(), strict=True))]
                ).encode()
            )
        yield Made(
            "dataset",
            named(rng, n, (f"data/weather.{ending}",)) if ending != "jsonl" else f"data/weather.{ending}",
            out.getvalue(),
            how,
        )
        yield Made(
            "dataset",
            named(rng, n, ("data/export.tsv", "results.csv")) if n % 3 else "a.csv",
            "\n".join(
                [
                    ";\t,"[n % 3].join(rows),
                    *((";\t,"[n % 3]).join(map(str, row)) for row in zip(*rows.values(), strict=True)),
                ]
            ).encode(),
            "form",
        )
    for n in range(8):
        yield Made("nothing", f"doc/prose{n}.txt", prose(rng, 30).encode(), "form", frozenset({"document"}))
        yield Made(
            "nothing",
            f"doc/list{n}.txt",
            "".join(f"{sentence(rng, 4)[:-1]}, {sentence(rng, 3)}\n" for _ in range(9)).encode(),
            "form",
            frozenset({"document"}),
        )


OFFICE = "http://schemas.openxmlformats.org"


def office(form: str, texts: list[list[str]], rng: Random) -> bytes:
    """Write an Office file of which its programs would take every part. texts: rows of cells, or paragraphs of one."""
    main = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}[form]
    kind = {
        "docx": "wordprocessingml.document",
        "xlsx": "spreadsheetml.sheet",
        "pptx": "presentationml.presentation",
    }[form]
    escape = lambda text: text.replace("&", "&amp;").replace("<", "&lt;")  # noqa: E731
    files = {
        "[Content_Types].xml": f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{OFFICE}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{OFFICE}/package/2006/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument/2006/relationships/officeDocument" Target="{main}"/></Relationships>',
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{OFFICE}/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>{sentence(rng, 3)}</dc:title><dc:creator>{person(rng)[0]}</dc:creator></cp:coreProperties>',
        "docProps/app.xml": f'<Properties xmlns="{OFFICE}/officeDocument/2006/extended-properties"><Application>Microsoft Office</Application><Pages>3</Pages></Properties>',
    }  # fmt: skip
    if form == "docx":
        files[main] = (
            f'<w:document xmlns:w="{OFFICE}/wordprocessingml/2006/main"><w:body>'
            + "".join(f"<w:p><w:r><w:t>{escape(' '.join(row))}</w:t></w:r></w:p>" for row in texts)
            + "</w:body></w:document>"
        )
    elif form == "xlsx":
        strings = {cell: None for row in texts for cell in row}
        index = {cell: n for n, cell in enumerate(strings)}
        files[main] = (
            f'<workbook xmlns="{OFFICE}/spreadsheetml/2006/main"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1" xmlns:r="{OFFICE}/officeDocument/2006/relationships"/></sheets></workbook>'
        )
        files["xl/sharedStrings.xml"] = (
            f'<sst xmlns="{OFFICE}/spreadsheetml/2006/main">'
            + "".join(f"<si><t>{escape(cell)}</t></si>" for cell in strings)
            + "</sst>"
        )
        rows = "".join(
            f'<row r="{r}">'
            + "".join(f'<c r="{chr(65 + c)}{r}" t="s"><v>{index[cell]}</v></c>' for c, cell in enumerate(row))
            + "</row>"
            for r, row in enumerate(texts, 1)
        )
        files["xl/worksheets/sheet1.xml"] = (
            f'<worksheet xmlns="{OFFICE}/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
        )
    else:
        files[main] = f'<p:presentation xmlns:p="{OFFICE}/presentationml/2006/main"/>'
        for n, row in enumerate(texts[:20], 1):
            files[f"ppt/slides/slide{n}.xml"] = (
                f'<p:sld xmlns:p="{OFFICE}/presentationml/2006/main" xmlns:a="{OFFICE}/drawingml/2006/main"><a:t>{escape(" ".join(row))}</a:t></p:sld>'
            )
    return zipped(files)


def zipped(files: dict[str, str | bytes], stored: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data, zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def pdf(text: str) -> bytes:
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>", b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")  # fmt: skip
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += (
        b"xref\n0 5\n0000000000 65535 f \n"
        + b"".join(b"%010d 00000 n \n" % at for at in places)
        + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    )
    return bytes(out)


def documents(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    for n in range(PLENTY):
        dull = [[sentence(rng) for _ in range(3)] for _ in range(9)]
        yield Made("document", named(rng, n, ("docs/plan.docx",)), office("docx", dull, rng), "form")
        yield Made(
            "spreadsheet",
            named(rng, n, ("docs/budget.xlsx",)),
            office("xlsx", dull, rng),
            "form",
            frozenset({"dataset"}),
        )
        yield Made("document", named(rng, n, ("docs/talk.pptx",)), office("pptx", dull, rng), "form")
        if n < 4:
            yield Made("document", named(rng, n, ("docs/a.pdf",)), pdf(sentence(rng)), "form")
            yield Made(
                "document",
                named(rng, n, ("docs/a.rtf",)),
                b"{\\rtf1\\ansi " + prose(rng).encode() + b"}",
                "form",
            )
            for kind, media, name in (
                ("document", "text", "a.odt"),
                ("spreadsheet", "spreadsheet", "a.ods"),
                ("document", "presentation", "a.odp"),
            ):
                files = {
                    "mimetype": f"application/vnd.oasis.opendocument.{media}",
                    "content.xml": f"<office:document-content><office:body>{prose(rng)}</office:body></office:document-content>",
                    "meta.xml": "<office:document-meta/>",
                    "META-INF/manifest.xml": "<manifest:manifest/>",
                }
                yield Made(kind, named(rng, n, (name,)), zipped(files, "mimetype"), "form")
        table = [
            ["Name", "E-Mail", "Telefon", "Geburtsdatum"],
            *(
                [
                    *person(rng),
                    f"+49 30 {rng.randrange(10**6, 10**7)}",
                    f"{rng.randrange(1950, 2004)}-05-{rng.randrange(1, 28):02d}",
                ]
                for _ in range(30)
            ),
        ]
        yield Made(
            "personal_data",
            named(rng, n, ("hr/staff.xlsx",)),
            office("xlsx", table, rng),
            "form",
            frozenset({"spreadsheet"}),
        )
        yield Made(
            "personal_data",
            named(rng, n, ("hr/staff.docx",)),
            office("docx", table, rng),
            "form",
            frozenset({"document"}),
        )
    for n in range(PLENTY):
        yield Made("nothing", f"x/{n}.bin", rng.randbytes(5000), "form")


MAKERS = (databases, dumps, columns, documents)
