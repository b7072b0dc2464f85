-- What came with PostgreSQL 15.
CREATE TABLE sales.nulls (k int UNIQUE NULLS NOT DISTINCT, parent_a int, parent_b int);
CREATE VIEW sales.invoked WITH (security_invoker) AS SELECT * FROM sales.nulls;
CREATE COLLATION sales.german (provider = icu, locale = 'de-u-co-phonebk');
CREATE INDEX nulls_covering ON sales.nulls USING gist (k) INCLUDE (parent_a);
