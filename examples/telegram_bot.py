"""A Telegram bot: whoever writes to it becomes a contact, and is told who will answer.

TELEGRAM_TOKEN=... FAIRLEAD_KEY=flk_... python telegram_bot.py telegram-sales
"""

import os
import sys
import time
from typing import Any

import httpx

TELEGRAM = os.environ.get("TELEGRAM_URL", "https://api.telegram.org")
FAIRLEAD = os.environ.get("FAIRLEAD_URL", "http://127.0.0.1:8000")
BUSY = "All our operators are busy; you will be answered as soon as one is free."
KEY = {"Authorization": f"Bearer {os.environ['FAIRLEAD_KEY']}"}


def insist(client: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
    """POST until there is an answer other than "try again later"."""
    while True:
        try:
            answer = client.post(path, json=body)
        except httpx.TransportError as error:
            wait, why = "1", type(error).__name__
        else:
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS and answer.status_code < 500:
                return answer
            wait, why = answer.headers.get("Retry-After", "1"), str(answer.status_code)
        # Never the address: Telegram's hold the token.
        print(f"trying again: {why}", flush=True)
        time.sleep(int(wait) if wait.isdigit() else 1)


def register(fairlead: httpx.Client, source: str, message: dict[str, Any]) -> str | None:
    """Register a message as a contact; return what to tell the person, if it is one's."""
    person, chat = message["from"], message["chat"]
    if chat["type"] != "private":
        return None
    body = {
        "source": source,
        "lead": {"name": person["first_name"], "identities": {"telegram": str(person["id"])}},
        "payload": {"text": message.get("text") or message.get("caption")},
        # The same message has the same key, so it is one contact however often it is sent.
        "idempotency_key": f"{chat['id']}:{message['message_id']}",
    }
    answer = insist(fairlead, "/v1/contacts", body)
    if answer.status_code in {409, 422}:
        print(f"refused: {answer.json()['detail']}", flush=True)
        return None
    if answer.is_error:
        # A wrong key or source. Nothing is lost: Telegram keeps the message for a day.
        sys.exit(f"Fairlead: {answer.json()['detail']}")
    operator = answer.json()["operator"]
    return f"{operator['name']} will answer you." if operator else BUSY


def main(source: str) -> None:
    """Register messages for ever, one after the other."""
    bot = f"{TELEGRAM}/bot{os.environ['TELEGRAM_TOKEN']}"
    telegram = httpx.Client(base_url=bot, timeout=40)
    fairlead = httpx.Client(base_url=FAIRLEAD, headers=KEY)
    ask: dict[str, Any] = {"timeout": 30, "allowed_updates": ["message"]}
    while True:
        answer = insist(telegram, "/getUpdates", ask)
        if answer.is_error:
            sys.exit(f"Telegram: {answer.json()['description']}")
        for update in answer.json()["result"]:
            message = update.get("message")
            text = message and register(fairlead, source, message)
            if text:
                # Telegram refuses this if the person has blocked the bot; so be it.
                insist(telegram, "/sendMessage", {"chat_id": message["chat"]["id"], "text": text})
            # The contact is on Fairlead's disk: only now may Telegram forget the message.
            ask["offset"] = update["update_id"] + 1


if __name__ == "__main__":
    main(sys.argv[1])
