-- Every kind of object that stands in the way of rows, in its awkward forms.
CREATE SCHEMA "Über ""Raum""";
CREATE SCHEMA other;

CREATE FUNCTION other.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fired'; END $$;

CREATE DOMAIN other.positive AS integer CONSTRAINT big CHECK (VALUE > 0);
ALTER DOMAIN other.positive ADD CONSTRAINT "very big" CHECK (VALUE > 100) NOT VALID;
COMMENT ON CONSTRAINT "very big" ON DOMAIN other.positive IS 'a domain''s';

CREATE TABLE "Über ""Raum"""."Bestell-Köpfe" (
  a integer, "B b" text COLLATE "C",
  id integer GENERATED ALWAYS AS IDENTITY,
  val other.positive, j jsonb, doubled integer GENERATED ALWAYS AS (a * 2) STORED,
  CONSTRAINT "Kopf pkey" PRIMARY KEY (a, "B b") WITH (fillfactor = 71),
  CONSTRAINT "uniq def" UNIQUE (id) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT "uniq \ back" UNIQUE (val, j) INCLUDE (id));
COMMENT ON CONSTRAINT "Kopf pkey" ON "Über ""Raum"""."Bestell-Köpfe" IS 'the key''s \ comment';
COMMENT ON INDEX "Über ""Raum"""."Kopf pkey" IS 'the index';
CREATE INDEX "expr ix" ON "Über ""Raum"""."Bestell-Köpfe" ((lower("B b")) DESC NULLS LAST, a) WITH (fillfactor = 55) WHERE a > 3 AND NOT (j ? 'x{y}');
ALTER INDEX "Über ""Raum"""."expr ix" ALTER COLUMN 1 SET STATISTICS 777;
COMMENT ON INDEX "Über ""Raum"""."expr ix" IS 'expression';
CREATE UNIQUE INDEX "ri ix" ON "Über ""Raum"""."Bestell-Köpfe" (id, a);
ALTER TABLE "Über ""Raum"""."Bestell-Köpfe" ALTER COLUMN id SET NOT NULL, REPLICA IDENTITY USING INDEX "ri ix";
CREATE INDEX "gin ix" ON "Über ""Raum"""."Bestell-Köpfe" USING gin (j jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX "clu ix" ON "Über ""Raum"""."Bestell-Köpfe" (doubled);
ALTER TABLE "Über ""Raum"""."Bestell-Köpfe" CLUSTER ON "clu ix";
ALTER TABLE "Über ""Raum"""."Bestell-Köpfe" ADD CONSTRAINT "later" CHECK (a <> 13) NOT VALID;
COMMENT ON CONSTRAINT "later" ON "Über ""Raum"""."Bestell-Köpfe" IS 'not valid';
ALTER TABLE "Über ""Raum"""."Bestell-Köpfe" ADD CONSTRAINT "valid one" CHECK (a <> 14);

CREATE TABLE other.lines (
  n bigint PRIMARY KEY, k1 integer, k2 text COLLATE "C", parent bigint, during int4range,
  CONSTRAINT "comp fk" FOREIGN KEY (k1, k2) REFERENCES "Über ""Raum"""."Bestell-Köpfe" (a, "B b") MATCH FULL
    ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT self_fk FOREIGN KEY (parent) REFERENCES other.lines (n) ON DELETE CASCADE,
  CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WITH (fillfactor = 66) WHERE (n > 0) DEFERRABLE);
COMMENT ON CONSTRAINT "comp fk" ON other.lines IS 'composite, cross-schema';
CREATE TABLE other.unselected (x bigint REFERENCES other.lines (n), y bigint UNIQUE);

CREATE TRIGGER t_origin BEFORE INSERT ON other.lines FOR EACH ROW EXECUTE FUNCTION other.note();
CREATE TRIGGER "T Always" AFTER INSERT OR UPDATE ON other.lines FOR EACH ROW EXECUTE FUNCTION other.note();
CREATE TRIGGER t_replica AFTER DELETE ON other.lines FOR EACH STATEMENT EXECUTE FUNCTION other.note();
CREATE TRIGGER t_disabled AFTER TRUNCATE ON other.lines FOR EACH STATEMENT EXECUTE FUNCTION other.note();
ALTER TABLE other.lines ENABLE ALWAYS TRIGGER "T Always";
ALTER TABLE other.lines ENABLE REPLICA TRIGGER t_replica;
ALTER TABLE other.lines DISABLE TRIGGER t_disabled;
CREATE RULE "R always" AS ON INSERT TO other.lines WHERE new.n < 0 DO INSTEAD NOTHING;
CREATE RULE r_origin AS ON DELETE TO other.lines WHERE old.n < 0 DO INSTEAD NOTHING;
ALTER TABLE other.lines ENABLE ALWAYS RULE "R always";

-- A view that needs the primary key, and materialised views on views.
CREATE TABLE other.grouped (id integer PRIMARY KEY, v text);
ALTER TABLE other.lines ADD CONSTRAINT unchecked_fk FOREIGN KEY (n) REFERENCES other.grouped (id) NOT VALID;
CREATE VIEW other.needs_key AS SELECT id, v FROM other.grouped GROUP BY id;
CREATE MATERIALIZED VIEW other.a_top AS SELECT 1 AS one WITH NO DATA;
CREATE MATERIALIZED VIEW other.z_base AS SELECT count(*) AS n FROM other.needs_key WITH NO DATA;
CREATE VIEW other.between AS SELECT n + 1 AS n FROM other.z_base;
DROP MATERIALIZED VIEW other.a_top;
CREATE MATERIALIZED VIEW other.a_top AS SELECT n * 2 AS n FROM other.between WITH NO DATA;

-- Partitions: indexes of their own, attached ones, a foreign key at the root, triggers in states of their own.
CREATE TABLE other.part (k integer, d integer, PRIMARY KEY (k, d)) PARTITION BY RANGE (d);
CREATE TABLE other.part_1 PARTITION OF other.part FOR VALUES FROM (0) TO (100);
CREATE TABLE other.part_2 PARTITION OF other.part FOR VALUES FROM (100) TO (200) PARTITION BY LIST (d);
CREATE TABLE other.part_2_1 PARTITION OF other.part_2 DEFAULT;
CREATE INDEX part_d ON other.part (d);
CREATE INDEX part_own ON other.part_1 (k);
ALTER TABLE other.part ADD CONSTRAINT part_fk FOREIGN KEY (k) REFERENCES other.grouped (id);
ALTER TABLE other.part ADD CONSTRAINT part_check CHECK (k <> 5) NOT VALID;
CREATE TABLE other.refers (k integer, d integer, FOREIGN KEY (k, d) REFERENCES other.part (k, d));
CREATE TRIGGER part_t AFTER INSERT ON other.part FOR EACH ROW EXECUTE FUNCTION other.note();
ALTER TABLE other.part_1 ENABLE ALWAYS TRIGGER part_t;
ALTER TABLE other.part_2_1 DISABLE TRIGGER part_t;

CREATE SEQUENCE other.down INCREMENT -3 MAXVALUE 100 START 100;
CREATE SEQUENCE other."Up Seq" AS smallint START 7;
CREATE TABLE other.serials (id serial PRIMARY KEY);
