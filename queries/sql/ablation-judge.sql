-- name: ablation-judge
-- title: How answers were judged in an ablation
-- figure:
-- description: Generated: each condition generates its answers. Teacher-forced: the expected answer is fed after the
--   prompt, and an answer is right if greedy decoding would begin with it. Without ablation both verdicts exist; their
--   agreement on the prompts of the ablation is given here. A run without ablation has no row.
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the prompts.
-- columns:
--   language          -       Language of the prompts; NULL: all prompts.
--   judge             -       teacher-forced or generated.
--   agreement         %       Prompts with equal verdicts, without ablation; NULL if answers were generated.
--   n_only_generated  inputs  Prompts that only the generated answer makes right.
--   n_only_forced     inputs  Prompts that only teacher forcing makes right.
--   n                 inputs  Prompts with both verdicts.
--   note              -       One sentence; NULL if answers were generated.
WITH judged AS (
    SELECT coalesce(settings->>'ablation_judge', 'generated') AS judge
    FROM runs
    WHERE run = $run
), verdicts AS (
    SELECT b.language, x.correct AS generated, b.correct AS forced, judge
    FROM ablation_examples b
    JOIN conditions c ON c.run = $run AND c.condition = b.condition AND c.kind = 'baseline'
    JOIN examples x ON x.run = $run AND x.example = b.example AND x.language = b.language, judged
    WHERE b.run = $run AND list_contains($languages, b.language)
), counts AS (
    SELECT v.language, any_value(l.bit) AS bit, any_value(judge) AS judge,
        count_if(generated AND NOT forced) AS n_only_generated, count_if(forced AND NOT generated) AS n_only_forced,
        count_if(generated IS NOT NULL AND forced IS NOT NULL) AS n
    FROM verdicts v
    LEFT JOIN run_languages l ON l.run = $run AND l.language = v.language
    GROUP BY GROUPING SETS ((), (v.language))
    HAVING count(*) > 0
), shares AS (
    SELECT *, if(judge = 'generated', NULL, 100 * (n - n_only_generated - n_only_forced) / nullif(n, 0)) AS agreement
    FROM counts
)
SELECT language, judge, agreement, n_only_generated::BIGINT AS n_only_generated, n_only_forced::BIGINT AS n_only_forced,
    n::BIGINT AS n,
    CASE WHEN agreement IS NOT NULL THEN
        format('teacher-forced and generated verdicts agree on {:.1f} % of {:,} prompts', agreement, n)
            || if(agreement < 95, '; --ablation-judge generated generates answers', '')
    END AS note
FROM shares
ORDER BY language IS NOT NULL, bit
