"""A worker that is killed at random and sometimes lies. Arguments: server.json, the world's URL, a seed, the file to which
it appends each word that was acknowledged, and a file in whose presence it works honestly."""

import http.client
import json
import os
import random
import sys
import time
import urllib.parse

TOLD, WORLD, CHANCE = sys.argv[1], urllib.parse.urlsplit(sys.argv[2]).netloc, random.Random(int(sys.argv[3]))
WORDS = os.open(sys.argv[4], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
CALM = sys.argv[5]
KEY = os.environ["SEAWALL_API_KEY"]


def call(host, method, path, body, headers=()):
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json", "X-API-Key": KEY, **dict(headers)})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def note(task, end, had):
    """One write is one line, whole or not there."""
    word = {"run": task["run_id"], "task": task["id"], "end": end, "key": task["payload"].get("key"), "from": had[0], "to": had[1]}
    os.write(WORDS, (json.dumps(word) + "\n").encode())


def settle(server, task, seen, since):
    lease = {"lease": task["lease"]}
    path = "/api/v1/tasks/" + task["id"]
    chance = 1 if os.path.exists(CALM) else CHANCE.random()
    if chance < 0.05:
        return  # It falls silent: the lease will lapse.
    if chance < 0.15:
        time.sleep(CHANCE.random() * 1.5)
        call(server, "POST", path + "/heartbeat", {**lease, "progress": {"done": 1}})
    if seen:
        end, body = "complete", {**lease, "output": {"ok": True}}
    else:
        end, body = "fail", {**lease, "message": "the world did not answer well"}
    until = time.time()
    for _ in range(2 if CHANCE.random() < 0.1 else 1):
        status, answer = call(server, "POST", path + "/" + end, body)
        if status == 202:
            note(task, end, (since, until))
        assert status in (202, 404, 409, 503), (status, answer)


def work(server, task, since):
    payload = task["payload"]
    seen = False
    try:
        status, _ = call(WORLD, "POST", "/effect", payload, {"Idempotency-Key": task["effect_key"]}.items())
        seen = status == 200
    except (OSError, ValueError, http.client.HTTPException):
        pass
    settle(server, task, seen, since)


def main():
    while True:
        try:
            with open(TOLD, encoding="utf-8") as file:
                server = urllib.parse.urlsplit(json.load(file)["url"]).netloc
            status, answer = call(
                server,
                "POST",
                "/api/v1/tasks/crash/claim",
                {"max": CHANCE.randint(1, 4), "lease_for": "1s", "worker": "crash-" + sys.argv[3]},
                {"Prefer": "wait=2"}.items(),
            )
            since = time.time()
            for task in answer["items"] if status == 200 else ():
                work(server, task, since)
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            time.sleep(0.02)  # The server is dead, or about to be.


main()
