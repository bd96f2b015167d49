//! SQL of grant funds, nothing else. Lists of funds are limited by region range.

use store::sql;

macro_rules! fund_columns {
    () => {
        "fund_id, source, licence, licensed_on, holder, region, at, actor"
    };
}

macro_rules! move_columns {
    () => {
        "m.move_id, m.fund_id, m.kind, m.parent_id, m.corrects, m.amount_idr, m.taken_idr, m.state, m.document, m.day,
        m.party, m.purpose, m.papers, m.note, m.at, m.actor_id, m.actor, m.checked_at, m.checker, m.reason"
    };
}

sql! {
    pub(crate) FUND_ADD = "INSERT INTO fund (fund_id, source, licence, licensed_on, holder, region, at, actor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    pub(crate) FUND_OF_LICENCE = concat!("SELECT ", fund_columns!(), " FROM fund WHERE source = $1 AND licence = $2");
    pub(crate) FUND = concat!("SELECT ", fund_columns!(), " FROM fund
        WHERE fund_id = $1 AND region >= $2 AND region < $3");
    pub(crate) FUNDS = concat!("SELECT ", fund_columns!(), " FROM fund
        WHERE region >= $1 AND region < $2 AND fund_id < $3 ORDER BY fund_id DESC LIMIT $4");
    pub(crate) HELD = "SELECT account, balance_idr FROM ledger_account
        WHERE programme = $1 AND period = $2 AND region = $3 AND channel = $4 ORDER BY account";
    pub(crate) POSTED = "SELECT kind, SUM(amount_idr) FROM fund_move
        WHERE fund_id = $1 AND state = 'posted' AND corrects IS NULL GROUP BY kind ORDER BY kind";
    pub(crate) CHILDREN_OFF = "SELECT COUNT(*) FROM fund_move m WHERE m.fund_id = $1 AND m.taken_idr <> COALESCE(
        (SELECT SUM(c.amount_idr) FROM fund_move c WHERE c.fund_id = m.fund_id AND c.parent_id = m.move_id
            AND c.state = 'posted' AND c.corrects IS NULL), 0)";
    pub(crate) MOVE_ADD = "INSERT INTO fund_move (move_id, fund_id, kind, parent_id, corrects, amount_idr, taken_idr, state,
            document, day, party, purpose, papers, note, told, at, actor_id, actor)
        VALUES ($1, $2, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT), $6, 0, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    pub(crate) MOVE_TOLD = concat!("SELECT ", move_columns!(), " FROM fund_move m
        WHERE m.fund_id = $1 AND m.told = $2 AND m.state IN ('proposed', 'posted')");
    pub(crate) MOVE_ONCE = "SELECT COUNT(*) FROM fund_move WHERE fund_id = $1 AND told = $2 AND state = 'taken_back'
            AND amount_idr = $3 AND day = $4 AND party = $5 AND purpose = $6 AND papers = $7 AND note = $8";
    pub(crate) MOVE = concat!("SELECT ", move_columns!(), " FROM fund_move m JOIN fund f ON f.fund_id = m.fund_id
        WHERE m.move_id = $1 AND f.region >= $2 AND f.region < $3");
    pub(crate) MOVES = concat!("SELECT ", move_columns!(), " FROM fund_move m
        WHERE m.fund_id = $1 AND m.move_id < $2 ORDER BY m.move_id DESC LIMIT $3");
    pub(crate) WAITING = concat!("SELECT ", move_columns!(), " FROM fund_move m
        WHERE m.fund_id = $1 AND m.state = 'proposed' ORDER BY m.move_id LIMIT $2");
    pub(crate) OPEN = concat!("SELECT ", move_columns!(), " FROM fund_move m WHERE m.fund_id = $1
            AND m.kind IN ('allot', 'grant') AND m.state = 'posted' AND m.corrects IS NULL AND m.taken_idr < m.amount_idr
        ORDER BY m.move_id DESC LIMIT $2");
    pub(crate) TAKE = "UPDATE fund_move SET taken_idr = taken_idr + $2
        WHERE move_id = $1 AND state = 'posted' AND corrects IS NULL AND taken_idr + $2 >= 0
            AND taken_idr + $2 <= amount_idr";
    pub(crate) DECIDE = "UPDATE fund_move SET state = $2, checked_at = $3, checker_id = $4, checker = $5, reason = $6
        WHERE move_id = $1 AND state = 'proposed'";
    pub(crate) TAKEN_BACK = "UPDATE fund_move SET state = 'taken_back'
        WHERE move_id = $1 AND state = 'posted' AND taken_idr = 0";
    pub(crate) FUND_OF_MOVE = "SELECT fund_id, kind, amount_idr, corrects FROM fund_move WHERE move_id = $1";
    pub(crate) ENTERED = "SELECT movement, SUM(amount_idr) FROM ledger_entry
        WHERE programme = $1 AND period = $2 AND region = $3 AND channel = $4 GROUP BY movement ORDER BY movement";
}
