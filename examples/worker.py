"""A worker for examples/workers.yaml: takes tasks from a Seawall server and does them. Python's standard library only.

    python3 examples/worker.py [--server http://127.0.0.1:3000] [--threads 4] [--lease 30s] [--name NAME] [QUEUE ...]

Queues and what is done with their payloads:

    files.words   {"path": …}            counts lines, words and bytes of a file, and its SHA-256
    ledger        {"path": …, "line": …} appends a line to a file

Each thread keeps one connection, claims one task at a time, and does it while a second thread of its own keeps the lease.
A task that is not this worker's any more (409) is dropped, one that nobody needs any more is given up. SIGTERM and SIGINT
end it once what it has in hand is done; a second one ends it at once.
"""

import argparse
import hashlib
import http.client
import json
import os
import random
import signal
import socket
import sys
import threading
import time
import urllib.parse

STOPPING = threading.Event()
# A claim waits so long on the server. The longer, the later a stop: a claim that is cut off may have taken a task.
WAIT_SECONDS = 5
LONGEST_PAUSE = 10.0


class GivenUp(Exception):
    """The task is not needed any more, or not ours any more."""


class Refused(Exception):
    """The server understood and said no."""

    def __init__(self, status, problem):
        super().__init__("%s %s" % (status, problem.get("detail") or problem.get("title")))
        self.status = status


class Server:
    """One connection, kept alive. Not to be shared between threads."""

    def __init__(self, url):
        self.address = urllib.parse.urlsplit(url).netloc
        self.connection = None

    def post(self, path, body, wait=0):
        """The answer's JSON. What has no answer raises OSError or HTTPException: whether it was taken is not known."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=wait + 30)
        headers = {"Content-Type": "application/json"}
        if wait:
            headers["Prefer"] = "wait=%d" % wait
        try:
            self.connection.request("POST", path, json.dumps(body), headers)
            response = self.connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        if response.status >= 400:
            raise Refused(response.status, answer)
        return answer

    def patiently(self, path, body):
        """Says it until it is answered: a repetition that comes too late is a 409."""
        for pause in pauses():
            try:
                return self.post(path, body)
            except Refused as refused:
                if refused.status < 500:
                    raise
                reason = refused
            except (OSError, http.client.HTTPException) as error:
                reason = error
            log("%s: %s; again in %.1f s" % (path, reason, pause))
            time.sleep(pause)


def pauses():
    """Longer and longer, and never in step with other workers."""
    longest = 0.2
    while True:
        yield random.uniform(0, longest)
        longest = min(longest * 2, LONGEST_PAUSE)


def log(text):
    print(text, file=sys.stderr, flush=True)


class Task:
    """A task in this worker's hands, and the thread that keeps its lease."""

    def __init__(self, url, claimed, lease_seconds):
        self.id, self.lease, self.payload = claimed["id"], claimed["lease"], claimed["payload"]
        self.progress = None
        self.given_up = threading.Event()
        self.done = threading.Event()
        self.keeper = threading.Thread(target=self.keep, args=(Server(url), lease_seconds / 3), daemon=True)
        self.keeper.start()

    def keep(self, server, every):
        while not self.done.wait(every):
            try:
                beat = server.post(self.path("heartbeat"), {"lease": self.lease, "progress": self.progress})
                if beat["cancelled"]:
                    self.given_up.set()
            except Refused as refused:
                if refused.status == 409:
                    self.given_up.set()
                    return
            except (OSError, http.client.HTTPException):
                pass  # The next one may get through; if none does, the lease ends.

    def path(self, verb):
        return "/api/v1/tasks/%s/%s" % (self.id, verb)

    def tell(self, progress):
        """To be called now and then: raises once there is no point in going on."""
        self.progress = progress
        if self.given_up.is_set():
            raise GivenUp()


def count_words(task):
    path = task.payload["path"]
    digest, size, lines, words, in_word = hashlib.sha256(), 0, 0, 0, False
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
            # A word may go on over the border of two chunks.
            words += len(chunk.split()) - (in_word and not chunk[:1].isspace())
            in_word = not chunk[-1:].isspace()
            task.tell({"bytes": size})
    return {"path": path, "lines": lines, "words": words, "bytes": size, "sha256": digest.hexdigest()}


def append_line(task):
    line = task.payload["line"].replace("\n", " ")
    with open(task.payload["path"], "a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return {"line": line}


HANDLERS = {"files.words": count_words, "ledger": append_line}


def work_on(server, url, claimed, lease_seconds):
    task = Task(url, claimed, lease_seconds)
    log("%s: %s, attempt %d" % (task.id, claimed["queue"], claimed["attempt"]))
    try:
        output = HANDLERS[claimed["queue"]](task)
        verb, body = "complete", {"output": output}
    except GivenUp:
        verb, body = "fail", {"message": "given up", "code": "cancelled", "retryable": False}
    except FileNotFoundError as error:
        verb, body = "fail", {"message": str(error), "code": "file-not-found", "retryable": False}
    except OSError as error:
        verb, body = "fail", {"message": str(error), "code": "file-error", "retry_after": "1s"}
    except Exception as error:  # A worker that dies of a bad payload would be given it again.
        verb, body = "fail", {"message": repr(error), "code": "worker-error", "retryable": False}
    try:
        server.patiently(task.path(verb), {"lease": task.lease, **body})
        log("%s: %sd" % (task.id, verb))
    except Refused as refused:
        log("%s: %s" % (task.id, refused))
    finally:
        task.done.set()


def work(url, queue, name, lease):
    server, lease_seconds, waiting = Server(url), seconds(lease), pauses()
    while not STOPPING.is_set():
        try:
            path = "/api/v1/tasks/%s/claim" % queue
            answer = server.post(path, {"worker": name, "lease_for": lease}, wait=WAIT_SECONDS)
        except (Refused, OSError, http.client.HTTPException) as error:
            pause = next(waiting)
            log("%s: %s; again in %.1f s" % (queue, error, pause))
            STOPPING.wait(pause)
            continue
        waiting = pauses()
        for claimed in answer["items"]:
            work_on(server, url, claimed, lease_seconds)


def seconds(text):
    return float(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


def stop(number, frame):
    if STOPPING.is_set():
        os._exit(128 + number)
    STOPPING.set()


def main():
    parser = argparse.ArgumentParser(description="Does tasks of a Seawall server.")
    parser.add_argument("--server", default=os.environ.get("SEAWALL_URL", "http://127.0.0.1:3000"))
    parser.add_argument("--threads", type=int, default=4, help="for each queue")
    parser.add_argument("--lease", default="30s", help="how long a task waits for this worker if it dies: 1s to 59m")
    parser.add_argument("--name", default="%s-%d" % (socket.gethostname(), os.getpid()))
    parser.add_argument("queues", nargs="*", metavar="QUEUE", default=sorted(HANDLERS))
    arguments = parser.parse_args()
    unknown = set(arguments.queues) - set(HANDLERS)
    if unknown:
        parser.error("nobody here does %s" % ", ".join(sorted(unknown)))
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threads = [
        threading.Thread(target=work, args=(arguments.server, queue, arguments.name, arguments.lease))
        for queue in arguments.queues
        for _ in range(arguments.threads)
    ]
    for thread in threads:
        thread.start()
    log("%s works for %s" % (arguments.name, arguments.server))
    for thread in threads:
        # With a limit, so that signals are seen between two looks.
        while thread.is_alive():
            thread.join(0.5)


if __name__ == "__main__":
    main()
