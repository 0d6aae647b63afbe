//! What is kept so that nothing need be counted: counters, first places, marks. Here it is counted, for a check, and for the
//! repair of a store that nobody works on.

use rusqlite::Connection;
use seawall_store::Miscount;

use crate::error::OpError;

/// Something that is kept: how many of it are wrong, and the statements that make it anew. In this order, because later ones
/// build on earlier ones.
struct Kept {
    what: &'static str,
    wrong: &'static str,
    anew: &'static [&'static str],
}

const KEPT: &[Kept] = &[
    Kept {
        what: "places in flow control",
        wrong: include_str!("sql/wrong_places.sql"),
        anew: &[
            "UPDATE flow_runs SET line_no = NULL WHERE stage = 3 AND line_no IS NOT NULL",
            "INSERT INTO flow_lines (scope_no, key, running, queued, quiet, ahead)
             SELECT DISTINCT scope_no, key, 0, 0, 0, 0 FROM flow_runs WHERE stage < 3
             ON CONFLICT (scope_no, key) DO NOTHING",
            "UPDATE flow_runs
             SET line_no = (SELECT l.line_no FROM flow_lines l
                            WHERE l.scope_no = flow_runs.scope_no AND l.key = flow_runs.key)
             WHERE stage < 3",
        ],
    },
    Kept {
        what: "marks of runs under flow control",
        wrong: include_str!("sql/wrong_marks.sql"),
        anew: &[
            "UPDATE runs SET flow = (SELECT f.stage < 3 FROM flow_runs f WHERE f.run_no = runs.run_no)
             WHERE flow IS NOT (SELECT f.stage < 3 FROM flow_runs f WHERE f.run_no = runs.run_no)",
        ],
    },
    Kept {
        what: "keys of workflows under flow control",
        wrong: include_str!("sql/wrong_lines.sql"),
        // A line that waits for a slot looks for one with the next claim.
        anew: &[
            "UPDATE flow_lines SET running = 0, queued = 0, quiet = 0",
            "UPDATE flow_lines
             SET running = c.running, queued = c.queued, quiet = c.quiet,
                 next_at = CASE WHEN c.queued > 0 THEN 0 END
             FROM (SELECT line_no, sum(stage = 2) AS running, sum(stage = 1) AS queued, sum(stage = 0) AS quiet
                   FROM flow_runs WHERE line_no IS NOT NULL GROUP BY line_no) c
             WHERE c.line_no = flow_lines.line_no",
        ],
    },
    Kept {
        what: "queues",
        wrong: include_str!("sql/wrong_queues.sql"),
        anew: &[
            "UPDATE queues SET offered = 0, claimed = 0, offered_bytes = 0",
            "UPDATE queues
             SET offered = c.offered, claimed = c.claimed, offered_bytes = c.bytes
             FROM (SELECT queue_no, sum(status = 0) AS offered, sum(status = 1) AS claimed,
                          sum(CASE WHEN status = 0 THEN length(payload) ELSE 0 END) AS bytes
                   FROM tasks WHERE status < 2 GROUP BY queue_no) c
             WHERE c.queue_no = queues.queue_no",
        ],
    },
    Kept {
        what: "keys of queues",
        wrong: concat!(
            "WITH counted AS (",
            include_str!("sql/counted_keys.sql"),
            ")",
            include_str!("sql/wrong_keys.sql")
        ),
        anew: &[
            "DELETE FROM queue_keys",
            concat!(
                "INSERT INTO queue_keys (queue_no, key, offered, claimed, is_full, head, head_task) ",
                include_str!("sql/counted_keys.sql")
            ),
        ],
    },
];

/// Each kind is compared by one statement, so at one moment.
pub(crate) fn miscounts(conn: &Connection) -> Result<Vec<Miscount>, OpError> {
    let mut found = Vec::new();
    for kept in KEPT {
        let rows: i64 = conn.prepare_cached(kept.wrong)?.query_row([], |row| row.get(0))?;
        let rows = u64::try_from(rows).unwrap_or(0);
        if rows > 0 {
            found.push(Miscount { what: kept.what, rows });
        }
    }
    Ok(found)
}

/// Of those that are wrong now.
pub(crate) fn recount(conn: &Connection) -> Result<(), OpError> {
    for kept in KEPT {
        let wrong: i64 = conn.prepare_cached(kept.wrong)?.query_row([], |row| row.get(0))?;
        if wrong == 0 {
            continue;
        }
        for sql in kept.anew {
            conn.prepare_cached(sql)?.execute([])?;
        }
    }
    Ok(())
}
