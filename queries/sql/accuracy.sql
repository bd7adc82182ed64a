-- name: accuracy
-- title: Accuracy by language
-- figure: Tables 2 and 4, baseline
-- description: Share of greedily generated answers that match the expected answer (normalized), without ablation;
--   and how likely the expected answer is among the candidates: the choices of a prompt, or else all distinct
--   answers of the run in its language. 95 % intervals: jackknife over folds of examples, Student's t.
-- shared: student, reciprocal_chance
-- parameters:
--   $run        run               The run: number, name or key. Default: the last run.
--   $languages  languages = all   Languages of the prompts.
-- columns:
--   language         -       Language of the prompt.
--   accuracy         %       Prompts with a right answer.
--   low              %       Lower end of its 95 % interval; NULL with fewer than two folds.
--   high             %       Upper end.
--   n_correct        inputs  Prompts with a right answer.
--   n                inputs  Prompts with a judged answer.
--   first            %       Prompts whose expected answer no candidate exceeds in likelihood (rank 1).
--   first_low        %       Lower end of its 95 % interval.
--   first_high       %       Upper end.
--   first_chance     %       The same if candidates were ordered at random: 1 / number of candidates, mean.
--   reciprocal       -       Mean of 1 / rank of the expected answer.
--   reciprocal_low   -       Lower end of its 95 % interval.
--   reciprocal_high  -       Upper end.
--   reciprocal_chance -      The same if candidates were ordered at random.
--   candidates       -       Number of candidates, mean over prompts.
--   n_ranked         inputs  Prompts whose answer is ranked; 0 in runs of earlier versions.
--   logprob          nats    Log-probability of the expected answer, mean.
--   logprob_low      nats    Lower end of its 95 % interval.
--   logprob_high     nats    Upper end.
WITH inputs AS (
    SELECT e.*, l.bit, c.chance
    FROM examples e JOIN run_languages l ON l.run = e.run AND l.language = e.language
    LEFT JOIN reciprocal_chance c USING (n_candidates)
    WHERE e.run = $run AND list_contains($languages, e.language) AND e.correct IS NOT NULL
), sums AS (
    SELECT language, measure, fold, sum(x) AS total, count(x) AS n
    FROM (
        SELECT language, fold, unnest(['accuracy', 'first', 'reciprocal', 'logprob']) AS measure,
            unnest([100 * correct::INTEGER, 100 * (rank = 1)::INTEGER, 1 / rank, answer_logprob]) AS x
        FROM inputs
    )
    GROUP BY ALL
    HAVING count(x) > 0
), left_out AS (
    SELECT language, measure, sum(total) OVER whole / sum(n) OVER whole AS x,
        (sum(total) OVER whole - total) / nullif(sum(n) OVER whole - n, 0) AS without_fold
    FROM sums
    WINDOW whole AS (PARTITION BY language, measure)
), intervals AS (
    SELECT language, measure, any_value(x) AS x,
        t[count(*) - 1] * sqrt((count(*) - 1) * var_pop(without_fold)) AS half
    FROM left_out, student
    GROUP BY language, measure, t
), measured AS (
    SELECT language, max({x: x, low: x - half, high: x + half}) FILTER (measure = 'accuracy') AS a,
        max({x: x, low: x - half, high: x + half}) FILTER (measure = 'first') AS f,
        max({x: x, low: x - half, high: x + half}) FILTER (measure = 'reciprocal') AS r,
        max({x: x, low: x - half, high: x + half}) FILTER (measure = 'logprob') AS p
    FROM intervals
    GROUP BY language
), counts AS (
    SELECT language, bit, count_if(correct) AS n_correct, count(*) AS n, count(rank) AS n_ranked,
        avg(100 / n_candidates) AS first_chance, avg(chance) AS reciprocal_chance, avg(n_candidates) AS candidates
    FROM inputs
    GROUP BY language, bit
)
SELECT language, a.x AS accuracy, a.low, a.high, n_correct::BIGINT AS n_correct, n::BIGINT AS n,
    f.x AS first, f.low AS first_low, f.high AS first_high, first_chance,
    r.x AS reciprocal, r.low AS reciprocal_low, r.high AS reciprocal_high, reciprocal_chance,
    candidates, n_ranked, p.x AS logprob, p.low AS logprob_low, p.high AS logprob_high
FROM counts JOIN measured USING (language)
ORDER BY bit
