#!/usr/bin/env python3
"""Gives pictures to an inbox of `rollcall serve`; the standard library is enough.

  ROLLCALL_TOKEN=... inbox-add.py http://127.0.0.1:8788 door emp-17=17.jpg emp-18=18.jpg

Prints run and number of each. What is answered 429 or 503, or not at all, is sent again with the same key, so that
nothing is lost and nothing is there twice. Ends with 1 if something was refused.
"""
import http.client
import json
import os
import sys
import time
import uuid
from urllib.parse import quote, urlsplit


def form(fields, picture):
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="photo"\r\n\r\n'
    body = b"".join([*parts, head.encode(), picture, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body


def add(server, inbox, key, fields, picture):
    content_type, body = form(fields, picture)
    headers = {
        "Authorization": f"Bearer {os.environ['ROLLCALL_TOKEN']}",
        "Content-Type": content_type,
        "Idempotency-Key": key,
    }
    at = urlsplit(server)
    connect = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    while True:
        wait = 1.0
        try:
            connection = connect(at.netloc, timeout=60)
            connection.request("POST", f"/api/v1/inboxes/{quote(inbox)}/photos", body, headers)
            reply = connection.getresponse()
            answer = json.load(reply)
            if reply.status not in (429, 503):
                return reply.status, answer
            wait = float(reply.headers.get("Retry-After", wait))
        except (OSError, http.client.HTTPException, ValueError) as error:
            print(f"not answered, trying again: {error}", file=sys.stderr)
        finally:
            connection.close()
        time.sleep(wait)


server, inbox, *photos = sys.argv[1:]
refused = 0
for photo in photos:
    subject, path = photo.split("=", 1)
    with open(path, "rb") as file:
        # The same photo has the same key whenever this is started; what names it in your own system will do.
        key = f"{subject}-{os.stat(path).st_mtime_ns}"
        status, answer = add(server, inbox, key, {"subjectId": subject}, file.read())
    if status == 202:
        print(subject, answer["run"], answer["seq"], "repeated" if answer["repeated"] else "new")
    else:
        refused += 1
        print(subject, "refused:", answer.get("issues") or answer.get("detail"), file=sys.stderr)
sys.exit(1 if refused else 0)
