-- payment: rows of replies that came before their time and are judged again when their line has moved.

-- settled: under which number the row was taken after all, also that of its entries (document late:FILE, part). settled_by: what moved
-- the line, as a document (file:N, order:N).
ALTER TABLE payment_exception ADD COLUMN settled INTEGER;
ALTER TABLE payment_exception ADD COLUMN settled_by TEXT;
CREATE INDEX payment_exception_waits ON payment_exception (cycle_id, line_id, exception_id) WHERE state = 'open';
CREATE INDEX payment_exception_settled ON payment_exception (file_no, settled) WHERE settled IS NOT NULL;
