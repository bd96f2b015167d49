//! SQL of goods, nothing else. Lists of families are limited by region range and caseload, warehouses by region range.

use store::sql;

macro_rules! due_columns {
    () => {
        "d.recipient, d.list_id, d.region, d.payee_name, d.due, d.given, d.state, d.live, d.rev"
    };
}

/// `$1` from, `$2` to, `$3` caseload: the rows of `d` that a scope may see.
macro_rules! in_scope {
    () => {
        "d.region >= $1 AND d.region < $2
        AND ($3 = 0 OR d.recipient IN (SELECT family_id FROM assignment WHERE user_id = $3))"
    };
}

macro_rules! lot_columns {
    () => {
        "l.lot_id, l.item, l.unit, l.supplier, l.contract, l.document, l.warehouse_id, l.noted, l.weighed, l.refused,
        l.refused_why, l.price_idr, l.made_on, l.expires_on, l.received_on, l.checks"
    };
}

macro_rules! transfer_columns {
    () => {
        "t.transfer_id, t.lot_id, t.from_id, t.to_id, t.sent, t.arrived, t.lost, t.damaged, t.document, t.sent_on,
        l.item, l.unit, f.name, o.name"
    };
}

macro_rules! transfer_tables {
    () => {
        " FROM goods_transfer t JOIN goods_lot l ON l.lot_id = t.lot_id
        JOIN goods_warehouse f ON f.warehouse_id = t.from_id JOIN goods_warehouse o ON o.warehouse_id = t.to_id "
    };
}

macro_rules! list_columns {
    () => {
        "list_id, programme, period, item, unit, each_due, run, list_hash, closing, benefit, state, families, skipped, mark,
        made_at, made_by"
    };
}

sql! {
    // warehouses
    pub(crate) WAREHOUSE_ADD = "INSERT INTO goods_warehouse (warehouse_id, region, name, made_at, made_by)
        VALUES ($1, $2, $3, $4, $5)";
    pub(crate) WAREHOUSE_NAMED = "SELECT warehouse_id FROM goods_warehouse WHERE region = $1 AND name = $2";
    pub(crate) WAREHOUSE = "SELECT warehouse_id, region, name FROM goods_warehouse WHERE warehouse_id = $1";
    pub(crate) WAREHOUSES = "SELECT w.warehouse_id, w.region, w.name, COUNT(s.lot_id),
            CAST(COALESCE(SUM(CASE WHEN l.expires_on <= $5 THEN 1 ELSE 0 END), 0) AS BIGINT)
        FROM goods_warehouse w LEFT JOIN goods_stock s ON s.warehouse_id = w.warehouse_id AND s.quantity > 0
        LEFT JOIN goods_lot l ON l.lot_id = s.lot_id
        WHERE w.region >= $1 AND w.region < $2 AND (w.region, w.warehouse_id) > ($3, $4)
        GROUP BY w.warehouse_id, w.region, w.name ORDER BY w.region, w.warehouse_id LIMIT $6";
    /// Those from which families of a region may be served: warehouses of the region itself and of all regions above it.
    pub(crate) WAREHOUSES_FOR = "SELECT w.warehouse_id, w.name, s.lot_id, s.quantity, l.expires_on
        FROM goods_warehouse w JOIN goods_stock s ON s.warehouse_id = w.warehouse_id AND s.quantity > 0
        JOIN goods_lot l ON l.lot_id = s.lot_id AND l.item = $2
        WHERE w.region <> '' AND SUBSTR(CAST($1 AS TEXT), 1, LENGTH(w.region)) = w.region
        ORDER BY LENGTH(w.region) DESC, l.expires_on, s.lot_id LIMIT 50";
    pub(crate) WAREHOUSES_ALL = "SELECT warehouse_id, region, name FROM goods_warehouse
        WHERE warehouse_id <> $1 AND SUBSTR(region, 1, CAST($3 AS INTEGER)) = $2 ORDER BY region, name LIMIT 500";

    // lots and moves
    pub(crate) LOT_ADD = "INSERT INTO goods_lot (lot_id, item, unit, supplier, contract, document, warehouse_id, noted, weighed,
            refused, refused_why, price_idr, made_on, expires_on, received_on, checks, at, actor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    pub(crate) LOT_KNOWN = concat!("SELECT ", lot_columns!(), " FROM goods_lot l
        WHERE l.supplier = $1 AND l.contract = $2 AND l.document = $3 AND l.item = $4 AND l.warehouse_id = $5");
    pub(crate) LOT = concat!("SELECT ", lot_columns!(), " FROM goods_lot l WHERE l.lot_id = $1");
    pub(crate) STOCK_IN = "INSERT INTO goods_stock (warehouse_id, lot_id, quantity) VALUES ($1, $2, $3)
        ON CONFLICT (warehouse_id, lot_id) DO UPDATE SET quantity = goods_stock.quantity + excluded.quantity
        RETURNING quantity";
    pub(crate) STOCK_OUT = "UPDATE goods_stock SET quantity = quantity - $3
        WHERE warehouse_id = $1 AND lot_id = $2 AND quantity >= $3 RETURNING quantity";
    pub(crate) STOCK_HAVE = "SELECT quantity FROM goods_stock WHERE warehouse_id = $1 AND lot_id = $2";
    pub(crate) MOVE_ADD = "INSERT INTO goods_move (move_id, warehouse_id, lot_id, kind, quantity, delta, balance, document,
            transfer_id, list_id, corrects, day, note, told, at, actor_id, actor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    pub(crate) MOVE_TOLD = "SELECT quantity, move_id, transfer_id FROM goods_move
        WHERE warehouse_id = $1 AND lot_id = $2 AND told = $3";
    pub(crate) MOVE = "SELECT warehouse_id, lot_id, kind, quantity, delta, transfer_id, list_id, corrects, day FROM goods_move
        WHERE move_id = $1";
    pub(crate) TRANSFER_ADD = "INSERT INTO goods_transfer (transfer_id, lot_id, from_id, to_id, sent, arrived, lost, damaged,
            document, sent_on, at, actor)
        VALUES ($1, $2, $3, $4, $5, 0, 0, 0, $6, $7, $8, $9)";
    pub(crate) TRANSFER = concat!("SELECT ", transfer_columns!(), transfer_tables!(), "WHERE t.transfer_id = $1");
    pub(crate) TRANSFER_STEP = "UPDATE goods_transfer SET sent = sent + $2, arrived = arrived + $3, lost = lost + $4,
            damaged = damaged + $5
        WHERE transfer_id = $1 AND sent + $2 >= arrived + $3 + lost + $4 + damaged + $5";
    pub(crate) TRANSFERS_OPEN = concat!("SELECT ", transfer_columns!(), transfer_tables!(), "
        WHERE t.arrived + t.lost + t.damaged < t.sent AND ((f.region >= $1 AND f.region < $2) OR (o.region >= $1 AND o.region < $2))
        ORDER BY t.sent_on, t.transfer_id LIMIT 100");

    // pages of stock
    pub(crate) CARD = concat!("SELECT ", lot_columns!(), ", s.quantity FROM goods_stock s JOIN goods_lot l ON l.lot_id = s.lot_id
        WHERE s.warehouse_id = $1 AND s.quantity > 0 ORDER BY l.expires_on, s.lot_id LIMIT 500");
    pub(crate) CARD_MOVES = "SELECT m.move_id, m.warehouse_id, w.name, m.lot_id, l.unit, m.kind, m.quantity, m.delta, m.balance,
            m.document, m.transfer_id, m.list_id, m.corrects, m.day, m.note, m.at, m.actor
        FROM goods_move m JOIN goods_lot l ON l.lot_id = m.lot_id JOIN goods_warehouse w ON w.warehouse_id = m.warehouse_id
        WHERE m.warehouse_id = $1 AND m.move_id < $2 ORDER BY m.move_id DESC LIMIT $3";
    pub(crate) LOT_MOVES = "SELECT m.move_id, m.warehouse_id, w.name, m.lot_id, l.unit, m.kind, m.quantity, m.delta, m.balance,
            m.document, m.transfer_id, m.list_id, m.corrects, m.day, m.note, m.at, m.actor
        FROM goods_move m JOIN goods_lot l ON l.lot_id = m.lot_id JOIN goods_warehouse w ON w.warehouse_id = m.warehouse_id
        WHERE m.lot_id = $1 AND w.region >= $2 AND w.region < $3 ORDER BY m.move_id DESC LIMIT 200";
    pub(crate) LOT_TOTALS = "SELECT kind, CAST(SUM(quantity) AS BIGINT) FROM goods_move WHERE lot_id = $1 GROUP BY kind";
    pub(crate) LOT_WHERE = "SELECT w.warehouse_id, w.name, w.region, s.quantity FROM goods_stock s
        JOIN goods_warehouse w ON w.warehouse_id = s.warehouse_id
        WHERE s.lot_id = $1 AND s.quantity > 0 ORDER BY w.region, w.warehouse_id LIMIT 1000";
    pub(crate) LOT_ON_WAY = "SELECT CAST(COALESCE(SUM(sent - arrived - lost - damaged), 0) AS BIGINT) FROM goods_transfer
        WHERE lot_id = $1";
    /// By item: what lies, older than two bands, and near or past its last day.
    pub(crate) RESTING = "SELECT l.item, l.unit, CAST(SUM(s.quantity) AS BIGINT),
            CAST(SUM(CASE WHEN l.received_on < $3 THEN s.quantity ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN l.received_on < $4 THEN s.quantity ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN l.expires_on <= $5 THEN s.quantity ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE WHEN l.expires_on < $6 THEN s.quantity ELSE 0 END) AS BIGINT)
        FROM goods_stock s JOIN goods_lot l ON l.lot_id = s.lot_id JOIN goods_warehouse w ON w.warehouse_id = s.warehouse_id
        WHERE s.quantity > 0 AND w.region >= $1 AND w.region < $2 GROUP BY l.item, l.unit ORDER BY l.item, l.unit";
    /// By region, item and kind: what did not reach anybody.
    pub(crate) LOSSES = "SELECT SUBSTR(w.region, 1, CAST($3 AS INTEGER)) AS area, l.item, l.unit, m.kind,
            CAST(SUM(m.quantity) AS BIGINT)
        FROM goods_move m JOIN goods_lot l ON l.lot_id = m.lot_id JOIN goods_warehouse w ON w.warehouse_id = m.warehouse_id
        WHERE m.kind IN ('damaged', 'lost', 'expired', 'returned') AND w.region >= $1 AND w.region < $2
        GROUP BY area, l.item, l.unit, m.kind HAVING SUM(m.quantity) <> 0 ORDER BY area, l.item, l.unit, m.kind LIMIT 1000";

    // distribution lists
    pub(crate) LIST_ADD = "INSERT INTO goods_list (list_id, programme, period, item, unit, each_due, run, list_hash, closing,
            benefit, state, families, skipped, mark, made_at, made_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
            COALESCE((SELECT MIN(o.list_id) FROM goods_list o WHERE o.programme = $2 AND o.period = $3 AND o.item = $4), $1),
            'building', 0, 0, $10, $11, $12)";
    pub(crate) LIST_OF_RUN = concat!("SELECT ", list_columns!(), " FROM goods_list
        WHERE programme = $1 AND period = $2 AND item = $3 AND run = $4");
    pub(crate) LIST = concat!("SELECT ", list_columns!(), " FROM goods_list WHERE list_id = $1");
    pub(crate) LISTS = concat!("SELECT ", list_columns!(), " FROM goods_list WHERE list_id < $1 ORDER BY list_id DESC LIMIT $2");
    pub(crate) LIST_STEP = "UPDATE goods_list SET families = families + $2, skipped = skipped + $3, mark = $4 WHERE list_id = $1";
    pub(crate) LIST_OTHERS = "SELECT COUNT(*) FROM goods_list WHERE benefit = $1 AND list_id <> $2";
    pub(crate) LIST_BUILT = "UPDATE goods_list SET state = 'built' WHERE list_id = $1";
    pub(crate) LIVE_AMONG = "SELECT recipient FROM goods_due WHERE recipient >= $1 AND recipient <= $2 AND benefit = $3
        AND live = 1";
    pub(crate) SUMMARY_CLEAR = "DELETE FROM goods_summary WHERE list_id = $1";
    pub(crate) SUMMARY_FILL = "INSERT INTO goods_summary (list_id, region, state, families, due, given)
        SELECT list_id, region, state, COUNT(*), CAST(SUM(due) AS BIGINT), CAST(SUM(given) AS BIGINT) FROM goods_due
        WHERE list_id = $1 GROUP BY list_id, region, state";
    pub(crate) SUMMARY_ADD = "INSERT INTO goods_summary (list_id, region, state, families, due, given)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (list_id, region, state) DO UPDATE SET families = goods_summary.families + excluded.families,
            due = goods_summary.due + excluded.due, given = goods_summary.given + excluded.given";
    pub(crate) SUMMARY = "SELECT SUBSTR(region, 1, CAST($4 AS INTEGER)) AS area, state, CAST(SUM(families) AS BIGINT),
            CAST(SUM(due) AS BIGINT), CAST(SUM(given) AS BIGINT)
        FROM goods_summary WHERE list_id = $1 AND region >= $2 AND region < $3
        GROUP BY area, state HAVING SUM(families) > 0 ORDER BY area, state";
    /// The same of one companion's families.
    pub(crate) SUMMARY_OWN = concat!("SELECT SUBSTR(d.region, 1, CAST($5 AS INTEGER)) AS area, d.state, COUNT(*),
            CAST(SUM(d.due) AS BIGINT), CAST(SUM(d.given) AS BIGINT)
        FROM goods_due d WHERE ", in_scope!(), " AND d.list_id = $4 GROUP BY area, d.state ORDER BY area, d.state");

    // families on a list
    pub(crate) DUE = concat!("SELECT ", due_columns!(), " FROM goods_due d WHERE ", in_scope!(), "
        AND d.recipient = $4 AND d.list_id = $5");
    pub(crate) DUES = concat!("SELECT ", due_columns!(), " FROM goods_due d WHERE ", in_scope!(), " AND d.list_id = $4
        AND ($5 = '' OR d.state = $5) AND (d.region, d.recipient) > ($6, $7) ORDER BY d.region, d.recipient LIMIT $8");
    pub(crate) DUES_OF_FAMILY = concat!("SELECT ", due_columns!(), " FROM goods_due d WHERE ", in_scope!(), "
        AND d.recipient = $4 ORDER BY d.list_id DESC LIMIT 50");
    pub(crate) DUES_STAGED = concat!("SELECT ", due_columns!(), " FROM goods_change c
        JOIN goods_due d ON d.recipient = c.recipient AND d.list_id = c.list_id WHERE ", in_scope!(), " AND c.batch = $4");
    pub(crate) STEPS_STAGED = "SELECT h.recipient, h.step, h.day, h.given, h.warehouse_id, h.lot_id, h.whom, h.role, h.place,
            h.proof_kind, h.proof, h.note, h.state
        FROM goods_change c JOIN goods_handover h ON h.recipient = c.recipient AND h.list_id = c.list_id
        WHERE c.batch = $1 ORDER BY h.recipient, h.seq";
    pub(crate) STEPS = "SELECT h.seq, h.at, h.actor, h.step, h.state, h.day, h.given, h.warehouse_id, h.lot_id, h.whom, h.role,
            h.place, h.proof_kind, h.proof, h.note, h.reference
        FROM goods_handover h WHERE h.recipient = $1 AND h.list_id = $2 ORDER BY h.seq LIMIT 200";
    pub(crate) CHANGE_APPLY = "UPDATE goods_due SET given = c.given, state = c.state, rev = c.rev
        FROM goods_change c WHERE c.batch = $1 AND goods_due.recipient = c.recipient AND goods_due.list_id = c.list_id
            AND goods_due.rev = c.rev_before";
    pub(crate) CHANGE_CLEAR = "DELETE FROM goods_change WHERE batch = $1";
}
