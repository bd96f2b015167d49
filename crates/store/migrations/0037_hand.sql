-- payment: who did what for a cycle, so that actions which do not go together (roles.toml, [[apart]]) are not done by one person.

CREATE TABLE payment_hand (
    cycle_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    action TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (cycle_id, user_id, action)
) STRICT, WITHOUT ROWID;
-- What is known of cycles until now: who made them, who prepared and approved their orders.
INSERT INTO payment_hand (cycle_id, user_id, action, at)
SELECT cycle_id, made_by_id, 'payment.build', made_at FROM payment_cycle WHERE made_by_id <> 0 AND plan_id IS NULL;
INSERT INTO payment_hand (cycle_id, user_id, action, at)
SELECT cycle_id, made_by_id, 'payment.build', MIN(made_at) FROM payment_order WHERE made_by_id <> 0
    GROUP BY cycle_id, made_by_id ON CONFLICT (cycle_id, user_id, action) DO NOTHING;
INSERT INTO payment_hand (cycle_id, user_id, action, at)
SELECT o.cycle_id, a.user_id, 'payment.approve', MIN(a.at) FROM payment_approval a
    JOIN payment_order o ON o.order_id = a.order_id WHERE a.user_id <> 0 GROUP BY o.cycle_id, a.user_id;
