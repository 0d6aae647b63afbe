use rusqlite::params;
use seawall_store::Revoked;

use crate::identity_codec::revoked_code;
use crate::writer::Tx;

/// Other nodes are to know.
pub(super) fn tell(tx: &Tx<'_>, what: Revoked) -> rusqlite::Result<()> {
    tx.statement("UPDATE revocation_count SET last = last + 1 WHERE count_no = 1")?
        .execute([])?;
    let (kind, id) = revoked_code(what);
    tx.statement(
        "INSERT INTO revocations (revocation_no, kind, id, at)
         SELECT last, ?1, ?2, ?3 FROM revocation_count WHERE count_no = 1",
    )?
    .execute(params![kind, id, tx.now().as_millis()])?;
    Ok(())
}
