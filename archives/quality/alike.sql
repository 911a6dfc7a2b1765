-- Texts of one sitting that are alike once names, forms of address, figures and signs are taken out. Every member of a
-- cluster is alike to its leader: of the texts that a text is alike to, the one that most others are alike to as well.
-- A text is compared with the fifty before and after it, so that an author's long day costs in proportion.
CREATE TEMP TABLE quality_said ON COMMIT DROP AS
SELECT s.id, s.staff_id, s.day, s.sitting, s.place, regexp_replace(regexp_replace(regexp_replace(
           replace(lower(normalize(s.summary, NFKC)), lower(normalize(c.name, NFKC)), 'x'), '[^[:alnum:]]+', '', 'g'),
           '.(先生|女士|小姐|老师|阿姨|叔叔|大姐|大哥|老板|总)', 'x', 'g'),
           '[0-9〇零一二三四五六七八九十百千万亿两]+', 'n', 'g') AS text
FROM quality_sitting s JOIN customers_customer c ON c.id = s.customer_id;

CREATE TEMP TABLE quality_text ON COMMIT DROP AS
SELECT staff_id, day, sitting, text, min(id) AS id, min(place) AS place, min(place) / 50 AS block,
       count(*) AS contacts, cardinality(show_trgm(text)) AS grams
FROM quality_said WHERE char_length(text) >= %(least_length)s
GROUP BY staff_id, day, sitting, text;
ANALYZE quality_text;

-- The shares of equal trigrams can be no higher than the numbers of trigrams allow: that is looked at first.
CREATE TEMP TABLE quality_pair ON COMMIT DROP AS
WITH near AS MATERIALIZED (
    SELECT a.id, b.id AS other_id, a.contacts, b.contacts AS other_contacts,
           similarity(a.text, b.text)::numeric * 100 AS percent
    FROM quality_text a CROSS JOIN (VALUES (0), (1)) further(blocks)
    JOIN quality_text b ON b.staff_id = a.staff_id AND b.day = a.day AND b.sitting = a.sitting
                       AND b.block = a.block + further.blocks
    WHERE b.place > a.place AND b.place <= a.place + 50
      AND least(a.grams, b.grams) * 100 >= greatest(a.grams, b.grams) * %(percent_alike)s
)
SELECT id, other_id, other_contacts AS contacts, percent FROM near WHERE percent >= %(percent_alike)s
UNION ALL SELECT other_id, id, contacts, percent FROM near WHERE percent >= %(percent_alike)s
UNION ALL SELECT id, id, contacts, 100 FROM quality_text;

CREATE TEMP TABLE quality_leader ON COMMIT DROP AS
WITH known AS (SELECT id, sum(contacts) AS contacts FROM quality_pair GROUP BY id)
SELECT DISTINCT ON (p.id) p.id, p.other_id AS leader_id, p.percent
FROM quality_pair p JOIN known k ON k.id = p.other_id
ORDER BY p.id, k.contacts DESC, p.other_id;

INSERT INTO quality_member (log_id, leader_id, kind)
SELECT log_id, leader_id, 'alike' FROM (
    SELECT w.id AS log_id, l.leader_id, count(*) OVER (PARTITION BY l.leader_id) AS contacts
    FROM quality_leader l JOIN quality_text t USING (id)
    JOIN quality_said w USING (staff_id, day, sitting, text)
) found WHERE contacts >= %(least_alike)s
