"""What a good programmer writes in an afternoon: one handler a route, raw SQL, no rules, one store; to compare with."""

import json
import os
import threading
from typing import Any

import pymysql
from flask import Flask, Response, request

from service.messages import CATEGORIES
from service.storage.database.rows import derived

app = Flask(__name__)
MESSAGES, FILES, ORIGINALS, STATUSES = CATEGORIES
BODY = os.environ.get("STRAIGHT_BODY", "").encode() * int(os.environ.get("STRAIGHT_SIZE", "1"))
_local: dict[int, Any] = {}


def connection() -> Any:
    """Give the connection of this thread."""
    key = threading.get_ident()
    if key not in _local:
        _local[key] = pymysql.connect(host="127.0.0.1", user="root", database=os.environ["STRAIGHT_DATABASE"])
    return _local[key]


@app.get("/static")
def static_body() -> Response:
    return Response(BODY, mimetype="application/json")


@app.get("/depositions/<dep>/messages")
def messages(dep: str) -> Response:
    found: dict[str, list[dict[str, Any]]] = {}
    with connection().cursor(pymysql.cursors.DictCursor) as cursor:
        for table in CATEGORIES:
            cursor.execute(f"SELECT * FROM {table} WHERE deposition_data_set_id = %s ORDER BY position", (dep,))
            found[table] = list(cursor.fetchall())
    connection().rollback()
    by_message: dict[str, list[dict[str, Any]]] = {}
    for file in found[FILES]:
        by_message.setdefault(file["message_id"], []).append(file)
    statuses = {s["message_id"]: s for s in found[STATUSES]}
    body = [
        m | {"words": None, "files": by_message.get(m["message_id"], []), "status": statuses.get(m["message_id"])}
        for m in sorted(found[MESSAGES], key=lambda m: m["timestamp"])
    ]
    return Response(json.dumps({"messages": body}), mimetype="application/json")


@app.post("/depositions/<dep>/messages")
def send(dep: str) -> tuple[Response, int]:
    """Insert a message with its references, durably."""
    given, kind = request.get_json(), "messages-to-depositor"
    message_id, when = os.urandom(16).hex(), "2026-01-02 03:04:05"
    text = given["message_text"]
    made = derived(when, given["message_subject"], text)
    database = connection()
    with database.cursor() as cursor:
        cursor.execute("SELECT version FROM deposition WHERE deposition_data_set_id = %s FOR UPDATE", (dep,))
        last = []
        for table, column in ((MESSAGES, "content_type"), (FILES, "in_file")):
            cursor.execute(
                f"SELECT MAX(position) FROM {table} WHERE deposition_data_set_id = %s AND {column} = %s", (dep, kind)
            )
            last.append(cursor.fetchone()[0] or 0)
        cursor.execute(
            f"INSERT INTO {MESSAGES} (deposition_data_set_id, content_type, position, ordinal_id, message_id, timestamp,"
            f" message_subject, message_text, words, sent_at) VALUES ({', '.join(['%s'] * 10)})",
            (dep, kind, last[0] + 1, str(last[0] + 1), message_id, when, given["message_subject"], text, *made.values()),
        )
        cursor.executemany(
            f"INSERT INTO {FILES} (deposition_data_set_id, in_file, position, ordinal_id, message_id, upload_file_name)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [(dep, kind, n, str(n), message_id, f["upload_file_name"]) for n, f in enumerate(given["files"], last[1] + 1)],
        )
        cursor.execute("UPDATE deposition SET version = version + 1 WHERE deposition_data_set_id = %s", (dep,))
    database.commit()
    return Response(json.dumps({"message_id": message_id}), mimetype="application/json"), 201
