-- Users.
CREATE TABLE IF NOT EXISTS users (
  id INT PRIMARY KEY,
  name TEXT DEFAULT 'a;
b'
);

CREATE UNIQUE INDEX users_name ON users (name);

/* Adds one. */
CREATE OR REPLACE FUNCTION add_user(n TEXT) RETURNS void AS $body$
BEGIN
  INSERT INTO users (name) VALUES (n);
END;
$body$ LANGUAGE plpgsql;

INSERT INTO users (id, name) VALUES
  (1, 'x'),
  (2, 'it''s');

SELECT *
FROM users
WHERE id = 1;
