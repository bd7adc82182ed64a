-- Pairs of prompts of different clusters, and of one example in two languages, and in how many neurons they differ. A
-- sample, so that the largest files take seconds: whole clusters in the order of a hash, up to 72 examples (fewer with
-- more than 16 languages or 333,000 neurons), and 64 evenly spaced neurons of each layer. Needs chosen_layers.
prompt_languages AS (
    SELECT bit, language
    FROM run_languages
    WHERE run = $run AND list_contains($languages, language)
),
prompt_budget AS (
    -- At most 24 million masks are read; DuckDB skips those of other examples.
    SELECT greatest(12, least(72, 1152 // n_languages, 24000000 // sum(n_neurons))) AS most
    FROM layers, (SELECT greatest(1, count(*)) AS n_languages FROM prompt_languages)
    WHERE run = $run
    GROUP BY n_languages
),
prompt_clusters AS (
    SELECT cluster, row_number() OVER hashed AS number
    FROM (SELECT cluster, min(example) AS first, count(DISTINCT example) AS size FROM examples WHERE run = $run
          GROUP BY cluster), prompt_budget
    WINDOW hashed AS (ORDER BY hash(first), first)
    QUALIFY sum(size) OVER hashed - size < most
),
prompt_sample AS MATERIALIZED (
    SELECT *, count(*) OVER (PARTITION BY cluster) AS size, row_number() OVER (ORDER BY number, example) AS place
    FROM (
        SELECT DISTINCT example, fold, cluster, number
        FROM examples JOIN prompt_clusters USING (cluster)
        WHERE run = $run
    ), prompt_budget
    QUALIFY row_number() OVER (ORDER BY number, example) <= most
),
sampled_neurons AS (
    -- Neurons with neuron × 64 mod n below 64 are evenly spaced; each has one bit. Joined by number, so that DuckDB
    -- reads no other neurons.
    SELECT layer, neuron, (neuron::BIGINT * 64 // n_neurons)::UBIGINT AS place
    FROM (
        SELECT layer, n_neurons, unnest(range(n_neurons))::INTEGER AS neuron
        FROM layers
        WHERE run = $run AND layer IN (SELECT layer FROM chosen_layers)
    )
    WHERE neuron::BIGINT * 64 % n_neurons < 64
),
layer_prompts AS (
    SELECT a.layer, s.place, l.bit, bit_or((a.mask >> l.bit & 1) << n.place) AS active
    FROM activations a
    JOIN prompt_sample s ON s.example = a.example
    JOIN sampled_neurons n ON n.layer = a.layer AND n.neuron = a.neuron
    CROSS JOIN prompt_languages l
    WHERE a.run = $run
    GROUP BY ALL
),
prompts AS MATERIALIZED (
    -- The bits of all layers in one value: comparing pairs layer by layer would take three times as long.
    SELECT place, bit, string_agg(active::BIT::VARCHAR, '' ORDER BY layer)::BIT AS active
    FROM layer_prompts
    GROUP BY place, bit
),
prompt_differences AS (
    SELECT a.place, b.place AS other_place, a.bit, b.bit AS other_bit,
        bit_count(xor(a.active, b.active))::INTEGER AS differ, bit_count(a.active & b.active)::INTEGER AS alike
    FROM prompts a JOIN prompts b ON 64 * b.place + b.bit > 64 * a.place + a.bit
),
prompt_texts AS (
    SELECT s.place, l.bit, s.cluster, s.fold, x.last_token AS token
    FROM prompt_sample s
    JOIN examples x ON x.run = $run AND x.example = s.example
    JOIN prompt_languages l ON l.language = x.language
),
prompt_pairs AS MATERIALIZED (
    SELECT d.*, a.token = b.token AS same_token, d.place = d.other_place AS same_example, a.fold, b.fold AS other_fold
    FROM prompt_differences d
    JOIN prompt_texts a ON a.place = d.place AND a.bit = d.bit
    JOIN prompt_texts b ON b.place = d.other_place AND b.bit = d.other_bit
    WHERE a.cluster != b.cluster OR d.place = d.other_place
)
