-- Customers who are not in a full file any more have left; those whose row was refused have not.
INSERT INTO night_customer (
    customer_id, load_id, is_new, customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin,
    name_initials, name_bigrams, sex, birth_date, id_type, id_no_cipher, id_no_index, id_no_tail_index, id_no_mask,
    id_expiry_date, mobile_cipher, mobile_index, mobile_mask, address_cipher, address_index, address_mask, occupation,
    employer, open_date, close_date, status, has_payroll, has_pension, is_merchant)
SELECT id, %(load)s, false, customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin,
       name_initials, name_bigrams, sex, birth_date, id_type, id_no_cipher, id_no_index, id_no_tail_index, id_no_mask,
       id_expiry_date, mobile_cipher, mobile_index, mobile_mask, address_cipher, address_index, address_mask,
       occupation, employer, open_date, coalesce(close_date, %(as_of)s), 'closed', has_payroll, has_pension, is_merchant
FROM customers_customer c
WHERE status = 'active'
  AND NOT EXISTS (SELECT FROM stage_customer s WHERE s.customer_no = c.customer_no)
  AND NOT EXISTS (SELECT FROM refused_key r WHERE r.key = c.customer_no)
ON CONFLICT (customer_id) DO NOTHING
