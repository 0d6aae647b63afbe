"""Changes the audit trail in a store's file, as somebody would who can write it: tamper.py FILE WHAT RECORD."""

import sqlite3
import sys

STATEMENTS = {
    "end": "UPDATE audit_heads SET seq = :seq, mac = (SELECT mac FROM audit WHERE seq = :seq)",
    "delete": "DELETE FROM audit WHERE seq = :seq",
    "change": "UPDATE audit SET actor = 'service:other' WHERE seq = :seq",
}

file, what, record = sys.argv[1:]
with sqlite3.connect(file) as store:
    assert store.execute(STATEMENTS[what], {"seq": int(record)}).rowcount == 1
