//! SQL of what the public reads and says.

use store::sql;

sql! {
    pub(crate) SHOWN_OF_CASE = "SELECT number FROM clarification WHERE case_id = $1";
    pub(crate) SHOW = "INSERT INTO clarification (number, case_id, workflow, verdict, channel, claim, link, truth, source,
        published_on, written_at, rev, withdrawn_on, withdrawn_why)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, NULL, '')";
    // Published again it holds again.
    pub(crate) SHOW_AGAIN = "UPDATE clarification SET verdict = $2, channel = $3, claim = $4, link = $5, truth = $6, source = $7,
        published_on = $8, written_at = $9, rev = rev + 1, withdrawn_on = NULL, withdrawn_why = '' WHERE number = $1";
    pub(crate) WORDS_CLEAR = "DELETE FROM clarification_word WHERE number = $1";
    pub(crate) WORD_ADD = "INSERT INTO clarification_word (number, word) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    pub(crate) TAKE_BACK = "UPDATE clarification SET withdrawn_on = $2, withdrawn_why = $3, written_at = $4
        WHERE number = $1 AND withdrawn_on IS NULL";
    pub(crate) SHOWN = "SELECT c.number, c.workflow, c.verdict, c.channel, c.claim, c.link, c.truth, c.source, c.published_on, c.rev,
        c.withdrawn_on, c.withdrawn_why, c.written_at FROM clarification c WHERE c.number = $1";
    // A word is found by its beginning.
    pub(crate) SHOWN_LIST = "SELECT c.number, c.workflow, c.verdict, c.channel, c.claim, c.link, c.truth, c.source, c.published_on,
        c.rev, c.withdrawn_on, c.withdrawn_why, c.written_at FROM clarification c
        WHERE (c.published_on, c.number) < ($1, $2) AND ($3 = '' OR c.verdict = $3)
        AND ($4 = '' OR EXISTS (SELECT 1 FROM clarification_word w
            WHERE w.number = c.number AND w.word >= $4 AND w.word < $5))
        AND ($6 = '' OR EXISTS (SELECT 1 FROM clarification_word w
            WHERE w.number = c.number AND w.word >= $6 AND w.word < $7))
        ORDER BY c.published_on DESC, c.number DESC LIMIT $8";
    pub(crate) GIVEN_ADD = "INSERT INTO survey_given (token) VALUES ($1) ON CONFLICT DO NOTHING";
    pub(crate) GIVEN = "SELECT COUNT(*) FROM survey_given WHERE token = $1";
    pub(crate) SCORE_ADD = "INSERT INTO survey_score (answer_id, element, score, region, workflow, month, way)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    // Of a territory: sums by place, workflow, month and element.
    pub(crate) SCORES = "SELECT region, workflow, month, element, COUNT(*), CAST(SUM(score) AS BIGINT) FROM survey_score
        WHERE region >= $1 AND region < $2 AND ($3 = '' OR workflow = $3)
        GROUP BY region, workflow, month, element ORDER BY region, workflow, month, element LIMIT $4";
    // How many answered, wherever they are: what is hidden depends on it. Nothing of it is shown.
    pub(crate) CELLS = "SELECT region, workflow, month, COUNT(*) FROM survey_score WHERE element = $1
        GROUP BY region, workflow, month ORDER BY region, workflow, month LIMIT $2";
}
