-- name: runs
-- title: Runs of the file
-- figure:
-- description: One row a run: which model on which task, in which languages, how large and how well.
-- columns:
--   run          index      Number of the run in this file, from 1.
--   name         -          Short name, as model · task.
--   key          -          First twelve digits of the run's key; enough to name it.
--   model        -          Hub id or folder of the model.
--   revision     -          Resolved commit of the model, or NULL.
--   identified   -          Whether a commit or a digest of its files says which model it was.
--   architecture -          model_type of its configuration.
--   task         -          Task.
--   setting      -          Setting of the task, or NULL.
--   n_shots      -          Demonstrations in front of each prompt.
--   languages    -          Language codes, in the order of their bits.
--   n_languages  languages  How many they are.
--   n_examples   examples   Examples measured.
--   n_layers     layers     FFN layers measured.
--   n_neurons    neurons    Neurons of all layers.
--   accuracy     %          Answers that match, over all languages; NULL where nothing was generated.
--   threshold    -          A neuron is active where its activation is greater than this.
--   dtype        -          Precision of the forward pass.
--   device       -          Where it ran.
--   started      -          When the run began, UTC.
--   seconds      s          Time spent measuring.
--   tokens       tokens     Prompt tokens measured.
WITH sizes AS (
    SELECT run, count(*) AS n_layers, sum(n_neurons)::BIGINT AS n_neurons
    FROM layers
    GROUP BY run
), answers AS (
    SELECT run, 100 * count_if(correct) / nullif(count(correct), 0) AS accuracy
    FROM examples
    GROUP BY run
)
SELECT r.run, r.name, left(r.key, 12) AS key, r.model, r.revision,
    r.revision IS NOT NULL OR r.settings->>'model_digest' IS NOT NULL AS identified, r.architecture, r.task, r.setting,
    r.n_shots, r.languages, len(r.languages)::INTEGER AS n_languages, r.n_examples,
    coalesce(s.n_layers, 0)::INTEGER AS n_layers, coalesce(s.n_neurons, 0) AS n_neurons, a.accuracy,
    r.threshold, r.dtype, r.device, r.started, r.seconds, r.tokens
FROM runs r
LEFT JOIN sizes s USING (run)
LEFT JOIN answers a USING (run)
ORDER BY r.run
