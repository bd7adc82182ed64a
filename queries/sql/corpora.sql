-- name: corpora
-- title: Corpora of a run by language
-- figure: beyond the paper
-- description: Texts, tokens and loss of each language of a corpus, and how many neurons are active at a token. The
--   standard error counts tokens as independent; those of one text are not, so it is a lower bound. Loss and perplexity
--   per token depend on how a language is cut into tokens: compare models and texts in one language with them, not
--   languages. Empty for runs of other tasks.
-- shared: one_part
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages   languages = all  Languages to list.
--   $half        both|first|second = both  Texts: all, or one half.
-- columns:
--   language    -         The language.
--   name        -         English name; for unknown languages, the code.
--   texts       texts     Number of texts.
--   passages    passages  Number of passages into which long texts are cut.
--   tokens      tokens    Number of counted tokens.
--   loss        nats      Loss of a token, mean over those measured; NULL for an encoder.
--   loss_error  nats      Standard error of the mean.
--   perplexity  -         exp(loss).
--   active      %         Neurons that are active at a token (act(gate) above the threshold), mean over tokens.
--   positive    %         Neurons whose weight of the value vector is positive, mean over tokens.
WITH sums AS (
    SELECT c.language, sum(c.n_texts)::BIGINT AS texts, sum(c.n_passages)::BIGINT AS passages,
        sum(c.n_tokens)::BIGINT AS tokens, nullif(sum(c.n_loss), 0)::BIGINT AS n, sum(c.loss_sum) / n AS loss,
        sqrt(greatest(0, sum(c.loss_sumsq) / n - loss ** 2) / nullif(n - 1, 0)) AS loss_error
    FROM corpora c JOIN parts USING (half)
    WHERE c.run = $run AND list_contains($languages, c.language)
    GROUP BY c.language
), neurons AS (
    SELECT a.language, sum(a.n_active)::DOUBLE AS active, sum(a.n_positive)::DOUBLE AS positive
    FROM neuron_activity a JOIN parts USING (half)
    WHERE a.run = $run
    GROUP BY a.language
)
SELECT s.language, coalesce(k.name, s.language) AS name, s.texts, s.passages, s.tokens, s.loss, s.loss_error,
    exp(s.loss) AS perplexity, 100 * n.active / pairs AS active, 100 * n.positive / pairs AS positive
FROM (SELECT *, nullif(tokens * (SELECT sum(n_neurons) FROM layers WHERE run = $run), 0)::DOUBLE AS pairs FROM sums) s
JOIN run_languages l ON l.run = $run AND l.language = s.language
LEFT JOIN neurons n ON n.language = s.language
LEFT JOIN languages k ON k.code = s.language
ORDER BY l.bit
