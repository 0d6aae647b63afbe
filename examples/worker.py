"""A worker for examples/workers.yaml: takes tasks from a Seawall server and does them. Python's standard library only.

    python3 examples/worker.py [--server http://127.0.0.1:8000] [--threads 4] [--lease 30s] [--name NAME] [QUEUE ...]

To make it a worker of your own, change the first part of this file: a function for each queue takes a Task and returns the
step's output. All else is the protocol (docs/workers.md), and stays as it is:

- Each thread claims one task at a time and does it, while a second thread keeps the task's lease.
- A task that is not this worker's any more, or that nobody needs any more, is given up at the next `task.tell`.
- A server that is away is asked again, with growing pauses; what is done meanwhile is told when it is back.
- A server that wants to know who asks is told by the API key in SEAWALL_API_KEY, which has the scope tasks:work.
- SIGTERM and SIGINT end the worker once what it has in hand is done and told; a second one ends it at once.
"""

import argparse
import concurrent.futures
import hashlib
import http.client
import json
import os
import random
import re
import signal
import socket
import sys
import threading
import time
import urllib.parse

# ---- the work -------------------------------------------------------------------------------------------------------


class Failure(Exception):
    """The task cannot be done. The step's `retry.on` may name `code`; `retryable`: the same again may work."""

    def __init__(self, code, message, retryable=False):
        super().__init__(message)
        self.code, self.retryable = code, retryable


def count_words(task):
    """{"path": …}: lines, words and bytes of a file, and its SHA-256."""
    path = task.payload["path"]
    digest, size, lines, words, in_word = hashlib.sha256(), 0, 0, 0, False
    try:
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
                lines += chunk.count(b"\n")
                # A word may go on over the border of two chunks.
                words += len(chunk.split()) - (in_word and not chunk[:1].isspace())
                in_word = not chunk[-1:].isspace()
                task.tell({"bytes": size})
    except OSError as error:
        raise of_file(error)
    return {"path": path, "lines": lines, "words": words, "bytes": size, "sha256": digest.hexdigest()}


def append_line(task):
    """{"path": …, "line": …}: appends a line to a file. Not to be done twice: its step is of the class `once`."""
    line = task.payload["line"].replace("\n", " ")
    # Last chance to hear that it is not needed any more.
    task.tell(None)
    try:
        with open(task.payload["path"], "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise of_file(error)
    return {"line": line}


def of_file(error):
    if isinstance(error, FileNotFoundError):
        return Failure("file-not-found", str(error))
    return Failure("file-error", str(error), retryable=True)


# What is done with the tasks of which queue.
HANDLERS = {"files.words": count_words, "ledger": append_line}

# ---- the protocol ---------------------------------------------------------------------------------------------------

# A claim waits so long on the server. The longer, the later a stop: a claim that is cut off may have taken a task.
WAIT_SECONDS = 5
# From the environment: a command line can be read by everybody.
KEY = os.environ.get("SEAWALL_API_KEY")
LONGEST_PAUSE = 10.0
STOPPING = threading.Event()


class Unreachable(Exception):
    """There is no answer: whether the server took the request is not known."""


class Refused(Exception):
    """The server answered, and said no."""

    def __init__(self, status, answer):
        super().__init__(f"{status} {answer.get('detail') or answer.get('title') or 'refused'}")
        self.status = status

    def passes(self):
        """The same request may be taken later: the server is overloaded or goes down, or somebody before it is."""
        return self.status >= 500 or self.status in (408, 429)


class GivenUp(Exception):
    """The task is not needed any more, or not ours any more."""


class Server:
    """One connection, kept alive. Not to be shared between threads."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.url, self.address, self.prefix = url, parts.netloc, parts.path.rstrip("/")
        self.connection = None

    def post(self, path, body, wait=0):
        """The answer's JSON."""
        headers = {"Content-Type": "application/json", "Prefer": f"wait={wait}"}
        if KEY:
            headers["Authorization"] = f"Bearer {KEY}"
        try:
            if self.connection is None:
                self.connection = self.kind(self.address, timeout=WAIT_SECONDS + 30)
            self.connection.request("POST", f"{self.prefix}/api/v1/tasks/{path}", json.dumps(body), headers)
            response = self.connection.getresponse()
            status, text = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            raise Unreachable(f"no answer from {self.url} ({reason}); is `seawall serve` running there?")
        try:
            answer = json.loads(text)
        except ValueError:
            # Somebody between us and the server.
            answer = {"title": "no JSON"}
            status = status if status >= 400 else 502
        if status >= 400:
            raise Refused(status, answer if isinstance(answer, dict) else {})
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class Task:
    """A task in this worker's hands, and the thread that keeps its lease."""

    def __init__(self, claimed, url, lease_seconds):
        self.id, self.queue, self.lease = claimed["id"], claimed["queue"], claimed["lease"]
        self.payload = claimed["payload"]
        # The same for each attempt of one effect: what you can make it happen once with.
        self.effect_key = claimed["effect_key"]
        self.progress = None
        self.lease_seconds = lease_seconds
        self.ours_until = time.monotonic() + lease_seconds
        self.unwanted, self.settled = threading.Event(), threading.Event()
        threading.Thread(target=self.keep, args=(Server(url),), daemon=True).start()

    def tell(self, progress):
        """To be called now and then: shown with the step. Raises GivenUp once there is no point in going on."""
        self.progress = progress
        if self.unwanted.is_set() or self.is_lost():
            raise GivenUp()

    def is_lost(self):
        """No heartbeat got through for so long that the lease is over: others may have the task."""
        return time.monotonic() >= self.ours_until

    def keep(self, server):
        while not self.settled.wait(self.lease_seconds / 3):
            sent_at = time.monotonic()
            try:
                beat = server.post(f"{self.id}/heartbeat", {"lease": self.lease, "progress": self.progress})
                # Counted from before the request, so that it ends here before it ends there.
                self.ours_until = sent_at + self.lease_seconds
                if beat["cancelled"]:
                    self.unwanted.set()
            except Refused as refused:
                if not refused.passes():
                    self.unwanted.set()
                    break
            except Unreachable:
                pass  # The next one may get through; if none does, the lease ends.
        server.close()

    def end(self, server, verb, body):
        """Says how it ended until it is heard: a repetition that comes too late is a 409."""
        try:
            for pause in pauses():
                try:
                    server.post(f"{self.id}/{verb}", {"lease": self.lease, **body})
                    return log(f"{self.id}: {verb}")
                except Refused as refused:
                    if not refused.passes():
                        return log(f"{self.id}: {verb}: {refused}")
                    reason = refused
                except Unreachable as error:
                    reason = error
                if STOPPING.is_set() and self.is_lost():
                    return log(f"{self.id}: {verb}: {reason}; it is not ours any more")
                log(f"{self.id}: {verb}: {reason}; again in {pause:.1f} s")
                time.sleep(pause)
        finally:
            self.settled.set()


def pauses():
    """Longer and longer, and never in step with other workers."""
    longest = 0.2
    while True:
        yield random.uniform(longest / 2, longest)
        longest = min(longest * 2, LONGEST_PAUSE)


def work_on(server, task):
    try:
        return task.end(server, "complete", {"output": HANDLERS[task.queue](task)})
    except GivenUp:
        # Heard only if somebody needs it after all: then another attempt is right.
        failure = Failure("given-up", "nobody needs it any more, or the lease is over", retryable=True)
    except Failure as error:
        failure = error
    except Exception as error:  # A worker that dies of a bad payload would be given it again.
        failure = Failure("worker-error", repr(error))
    body = {"message": str(failure), "code": failure.code, "retryable": failure.retryable}
    task.end(server, "fail", body)


def work(queue, url, name, lease):
    """Claims and does tasks until it is told to stop. Answers whether the server takes such claims."""
    server, waiting = Server(url), pauses()
    while not STOPPING.is_set():
        try:
            wanted = {"worker": name, "lease_for": f"{lease}s"}
            claimed = server.post(f"{queue}/claim", wanted, wait=WAIT_SECONDS)["items"]
        except (Refused, Unreachable) as error:
            if isinstance(error, Refused) and not error.passes():
                log(f"{queue}: {error}")
                STOPPING.set()
                return False
            pause = next(waiting)
            log(f"{queue}: {error}; again in {pause:.1f} s")
            STOPPING.wait(pause)
            continue
        waiting = pauses()
        for task in claimed:
            log(f"{task['id']}: {queue}, attempt {task['attempt']}")
            work_on(server, Task(task, url, lease))
    return True


# ---- the program ----------------------------------------------------------------------------------------------------


def log(text):
    print(text, file=sys.stderr, flush=True)


def stop(number, frame):
    if STOPPING.is_set():
        os._exit(128 + number)
    STOPPING.set()


def duration(text):
    """`30s`, `5m`, `1h`, in seconds."""
    found = re.fullmatch(r"([0-9]+)([smh])", text)
    seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    if not 1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError("expected 1s to 1h")
    return seconds


def count(text):
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError("expected 1 to 100")
    return int(text)


def main():
    parser = argparse.ArgumentParser(description="Does tasks of a Seawall server.")
    parser.add_argument("--server", default=os.environ.get("SEAWALL_SERVER") or "http://127.0.0.1:8000")
    parser.add_argument("--threads", type=count, default=4, help="for each queue")
    parser.add_argument("--lease", type=duration, default=30, help="how long a task waits for this worker if it dies")
    parser.add_argument("--name", default=f"{socket.gethostname()}-{os.getpid()}", help="for people")
    parser.add_argument("queues", nargs="*", metavar="QUEUE", help=f"of {', '.join(HANDLERS)}; all without it")
    arguments = parser.parse_args()
    queues = arguments.queues or list(HANDLERS)
    unknown = [queue for queue in queues if queue not in HANDLERS]
    if unknown:
        parser.error(f"nobody here does {', '.join(unknown)}")
    if urllib.parse.urlsplit(arguments.server).scheme not in ("http", "https"):
        parser.error(f"{arguments.server} is no address like http://127.0.0.1:8000")
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with concurrent.futures.ThreadPoolExecutor(len(queues) * arguments.threads) as pool:
        place = (arguments.server, arguments.name, arguments.lease)
        served = [pool.submit(work, queue, *place) for queue in queues for _ in range(arguments.threads)]
        log(f"{arguments.name} works for {arguments.server}")
    return 0 if all(done.result() for done in served) else 1


if __name__ == "__main__":
    sys.exit(main())
