-- payment: every entry of the journal has one key that follows from what causes it: the document, the part of it that was taken in
-- one go, the place, the movement and its sign. The number of a transfer is made of these, before it is sent; the same one is
-- entered once. part: of a file the number of the last row of the batch, of a deposit slip the first line, of an order 0; entries
-- of before this change have a number below zero each, except those of orders.
ALTER TABLE ledger_entry ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
UPDATE ledger_entry SET part = 0 - entry_id WHERE SUBSTR(document, 1, 6) <> 'order:';
DROP INDEX ledger_entry_by_document;
DROP INDEX ledger_entry_by_place;
CREATE UNIQUE INDEX ledger_entry_once
    ON ledger_entry (programme, period, region, channel, movement, correction, document, part);
CREATE INDEX ledger_entry_by_document ON ledger_entry (document, part);
