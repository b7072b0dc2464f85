-- What came with PostgreSQL 16 to 18.
CREATE TABLE sales.eighteen (k int PRIMARY KEY, base int, virtual int GENERATED ALWAYS AS (base * 2) VIRTUAL, CONSTRAINT named NOT NULL base);
CREATE TABLE sales.periods (id int, valid daterange, PRIMARY KEY (id, valid WITHOUT OVERLAPS));
ALTER TABLE sales.eighteen ADD CONSTRAINT unenforced CHECK (base > 5) NOT ENFORCED;
ALTER TABLE sales.eighteen ADD CONSTRAINT loose FOREIGN KEY (base) REFERENCES sales.eighteen NOT ENFORCED;
