-- Changed customers take the values of the accepted file.
UPDATE customers_customer c SET
    customer_no = n.customer_no, customer_type = n.customer_type, company_size = n.company_size, branch_id = n.branch_id,
    name = n.name, name_mask = n.name_mask, name_pinyin = n.name_pinyin, name_initials = n.name_initials,
    name_bigrams = n.name_bigrams, sex = n.sex, birth_date = n.birth_date, id_type = n.id_type,
    id_no_cipher = n.id_no_cipher, id_no_index = n.id_no_index, id_no_tail_index = n.id_no_tail_index,
    id_no_mask = n.id_no_mask, id_expiry_date = n.id_expiry_date, mobile_cipher = n.mobile_cipher,
    mobile_index = n.mobile_index, mobile_mask = n.mobile_mask, address_cipher = n.address_cipher,
    address_index = n.address_index, address_mask = n.address_mask, occupation = n.occupation, employer = n.employer,
    open_date = n.open_date, close_date = n.close_date, status = n.status, has_payroll = n.has_payroll,
    has_pension = n.has_pension, is_merchant = n.is_merchant,
    delivered_on = %(as_of)s
FROM night_customer n
WHERE c.id = n.customer_id AND NOT n.is_new
