"""Receives Fairlead's webhooks, signed as Standard Webhooks 1.0 says, and prints what happened.

WEBHOOK_SECRET=whsec_... python webhook_receiver.py 9000
"""

import base64
import hmac
import json
import os
import sys
import time
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
MOST_SECONDS = 5 * 60
REMEMBERED = 10_000
SEEN: dict[str, None] = {}
TURN = Lock()


def is_genuine(headers: Message, body: bytes) -> bool:
    """Tell whether a message was signed with the secret, and just now."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        # Somebody may have recorded an old one, to send it again.
        if abs(time.time() - int(timestamp)) > MOST_SECONDS:
            return False
    except (ValueError, OverflowError):
        return False
    signed = hmac.digest(SECRET, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    expected = b"v1," + base64.b64encode(signed)
    # Two while the secret is rotated: one by the old secret, one by the new.
    signatures = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected, each.encode()) for each in signatures)


def handle(message_id: str, body: bytes) -> None:
    """Print an event, unless it has come before: an answer that was lost is sent again."""
    with TURN:
        if message_id in SEEN:
            return
        event = json.loads(body)
        subject = event["subject"]
        told = [event["at"], event["type"], subject["id"], json.dumps(event["data"])]
        if event.get("contact"):
            told.append(event["contact"]["lead"]["name"] or "somebody")
        print(*told, flush=True)
        SEEN[message_id] = None
        if len(SEEN) > REMEMBERED:
            del SEEN[next(iter(SEEN))]


class Receiver(BaseHTTPRequestHandler):
    """Takes one event a request."""

    timeout = 10

    def do_POST(self) -> None:
        """Answer 204 once the event is safe. Longer work comes later: Fairlead waits 15 s."""
        length = self.headers.get("Content-Length", "")
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if length.isdecimal() and len(length) < 7:
            body = self.rfile.read(int(length))
            status = HTTPStatus.UNAUTHORIZED
            # The signature is of these very bytes, so nothing is parsed before it is checked.
            if is_genuine(self.headers, body):
                handle(self.headers["webhook-id"], body)
                status = HTTPStatus.NO_CONTENT
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    print(f"listening on http://127.0.0.1:{sys.argv[1]}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
