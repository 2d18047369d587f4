"""What an app written in Python does with the official client; prints one line of JSON per step."""

import json
import sys

from convex import ConvexClient, ConvexError

url, admin_key = sys.argv[1:]
client = ConvexClient(url)


def tell(step, value):
    print(json.dumps([step, value]), flush=True)


client.mutation("notes:add", {"text": "from Python"})
tell("query", client.query("notes:list"))
tell("values", client.query("notes:echo", {"value": {"a": [1, 2.5, None, True, "ü"]}}))
for name, call, args in (
    ("refused mutation", client.mutation, {"text": "roll back"}),
    ("refused query", client.query, {"why": "no"}),
):
    try:
        call("notes:add" if call == client.mutation else "notes:refuse", args)
    except ConvexError as error:
        tell(name, sorted(error.data))
try:
    client.action("notes:fail")
except Exception as error:
    tell("failed action", "it broke" in str(error))

seen = []
somebody_else = ConvexClient(url)
for notes in client.subscribe("notes:list"):
    seen.append(len(notes))
    if len(notes) == 2:
        break
    somebody_else.mutation("notes:add", {"text": "by somebody else"})
tell("live", seen)
admin = ConvexClient(url)
admin.set_admin_auth(admin_key)
tell("admin", admin.mutation("notes:wipe"))
