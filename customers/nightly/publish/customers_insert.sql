-- New customers, under the ids that were drawn when their file was accepted.
INSERT INTO customers_customer (
    id, customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin, name_initials, name_bigrams,
    sex, birth_date, id_type, id_no_cipher, id_no_index, id_no_tail_index, id_no_mask, id_expiry_date, mobile_cipher,
    mobile_index, mobile_mask, address_cipher, address_index, address_mask, occupation, employer, open_date, close_date,
    status, has_payroll, has_pension, is_merchant, do_not_contact, delivered_on)
SELECT
    customer_id, customer_no, customer_type, company_size, branch_id, name, name_mask, name_pinyin, name_initials,
    name_bigrams, sex, birth_date, id_type, id_no_cipher, id_no_index, id_no_tail_index, id_no_mask, id_expiry_date,
    mobile_cipher, mobile_index, mobile_mask, address_cipher, address_index, address_mask, occupation, employer,
    open_date, close_date, status, has_payroll, has_pension, is_merchant, false, %(as_of)s
FROM night_customer WHERE is_new
