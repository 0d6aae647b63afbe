"""A worker that is killed at random and sometimes lies. Arguments: server.json, the world's URL, a seed."""

import http.client
import json
import random
import sys
import time
import urllib.parse

TOLD, WORLD, CHANCE = sys.argv[1], urllib.parse.urlsplit(sys.argv[2]).netloc, random.Random(int(sys.argv[3]))


def call(host, method, path, body, headers=()):
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json", **dict(headers)})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def settle(server, task, seen):
    lease = {"lease": task["lease"]}
    path = "/api/v1/tasks/" + task["id"]
    chance = CHANCE.random()
    if chance < 0.05:
        return  # It falls silent: the lease will lapse.
    if chance < 0.15:
        time.sleep(CHANCE.random() * 1.5)
        call(server, "POST", path + "/heartbeat", {**lease, "progress": {"done": 1}})
    if seen:
        end = ("/complete", {**lease, "output": {"ok": True}})
    else:
        end = ("/fail", {**lease, "message": "the world did not answer well"})
    for _ in range(2 if CHANCE.random() < 0.1 else 1):
        status, answer = call(server, "POST", path + end[0], end[1])
        assert status in (202, 404, 409, 503), (status, answer)


def work(server, task):
    payload = task["payload"]
    seen = False
    try:
        status, _ = call(WORLD, "POST", "/effect", payload, {"Idempotency-Key": task["effect_key"]}.items())
        seen = status == 200
    except (OSError, ValueError, http.client.HTTPException):
        pass
    settle(server, task, seen)


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
            for task in answer["items"] if status == 200 else ():
                work(server, task)
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            time.sleep(0.02)  # The server is dead, or about to be.


main()
