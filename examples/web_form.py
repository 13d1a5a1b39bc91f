"""A form on a web site: what a visitor writes becomes a contact.

FAIRLEAD_KEY=flk_... python web_form.py site-form 8080
"""

import os
import secrets
import sys
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import httpx

FAIRLEAD = os.environ.get("FAIRLEAD_URL", "http://127.0.0.1:8000")
KEY = {"Authorization": f"Bearer {os.environ['FAIRLEAD_KEY']}"}
FIELDS = {"name": "Your name", "email": "Email", "phone": "Phone", "text": "Your question"}
LATER = "We cannot take your message just now. Please press the button again in a minute."
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Write to us</title>
<p role="status">{}</p><form method="post"><input type="hidden" name="key" value="{}">
{}<button>Send</button></form>"""
FIELD = '<p><label>{}<br><input name="{}" value="{}" maxlength="1000"></label></p>'


def register(filled: dict[str, str]) -> str:
    """Register what a visitor has filled in; return what to tell them."""
    identities = {kind: filled[kind] for kind in ("email", "phone") if filled.get(kind)}
    if not identities:
        return "Please leave an email or a phone number: how else could we answer?"
    lead, text = {"name": filled.get("name"), "identities": identities}, filled.get("text")
    # Made with the form: a double click sends it twice, and makes one contact all the same.
    key = filled.get("key")
    body = {"source": sys.argv[1], "lead": lead, "payload": {"text": text}, "idempotency_key": key}
    try:
        answer = httpx.post(f"{FAIRLEAD}/v1/contacts", json=body, headers=KEY)
    except httpx.TransportError:
        return LATER
    if answer.status_code not in {200, 201, 409, 422}:
        print(f"Fairlead: {answer.text}", flush=True)
        return LATER
    if answer.status_code == httpx.codes.CONFLICT:
        return "You have sent this form before. To write again, open a new one."
    told = answer.json()
    if answer.is_error:
        return " ".join(each["detail"] for each in told["errors"])
    who = told["operator"]["name"] if told["operator"] else "The next of us who is free"
    unread = "".join(f" We could not read {each['value']}." for each in told["lead"]["unread"])
    return f"Thank you! {who} will answer you.{unread}"


class Form(BaseHTTPRequestHandler):
    """Shows the form, and registers what comes back."""

    timeout = 10

    def do_GET(self) -> None:
        """Show an empty form."""
        self.show("", {"key": secrets.token_urlsafe()})

    def do_POST(self) -> None:
        """Register what was sent, and show it again with what came of it."""
        length = min(int(self.headers["Content-Length"] or 0), 50_000)
        sent = parse_qs(self.rfile.read(length).decode(errors="replace"))
        filled = {name: each[0].strip() for name, each in sent.items()}
        self.show(register(filled), filled)

    def show(self, said: str, filled: dict[str, str]) -> None:
        """Show the form as it is filled in."""
        fields = [FIELD.format(FIELDS[n], n, escape(filled.get(n, ""))) for n in FIELDS]
        page = PAGE.format(escape(said), escape(filled.get("key", "")), "".join(fields))
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.encode())


if __name__ == "__main__":
    print(f"the form is at http://127.0.0.1:{sys.argv[2]}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Form).serve_forever()
