#!/usr/bin/env python3
"""Takes outcomes that an inbox's webhook is told, with the standard library alone.

    ROLLCALL_WEBHOOK_SECRET=whsec_… python3 webhook-receiver.py 8790

Prints one line for each outcome, each once: rollcall may tell of one more than once.
"""
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["ROLLCALL_WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE_IN_SECONDS = 300
# A service keeps these with its data, for three days at least.
seen = set()


def is_signed(headers, body):
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_IN_SECONDS:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    # Several while a secret is being replaced.
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_signed(self.headers, body):
            return self.answer(401)
        message_id = self.headers["webhook-id"]
        if message_id not in seen:
            data = json.loads(body)["data"]
            line = data["line"]
            print(data["run"], data["seq"], line.get("subjectId"), line["status"], flush=True)
            seen.add(message_id)
        # Only now: what is not answered with 2xx is sent again.
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"listening on port {server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()
