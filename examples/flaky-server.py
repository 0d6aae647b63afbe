"""A small shop service that fails often, for examples/http-with-retries.yaml. Python's standard library only.

    python3 examples/flaky-server.py [PORT]        (0 takes a free port; the address is printed)

Of three requests in a row two fail. A PUT that fails has been carried out: its answer got lost. A POST that fails has not.
What was carried out is remembered by Idempotency-Key, so that a repetition changes nothing; /books counts.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.Lock()
OPEN = ["o-1", "o-2", "o-3", "o-4", "o-5"]
ATTEMPTS = {}
DONE = {}
BOOKS = {"requests": 0, "failures": 0, "shipped": 0, "invoices": 0}


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        self.serve(lambda: {"open": OPEN} if self.path == "/orders" else BOOKS)

    def do_PUT(self):
        def ship():
            BOOKS["shipped"] += 1
            return {"order": self.path.rsplit("/", 1)[-1], "status": "shipped"}

        self.serve(ship, acts_before_it_fails=True)

    def do_POST(self):
        def invoice():
            BOOKS["invoices"] += 1
            return {"number": "INV-%d" % BOOKS["invoices"]}

        self.serve(invoice)

    def serve(self, action, acts_before_it_fails=False):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what = (self.command, self.path)
        key = self.headers.get("Idempotency-Key")
        with LOCK:
            BOOKS["requests"] += 1
            ATTEMPTS[what] = ATTEMPTS.get(what, 0) + 1
            fails = ATTEMPTS[what] % 3 != 0 and self.path != "/books"
            if fails:
                BOOKS["failures"] += 1
            answer = {"error": "try again"}
            if not fails or acts_before_it_fails:
                done = DONE.get((what, key)) if key else None
                answer = done or action()
                if key and self.command != "GET":
                    DONE[(what, key)] = answer
            body = json.dumps({"error": "try again"} if fails else answer).encode()
        self.send_response(503 if fails else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8765
    server = ThreadingHTTPServer(("127.0.0.1", port), Shop)
    print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
