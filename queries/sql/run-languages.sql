-- name: run-languages
-- title: Languages of a run
-- figure:
-- description: The languages with their family and script, the accuracy of the model, and the token at which
--   activations were read. If this token is the same in all languages of one task but not of another, the
--   token alone can cause a difference in sharing.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
-- columns:
--   bit               index   Bit of the language in every mask.
--   language          -       Code.
--   name              -       English name; for unknown languages, the code.
--   family            -       Language family, or unknown.
--   branch            -       Branch of the family, or unknown.
--   script            -       ISO 15924 code of its script; Zzzz if unknown.
--   bloom_share       %       Share in the pretraining text of BLOOM, or NULL.
--   tokens            tokens  Mean number of tokens of a prompt.
--   accuracy          %       Share of right answers; NULL if none was judged.
--   first             %       Share of expected answers that no candidate exceeds in likelihood (rank 1), or NULL.
--   first_chance      %       The same if candidates were ordered at random.
--   last_token        -       Most frequent token of measurement.
--   last_token_share  %       Share of prompts that are read at this token.
WITH ends AS (
    SELECT language, last_token, count(*) AS n
    FROM examples
    WHERE run = $run
    GROUP BY language, last_token
), common_ends AS (
    SELECT language, arg_min(last_token, (-n, last_token)) AS last_token, 100 * max(n) / sum(n) AS last_token_share
    FROM ends
    GROUP BY language
), prompts AS (
    SELECT language, avg(n_tokens) AS tokens, 100 * count_if(correct) / nullif(count(correct), 0) AS accuracy,
        100 * count_if(rank = 1) / nullif(count(rank), 0) AS first, avg(100 / n_candidates) AS first_chance
    FROM examples
    WHERE run = $run
    GROUP BY language
)
SELECT r.bit, r.language, coalesce(l.name, r.language) AS name,
    coalesce(l.family, 'unknown') AS family, coalesce(l.branch, 'unknown') AS branch,
    coalesce(l.script, 'Zzzz') AS script, l.bloom_share, p.tokens, p.accuracy,
    p.first, p.first_chance,
    e.last_token, e.last_token_share
FROM run_languages r
LEFT JOIN languages l ON l.code = r.language
LEFT JOIN prompts p ON p.language = r.language
LEFT JOIN common_ends e ON e.language = r.language
WHERE r.run = $run
ORDER BY r.bit
