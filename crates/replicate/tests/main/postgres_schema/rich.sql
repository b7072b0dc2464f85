-- A database with objects of every kind that PostgreSQL 13 knows, made by an ordinary owner who may also create extensions.
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE SCHEMA sales;
CREATE SCHEMA "Odd ""schema""";
COMMENT ON SCHEMA sales IS 'what; is -- sold';

CREATE TYPE sales.mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE TYPE sales.point3 AS (x float8, y float8, label text COLLATE "C");
CREATE TYPE sales.floats AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE DOMAIN sales.email AS citext CHECK (VALUE ~ '^[^@]+@[^@]+$') NOT NULL DEFAULT 'a@b';
CREATE DOMAIN sales.small AS int CONSTRAINT is_small CHECK (VALUE < 1000);
CREATE COLLATION sales.by_c (provider = libc, locale = 'C');

CREATE SEQUENCE sales.ticket INCREMENT BY -5 MAXVALUE 100 MINVALUE -1000 START 90 CYCLE;
CREATE SEQUENCE sales.tiny AS smallint START 7;

CREATE FUNCTION sales.body_with_a_false_header() RETURNS text LANGUAGE plpgsql AS $body$
--
-- Name: fake; Type: TABLE; Schema: public; Owner: nobody
--
BEGIN
    RETURN 'CREATE TABLE fake (); $$ ; \restrict';
END
$body$;
CREATE FUNCTION sales.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT n * 2';
CREATE FUNCTION sales.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = sales, pg_temp AS
$$BEGIN NEW.changed_at := clock_timestamp(); RETURN NEW; END$$;
CREATE FUNCTION sales.noted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
CREATE PROCEDURE sales.nothing(INOUT n int DEFAULT 1) LANGUAGE plpgsql AS $$BEGIN n := n + 1; END$$;
CREATE AGGREGATE sales.total(int) (sfunc = int4pl, stype = int, initcond = '0');
CREATE FUNCTION sales.same(a sales.point3, b sales.point3) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a.x = b.x';
CREATE OPERATOR sales.=== (LEFTARG = sales.point3, RIGHTARG = sales.point3, FUNCTION = sales.same, COMMUTATOR = OPERATOR(sales.===));
CREATE FUNCTION sales.as_text(sales.point3) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.label';
CREATE CAST (sales.point3 AS text) WITH FUNCTION sales.as_text(sales.point3) AS ASSIGNMENT;
CREATE TEXT SEARCH CONFIGURATION sales.plain (COPY = simple);
CREATE TEXT SEARCH DICTIONARY sales.words (TEMPLATE = simple, STOPWORDS = english);

CREATE TABLE sales.everything (
    id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 3) PRIMARY KEY,
    b boolean, i2 smallint, i4 integer, i8 bigint, n numeric, n2 numeric(10, 3), f4 real, f8 double precision, m money,
    t text COLLATE "C", v varchar(20), c char(5), "char one" "char", nm name, by bytea,
    d date, tm time, tmz time(3) with time zone, ts timestamp, tsz timestamptz(2), iv interval day to second(2),
    j json, jb jsonb, x xml, u uuid, ip inet, net cidr, mac macaddr, mac8 macaddr8,
    bt bit(8), vb bit varying(40), p point, ln line, ls lseg, bx box, pt path, pg polygon, cr circle,
    ir int4range, nr numrange, tr tstzrange, fr sales.floats, tv tsvector, tq tsquery, os oid, ls2 pg_lsn,
    e sales.mood DEFAULT 'happy', es sales.mood[], comp sales.point3, comps sales.point3[], em sales.email, sm sales.small,
    h hstore, ci citext, a int[], aa text[][], ab bytea[], ad date[],
    changed_at timestamptz DEFAULT now(),
    doubled int GENERATED ALWAYS AS (sales.twice(i4)) STORED
);
ALTER TABLE sales.everything ALTER COLUMN t SET STORAGE EXTERNAL, ALTER COLUMN i4 SET STATISTICS 500, ALTER COLUMN jb SET NOT NULL;
ALTER TABLE sales.everything SET (fillfactor = 80, autovacuum_enabled = false);
COMMENT ON TABLE sales.everything IS 'all types';
COMMENT ON COLUMN sales.everything."char one" IS E'a\nb';
CREATE INDEX everything_partial ON sales.everything (i4 DESC NULLS LAST) INCLUDE (t) WHERE b;
CREATE INDEX everything_expression ON sales.everything (lower(v), (n + 1));
CREATE INDEX everything_gin ON sales.everything USING gin (jb jsonb_path_ops);
CREATE INDEX everything_trigram ON sales.everything USING gist (t gist_trgm_ops (siglen = 32));
CREATE INDEX everything_brin ON sales.everything USING brin (tsz) WITH (pages_per_range = 16);
CREATE INDEX everything_hash ON sales.everything USING hash (u);
CREATE UNIQUE INDEX everything_unique ON sales.everything (lower(ci::text)) WHERE ci IS NOT NULL;
CREATE STATISTICS sales.related (dependencies, ndistinct) ON i2, i4 FROM sales.everything;

CREATE TABLE sales.customer (
    id serial PRIMARY KEY, code text NOT NULL, parent int REFERENCES sales.customer ON DELETE SET NULL,
    email text UNIQUE, CONSTRAINT code_is_unique UNIQUE (code) DEFERRABLE INITIALLY DEFERRED, balance numeric CHECK (balance >= 0)
);
ALTER TABLE sales.customer CLUSTER ON customer_email_key;
ALTER TABLE sales.customer REPLICA IDENTITY USING INDEX customer_pkey;
CREATE TABLE sales.booking (
    room int, during tstzrange, customer int NOT NULL,
    EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (room > 0),
    CONSTRAINT booking_customer FOREIGN KEY (customer) REFERENCES sales.customer ON UPDATE CASCADE DEFERRABLE
);
ALTER TABLE sales.booking REPLICA IDENTITY FULL;
INSERT INTO sales.customer (code, email, balance) SELECT 'c' || n, n || '@x', n FROM generate_series(1, 50) AS n;
INSERT INTO sales.booking SELECT n, NULL, n % 50 + 1 FROM generate_series(1, 200) AS n;
ALTER TABLE sales.booking ADD CONSTRAINT not_checked CHECK (room < 100) NOT VALID;
ALTER TABLE sales.booking ADD CONSTRAINT not_followed FOREIGN KEY (room) REFERENCES sales.customer NOT VALID;

CREATE TABLE sales.measure (at timestamptz NOT NULL, place int NOT NULL, value float8, PRIMARY KEY (place, at)) PARTITION BY RANGE (at);
CREATE TABLE sales.measure_2025 PARTITION OF sales.measure FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE sales.measure_2026 PARTITION OF sales.measure FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (place);
CREATE TABLE sales.measure_2026_a PARTITION OF sales.measure_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE sales.measure_2026_b PARTITION OF sales.measure_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE sales.measure_rest PARTITION OF sales.measure DEFAULT;
CREATE INDEX measure_value ON sales.measure (value);
CREATE UNIQUE INDEX measure_2025_own ON sales.measure_2025 (place, value, at);
ALTER TABLE sales.measure ADD CONSTRAINT measure_place FOREIGN KEY (place) REFERENCES sales.customer;
CREATE TABLE sales.base (a int PRIMARY KEY, note text DEFAULT 'none');
CREATE TABLE sales.derived (b int, CHECK (b > a)) INHERITS (sales.base);
CREATE UNLOGGED TABLE sales.scratch (k int PRIMARY KEY, v text);
CREATE TABLE "Odd ""schema"""."Table; -- 1" ("Column 'x'" int, "SELECT" text);
CREATE TABLE sales.no_columns ();
CREATE TABLE sales.typed OF sales.point3 (PRIMARY KEY (x));

CREATE VIEW sales.rich AS SELECT id, email FROM sales.customer WHERE balance > 10 WITH LOCAL CHECK OPTION;
CREATE VIEW sales.counted WITH (security_barrier) AS SELECT c.*, count(*) AS bookings FROM sales.customer c JOIN sales.booking ON customer = id GROUP BY c.id;
CREATE VIEW sales.by_key AS SELECT id, code, count(*) AS one FROM sales.customer GROUP BY id;
CREATE RECURSIVE VIEW sales.numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 10;
CREATE MATERIALIZED VIEW sales.sums AS SELECT customer, count(*) AS n FROM sales.booking GROUP BY customer;
CREATE UNIQUE INDEX sums_customer ON sales.sums (customer);
CREATE MATERIALIZED VIEW sales.sums_of_sums AS SELECT sum(n) AS total FROM sales.sums;
CREATE MATERIALIZED VIEW sales.empty AS SELECT 1 AS one WITH NO DATA;

CREATE TRIGGER touch BEFORE UPDATE OF i4 ON sales.everything FOR EACH ROW WHEN (OLD.i4 IS DISTINCT FROM NEW.i4) EXECUTE FUNCTION sales.touch();
CREATE TRIGGER noted AFTER INSERT ON sales.booking REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sales.noted();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON sales.customer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sales.noted();
CREATE TRIGGER off AFTER DELETE ON sales.customer FOR EACH ROW EXECUTE FUNCTION sales.noted();
ALTER TABLE sales.customer DISABLE TRIGGER off;
CREATE TRIGGER replicated AFTER DELETE ON sales.customer FOR EACH ROW EXECUTE FUNCTION sales.noted();
ALTER TABLE sales.customer ENABLE ALWAYS TRIGGER replicated;
CREATE RULE silent AS ON DELETE TO sales.base WHERE old.a < 0 DO INSTEAD NOTHING;
CREATE RULE rich_insert AS ON INSERT TO sales.numbers DO INSTEAD INSERT INTO sales.base VALUES (new.n);
ALTER TABLE sales.customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE sales.booking ENABLE ROW LEVEL SECURITY;
ALTER TABLE sales.booking FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON sales.customer FOR SELECT USING (code = current_user);
CREATE POLICY strict ON sales.booking AS RESTRICTIVE TO PUBLIC USING (room > 0) WITH CHECK (customer IN (SELECT id FROM sales.customer));
ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO PUBLIC;
GRANT USAGE ON SCHEMA sales TO PUBLIC;
GRANT SELECT (id, email), UPDATE (email) ON sales.customer TO PUBLIC;
REVOKE EXECUTE ON FUNCTION sales.twice(int) FROM PUBLIC;

SELECT nextval('sales.ticket'), nextval('sales.ticket');
SELECT lo_from_bytea(4711, decode(repeat('00ff10', 300000), 'hex')), lo_from_bytea(4712, '');
COMMENT ON LARGE OBJECT 4711 IS 'a large one';
REFRESH MATERIALIZED VIEW sales.sums;
