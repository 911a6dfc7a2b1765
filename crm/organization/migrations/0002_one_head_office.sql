-- One head office before the constraints that demand it. The root that stays is the branch without a parent that is
-- called head office, else the one with most branches below it, else the oldest. Whatever else has no parent stands
-- below it afterwards, so that nobody's reach grows; whatever else is called head office becomes a regional branch.
-- A tree that has one head office already is left as it is.
DO $$
DECLARE
    root bigint;
BEGIN
    SELECT b.id INTO root FROM organization_branch b WHERE b.parent_id IS NULL
    ORDER BY b.level = 'head_office' DESC,
             (SELECT count(*) FROM organization_branch below WHERE starts_with(below.path, b.path)) DESC, b.id
    LIMIT 1;
    UPDATE organization_branch SET level = 'head_office' WHERE id = root AND level <> 'head_office';
    UPDATE organization_branch SET level = 'regional' WHERE id <> root AND level = 'head_office';
    UPDATE organization_branch SET parent_id = root WHERE id <> root AND parent_id IS NULL;

    WITH RECURSIVE tree (id, path) AS (
        SELECT id, '.' || id || '.' FROM organization_branch WHERE id = root
        UNION ALL
        SELECT b.id, tree.path || b.id || '.' FROM organization_branch b JOIN tree ON b.parent_id = tree.id
    )
    UPDATE organization_branch b SET path = tree.path FROM tree WHERE b.id = tree.id AND b.path <> tree.path;
END
$$;
-- Foreign keys wait for the end of the transaction; a table with such waiting checks cannot be altered.
SET CONSTRAINTS ALL IMMEDIATE;
