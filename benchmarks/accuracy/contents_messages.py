"""Makes mail and messages: by Python's own mail library, and by the forms that Graph, Slack and Purview describe."""

# ruff: noqa: E501, B007 - texts and headers read best in one line

from __future__ import annotations

import csv
import html
import io
import json
import mailbox
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from random import Random

from contents_corpus import MIXED, PLENTY, Made, Workshop, named, person, prose, sentence, text_of
from contents_keys import database

START = datetime(2023, 3, 1, 8, tzinfo=UTC)


def mail(rng: Random, n: int, *, attached: bool = False) -> EmailMessage:
    made = EmailMessage()
    (who, address), (_, other) = person(rng), person(rng)
    made["From"], made["To"], made["Subject"] = f"{who} <{address}>", other, sentence(rng, 5)
    made["Date"] = (START + timedelta(hours=n)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    made["Message-ID"] = f"<{n}.{text_of(rng, MIXED, 8)}@mail.invalid>"
    made.set_content(prose(rng, 4))
    if attached:
        made.add_attachment(rng.randbytes(500), maintype="application", subtype="pdf", filename="a.pdf")
    return made


def mails(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    for n in range(PLENTY):
        path = shop.folder / "box"
        box = mailbox.mbox(path)
        for k in range(rng.randrange(2, 30)):
            box.add(mail(rng, k, attached=k % 7 == 0))
        box.flush()
        box.close()
        yield Made(
            "mail_archive",
            named(rng, n, ("Mail/Inbox", "export/sent.mbox", "takeout/All mail.mbox")),
            shop.read("box"),
            "tool",
            frozenset({"mail"}),
        )
        one = mail(rng, n, attached=n % 2 == 0).as_bytes()
        if n % 4 == 1:
            one = (
                b"Return-Path: <a@mail.invalid>\r\nReceived: from a.invalid by b.invalid; Wed, 1 Mar 2023 08:00:00 +0000\r\n"
                + one.replace(b"\n", b"\r\n")
            )
        yield Made(
            "mail", named(rng, n, ("mail/1.eml", "inbox/cur/1677.M1P2.host:2,S", "a.eml")), one, "tool"
        )
    for n in range(4):
        unicode = b"!BDN" + rng.randbytes(4) + b"SM" + bytes((23, 0, 19, 0, 1, 1)) + rng.randbytes(9000)
        yield Made("mail_archive", named(rng, n, ("anna.pst", "archive.pst")), unicode, "header")
        yield Made("mail_archive", named(rng, n, ("anna.ost",)), unicode[:8] + b"SO" + unicode[10:], "header")
    for n, (name, text) in enumerate((
        ("doc/a.txt", "From: the beginning\nTo: the end\n\n" + prose(rng)), ("b.txt", "From here on it rains.\n" + prose(rng)), ("http.txt", "GET / HTTP/1.1\nHost: a.invalid\nUser-Agent: x\n\n"),
        ("c.patch", "From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n---\n a | 2 +-\n\ndiff --git a/a b/a\n"),
        ("README", "Subject: to change\n" + prose(rng)), ("conf.yml", "from: a\nto: b\nsubject: c\n"), ("x.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n"),
        ("h.txt", "Content-Type: text/html\nDate: Wed, 1 Mar 2023 08:00:00 GMT\nServer: x\n\n<html></html>"),
    )):  # fmt: skip
        yield Made("nothing", name, text.encode(), "form", frozenset({"document", "source_code", "log"}))


def graph(rng: Random, n: int, people: list[tuple[str, str]]) -> dict[str, object]:
    who, address = rng.choice(people)
    return {"id": str(1677650400000 + n), "replyToId": None, "etag": str(1677650400000 + n), "messageType": "message",
            "createdDateTime": (START + timedelta(minutes=n)).isoformat().replace("+00:00", "Z"), "chatId": f"19:{n % 4}_made@unq.gbl.spaces", "importance": "normal", "locale": "en-us",
            "from": {"application": None, "device": None, "user": {"id": address.split("@")[0], "displayName": who, "userIdentityType": "aadUser"}},
            "body": {"contentType": "html", "content": f"<p>{sentence(rng)}</p>"}, "attachments": [], "mentions": [], "reactions": []}  # fmt: skip


def teams(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    people = [person(rng) for _ in range(9)]
    also = frozenset({"personal_data", "mail_archive", "chat_store"})
    for n in range(PLENTY):
        messages = [graph(rng, k, people) for k in range(rng.randrange(3, 80))]
        context = "https://graph.microsoft.com/v1.0/$metadata#chats('19%3A0_made')/messages"
        form = n % 4
        if form == 0:
            text = json.dumps({"@odata.context": context, "@odata.count": len(messages), "value": messages})
        elif form == 1:
            text = json.dumps({"@odata.context": context, "value": messages}, indent=2)
        elif form == 2:
            text = json.dumps(messages, indent=1)
        else:
            text = "".join(
                json.dumps({**each, "@odata.type": "#microsoft.graph.chatMessage"}) + "\n"
                for each in messages
            )
        yield Made(
            "teams_messages",
            named(rng, n, ("teams/chat-1.json", "graph/messages.json", "export/chats.jsonl")),
            text.encode(),
            "form",
            also,
        )
    for n in range(PLENTY):
        yield Made(
            "teams_messages",
            named(rng, n, ("Export/Items_0.csv", "Reports/Results.csv", "Teams/transcript.csv")),
            listed(rng, people, n),
            "form",
            also,
        )
        yield Made(
            "teams_messages",
            named(rng, n, ("Export/Teams/Conversation 1.html", "Items/19_abc_thread.v2.html", "chat.htm")),
            transcript(rng, people, n),
            "form",
            also | {"website"},
        )
    for n, (name, text) in enumerate((
        ("api/spec.json", json.dumps({"messageType": "string", "createdDateTime": "string"})), ("doc/teams.md", "# chatMessage\nHas `messageType`, `createdDateTime`, `chatId`.\n"),
        ("a.json", json.dumps([{"id": 1, "text": sentence(rng), "user": "x"} for _ in range(9)])), ("posts.json", json.dumps({"value": [{"createdDateTime": "2024-01-01", "title": "x"}]})),
        ("page.html", f"<html><head><title>Microsoft Teams</title></head><body><p>{sentence(rng)}</p></body></html>"),
        ("items.csv", "item,path,size\na,b,1\nc,d,2\n"), ("tickets.csv", "Subject,Sender,Date,Status\n" + "".join(f"{sentence(rng)},a,2024-01-01,open\n" for _ in range(9))),
        ("blog.html", "<html><body>" + "".join(f"<div class='comment'><b>{person(rng)[0]}</b> <i>3/1/2023 8:00 AM</i> {sentence(rng)}</div>" for _ in range(9)) + "</body></html>"),
    )):  # fmt: skip
        yield Made(
            "nothing",
            name,
            text.encode(),
            "form",
            frozenset({"dataset", "document", "website", "source_code"}),
        )


def listed(rng: Random, people: list[tuple[str, str]], n: int) -> bytes:
    out = io.StringIO()
    rows = csv.writer(out)
    forms = (
        ("Item Identity", "Document ID", "Selected", "Duplicate to Item", "Original Path", "Location", "Subject or Title", "Sender or Created by", "Recipients in To line", "Sent", "Item class", "Target Path"),
        ("Compound path", "Conversation type", "Message kind", "Item class", "Custodian", "Family ID", "Subject", "Sender", "Date", "Native path"),
        ("Conversation ID", "Thread ID", "Message ID", "Sender name", "Sender email", "Participants", "Message time (UTC)", "Message text", "Channel name", "Team name"),
    )  # fmt: skip
    columns = forms[n % 3]
    rows.writerow(columns)
    for k in range(rng.randrange(4, 90)):
        who, address = rng.choice(people)
        row = []
        for column in columns:
            low = column.lower()
            if "class" in low or "kind" in low:
                row.append("IPM.SkypeTeams.Message" if "class" in low else "microsoftteams")
            elif "sender email" in low or "recipients" in low or "participants" in low:
                row.append(address)
            elif "sender" in low or "custodian" in low:
                row.append(who)
            elif "sent" in low or "date" in low or "time" in low:
                row.append((START + timedelta(minutes=k)).strftime("%m/%d/%Y %I:%M:%S %p"))
            elif "path" in low:
                row.append(f"anna\\TeamsMessagesData\\{k}.msg")
            elif "text" in low or "subject" in low:
                row.append(sentence(rng))
            elif "type" in low:
                row.append("1:1 chat")
            elif low in ("thread id", "conversation id"):
                row.append(f"19:{k % 3}{text_of(rng, 'abcdef0123456789', 28)}@thread.v2")
            else:
                row.append(text_of(rng, MIXED, 16))
        rows.writerow(row)
    return out.getvalue().encode("utf-8-sig" if n % 2 else "utf-8")


def transcript(rng: Random, people: list[tuple[str, str]], n: int) -> bytes:
    """Write a conversation as eDiscovery (Premium) does: after its description, none was at hand."""
    thread = f"19:{text_of(rng, 'abcdef0123456789', 32)}@thread.{('v2', 'tacv2', 'skype')[n % 3]}"
    rows = []
    for k in range(rng.randrange(3, 80)):
        who, address = rng.choice(people)
        when = (START + timedelta(minutes=k)).strftime(
            "%Y-%m-%dT%H:%M:%SZ" if n % 2 else "%m/%d/%Y %I:%M:%S %p"
        )
        rows.append(f'<div class="message" id="{1677650400000 + k}"><span class="sender" title="{address}">{html.escape(who)}</span> <span class="time">{when}</span>'
                    f'<div class="body">{html.escape(sentence(rng))}</div></div>')  # fmt: skip
    head = ("Teams conversation", "Microsoft Teams chat transcript", "Conversation transcript")[n % 3]
    return (f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{head}</title><style>.message{{margin:4px}}</style></head>\n<body>'
            f'<h1>{head}</h1><table><tr><td>Conversation ID</td><td>{thread}</td></tr><tr><td>Participants</td><td>{"; ".join(a for _, a in people)}</td></tr>'
            f"<tr><td>Item class</td><td>IPM.SkypeTeams.Message</td></tr></table>\n" + "\n".join(rows) + "\n</body></html>\n").encode()  # fmt: skip


def slack(shop: Workshop) -> Iterator[Made]:
    rng = shop.rng
    also = frozenset({"archive", "personal_data"})
    for n in range(PLENTY):
        users = [
            {
                "id": f"U{text_of(rng, 'ABCDEFGHJ0123456789', 9)}",
                "name": person(rng)[0],
                "profile": {"email": person(rng)[1]},
            }
            for _ in range(6)
        ]
        days = {}
        for channel in ("general", "random", "ops")[: 1 + n % 3]:
            for day in range(1, 4):
                days[f"{channel}/2024-03-{day:02d}.json"] = json.dumps([
                    {"type": "message", "user": rng.choice(users)["id"], "text": sentence(rng), "ts": f"17090{k:05d}.000{k % 10}00", "client_msg_id": text_of(rng, MIXED, 20)}
                    for k in range(rng.randrange(2, 40))], indent=n % 2 * 4 or None)  # fmt: skip
        out = io.BytesIO()
        prefix = "export/" if n % 5 == 4 else ""
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{prefix}users.json", json.dumps(users))
            archive.writestr(f"{prefix}channels.json", json.dumps([{"id": "C1", "name": "general"}]))
            for name, text in days.items():
                archive.writestr(prefix + name, text)
        yield Made(
            "slack_export",
            named(rng, n, ("Acme Slack export Mar 1 2024.zip", "slack.zip")),
            out.getvalue(),
            "form",
            also,
        )
        yield Made(
            "slack_export",
            named(rng, n, ("slack/general/2024-03-01.json", "x/2024-03-02.json")),
            next(iter(days.values())).encode(),
            "form",
            also,
        )
    for n, files in enumerate(
        (
            {"users.json": "[]", "posts/2024-03-01.json": "[]"},
            {"channels.json": "[]", "a.json": "{}"},
            {"users.json": "[]", "README.md": "# x"},
        )
    ):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        yield Made(
            "archive", f"upload/a{n}.zip", out.getvalue(), "tool", frozenset({"source_code", "dataset"})
        )
    for n in range(4):
        rows = [{"type": "message", "text": sentence(rng), "time": k} for k in range(9)]
        yield Made(
            "nothing",
            f"queue/2024-03-0{n + 1}.json",
            json.dumps(rows).encode(),
            "form",
            frozenset({"dataset", "source_code", "log"}),
        )


CHATS = (
    ("Library/Messages/chat.db", "CREATE TABLE message (ROWID INTEGER PRIMARY KEY, text, date INTEGER); CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id); CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, guid)"),
    ("WhatsApp/Databases/msgstore.db", "CREATE TABLE message (_id INTEGER PRIMARY KEY, text_data, timestamp INTEGER); CREATE TABLE jid (_id INTEGER PRIMARY KEY, user); CREATE TABLE chat (_id INTEGER PRIMARY KEY, subject)"),
    ("WhatsApp/ChatStorage.sqlite", "CREATE TABLE ZWAMESSAGE (Z_PK INTEGER PRIMARY KEY, ZTEXT, ZMESSAGEDATE)"),
    ("Skype/main.db", "CREATE TABLE Messages (id INTEGER PRIMARY KEY, body_xml, timestamp); CREATE TABLE Contacts (id INTEGER PRIMARY KEY, skypename); CREATE TABLE Conversations (id INTEGER PRIMARY KEY, displayname)"),
    ("app/chats.db", "CREATE TABLE conversations (id INTEGER PRIMARY KEY, title); CREATE TABLE messages (id INTEGER PRIMARY KEY, conversation_id, body, sent_at)"),
)  # fmt: skip


def chats(shop: Workshop) -> Iterator[Made]:
    for n in range(3 * len(CHATS)):
        name, schema = CHATS[n % len(CHATS)]
        yield Made(
            "chat_store",
            name if n < 2 * len(CHATS) else f"upload/obj-{n}",
            database(shop, schema, 4 + 3 * n),
            "tool",
            frozenset({"database"}),
        )
    for n in range(PLENTY):
        cards = "".join(f"BEGIN:VCARD\r\nVERSION:{('3.0', '2.1', '4.0')[n % 3]}\r\nFN:{person(shop.rng)[0]}\r\nEMAIL:{person(shop.rng)[1]}\r\nTEL:+49 30 {shop.rng.randrange(10**6, 10**7)}\r\nEND:VCARD\r\n"
                        for _ in range(shop.rng.randrange(1, 60)))  # fmt: skip
        yield Made(
            "contacts",
            named(shop.rng, n, ("contacts.vcf", "phone/all.vcf")),
            cards.encode(),
            "form",
            frozenset({"personal_data"}),
        )


MAKERS = (mails, teams, slack, chats)
