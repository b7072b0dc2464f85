-- What came with PostgreSQL 14.
CREATE TABLE sales.newer (k int PRIMARY KEY, mr nummultirange, z text COMPRESSION pglz);
CREATE FUNCTION sales.in_the_standard(n int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM sales.newer WHERE k < n; SELECT n::bigint; END;
CREATE FUNCTION sales.grouped() RETURNS SETOF sales.newer LANGUAGE sql BEGIN ATOMIC SELECT k, mr, z FROM sales.newer GROUP BY k; END;
