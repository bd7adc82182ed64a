-- name: runs
-- title: Runs of the file
-- figure:
-- description: One row per run: model, task, languages, size and accuracy.
-- shared: identified
-- columns:
--   run          index      Number of the run in this file, from 1.
--   name         -          Display name: model · task.
--   key          -          First twelve digits of the run's key, which identify the run.
--   model        -          Hub id or folder of the model.
--   revision     -          Resolved commit of the model, or NULL.
--   identified   -          Whether a commit or a digest of files identifies the model.
--   architecture -          model_type in the model's configuration.
--   task         -          Task.
--   setting      -          Setting of the task, or NULL.
--   n_shots      -          Number of demonstrations before each prompt.
--   languages    -          Language codes, in the order of their bits.
--   n_languages  languages  Number of languages.
--   n_examples   examples   Number of measured examples.
--   n_layers     layers     Number of measured FFN layers.
--   n_neurons    neurons    Number of neurons of all layers.
--   accuracy     %          Share of right answers over all languages; NULL if none was generated.
--   first        %          Share of expected answers that no candidate exceeds in likelihood (rank 1), or NULL.
--   first_chance  %         The same if candidates were ordered at random.
--   threshold    -          A neuron is active if its activation is greater than this.
--   token        -          Token of measurement: last (of the prompt), subject, first-generated, or all of a corpus.
--   dtype        -          Precision of the forward pass.
--   device       -          Device of the run.
--   started      -          Start of the run, UTC.
--   seconds      s          Time spent measuring.
--   tokens       tokens     Number of measured tokens.
WITH sizes AS (
    SELECT run, count(*) AS n_layers, sum(n_neurons)::BIGINT AS n_neurons
    FROM layers
    GROUP BY run
), answers AS (
    SELECT run, 100 * count_if(correct) / nullif(count(correct), 0) AS accuracy,
        100 * count_if(rank = 1) / nullif(count(rank), 0) AS first, avg(100 / n_candidates) AS first_chance
    FROM examples
    GROUP BY run
)
SELECT r.run, r.name, left(r.key, 12) AS key, r.model, r.revision, i.identified, r.architecture, r.task, r.setting,
    r.n_shots, r.languages, len(r.languages)::INTEGER AS n_languages, r.n_examples,
    coalesce(s.n_layers, 0)::INTEGER AS n_layers, coalesce(s.n_neurons, 0) AS n_neurons, a.accuracy,
    a.first, a.first_chance,
    r.threshold, if(r.task = 'corpus', 'all', coalesce(r.settings->>'token', 'last')) AS token, r.dtype, r.device,
    r.started, r.seconds, r.tokens
FROM runs r
JOIN identified i USING (run)
LEFT JOIN sizes s USING (run)
LEFT JOIN answers a USING (run)
ORDER BY r.run
