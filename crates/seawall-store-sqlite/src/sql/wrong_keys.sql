
SELECT count(*)
FROM (SELECT * FROM (SELECT * FROM counted EXCEPT
                     SELECT queue_no, key, offered, claimed, is_full, head, head_task FROM queue_keys)
      UNION ALL
      SELECT * FROM (SELECT queue_no, key, offered, claimed, is_full, head, head_task FROM queue_keys EXCEPT
                     SELECT * FROM counted))
