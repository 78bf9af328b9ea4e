-- SPDX-License-Identifier: Apache-2.0
-- A film-rental shop with the kinds of things that real databases have. Runs on PostgreSQL 12 and newer.

CREATE TYPE mpaa_rating AS ENUM ('G', 'PG', 'PG-13', 'R', 'NC-17');
CREATE DOMAIN release_year AS integer CHECK (VALUE BETWEEN 1901 AND 2155);
CREATE TYPE opening_hours AS (opens time, closes time);

CREATE SEQUENCE receipt_number START 900000 INCREMENT BY -5 MINVALUE 1 MAXVALUE 900000;

CREATE TABLE language (
    language_id serial PRIMARY KEY,
    name character(20) NOT NULL
);

CREATE TABLE category (
    category_id serial PRIMARY KEY,
    name varchar(25) NOT NULL UNIQUE
);

CREATE TABLE country (
    country_id serial PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE city (
    city_id serial PRIMARY KEY,
    name text NOT NULL,
    country_id integer NOT NULL REFERENCES country ON UPDATE CASCADE ON DELETE RESTRICT,
    location point
);

CREATE TABLE address (
    address_id serial PRIMARY KEY,
    street text NOT NULL,
    district varchar(40),
    city_id integer NOT NULL REFERENCES city ON UPDATE CASCADE ON DELETE RESTRICT,
    postal_code varchar(10),
    last_update timestamp NOT NULL DEFAULT now()
);

CREATE TABLE store (
    store_id integer PRIMARY KEY,
    address_id integer NOT NULL REFERENCES address,
    hours opening_hours,
    network inet
);

CREATE TABLE staff (
    staff_id serial PRIMARY KEY,
    store_id integer NOT NULL REFERENCES store,
    full_name text NOT NULL,
    picture bytea,
    active boolean NOT NULL DEFAULT true,
    salary money
);

CREATE TABLE customer (
    customer_id serial PRIMARY KEY,
    store_id integer NOT NULL REFERENCES store,
    full_name text NOT NULL,
    email varchar(80) UNIQUE,
    address_id integer NOT NULL REFERENCES address,
    profile jsonb NOT NULL DEFAULT '{}',
    member_since date NOT NULL DEFAULT current_date,
    active boolean NOT NULL DEFAULT true,
    last_update timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE actor (
    actor_id serial PRIMARY KEY,
    first_name varchar(45) NOT NULL,
    last_name varchar(45) NOT NULL,
    last_update timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX actor_last_name ON actor (last_name, first_name DESC);

CREATE TABLE film (
    film_id serial PRIMARY KEY,
    title varchar(255) NOT NULL,
    description text,
    released release_year,
    language_id integer NOT NULL REFERENCES language,
    rental_duration interval NOT NULL DEFAULT '3 days',
    rental_rate numeric(4, 2) NOT NULL DEFAULT 4.99 CHECK (rental_rate >= 0),
    length_minutes smallint,
    replacement_cost numeric NOT NULL DEFAULT 19.99,
    rating mpaa_rating DEFAULT 'G',
    special_features text[],
    score double precision,
    shelf uuid,
    price_with_tax numeric GENERATED ALWAYS AS (rental_rate * 1.19) STORED,
    last_update timestamptz NOT NULL DEFAULT now(),
    fulltext tsvector
);
CREATE INDEX film_fulltext ON film USING gin (fulltext);
CREATE INDEX film_title ON film (lower(title));
CREATE INDEX film_adult ON film (rating) WHERE rating = 'NC-17';

CREATE TABLE film_actor (
    actor_id integer NOT NULL REFERENCES actor ON DELETE CASCADE,
    film_id integer NOT NULL REFERENCES film ON DELETE CASCADE,
    role text,
    PRIMARY KEY (actor_id, film_id)
);
CREATE INDEX film_actor_film ON film_actor (film_id);

CREATE TABLE film_category (
    film_id integer NOT NULL REFERENCES film,
    category_id integer NOT NULL REFERENCES category,
    PRIMARY KEY (film_id, category_id)
);

CREATE TABLE inventory (
    inventory_id serial PRIMARY KEY,
    film_id integer NOT NULL REFERENCES film,
    store_id integer NOT NULL REFERENCES store
);
CREATE INDEX inventory_store_film ON inventory (store_id, film_id);

CREATE TABLE rental (
    rental_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    inventory_id integer NOT NULL REFERENCES inventory,
    customer_id integer NOT NULL REFERENCES customer,
    staff_id integer NOT NULL REFERENCES staff,
    period tstzrange NOT NULL,
    returned boolean NOT NULL DEFAULT false,
    last_update timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rental_customer ON rental (customer_id);
CREATE INDEX rental_period ON rental USING gist (period);

CREATE TABLE payment (
    payment_id bigserial,
    customer_id integer NOT NULL REFERENCES customer,
    rental_id bigint,
    amount numeric(7, 2) NOT NULL,
    paid_on timestamptz NOT NULL,
    receipt integer NOT NULL DEFAULT nextval('receipt_number'),
    PRIMARY KEY (paid_on, payment_id)
) PARTITION BY RANGE (paid_on);
CREATE TABLE payment_2026_01 PARTITION OF payment FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00');
CREATE TABLE payment_2026_02 PARTITION OF payment FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00');
CREATE TABLE payment_2026_03 PARTITION OF payment FOR VALUES FROM ('2026-03-01 00:00+00') TO ('2026-04-01 00:00+00');
CREATE TABLE payment_2026_04 PARTITION OF payment FOR VALUES FROM ('2026-04-01 00:00+00') TO ('2026-05-01 00:00+00');
CREATE TABLE payment_2026_05 PARTITION OF payment FOR VALUES FROM ('2026-05-01 00:00+00') TO ('2026-06-01 00:00+00');
CREATE TABLE payment_2026_06 PARTITION OF payment FOR VALUES FROM ('2026-06-01 00:00+00') TO ('2026-07-01 00:00+00');
CREATE TABLE payment_later PARTITION OF payment DEFAULT;
CREATE INDEX payment_customer ON payment (customer_id);

-- Without a key: each row is found by all of its values.
CREATE TABLE "Door Counter" (
    store_id integer NOT NULL,
    "Zeit" timestamptz NOT NULL,
    "Größe" integer NOT NULL
);
ALTER TABLE "Door Counter" REPLICA IDENTITY FULL;

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.last_update = clock_timestamp();
    RETURN NEW;
END;
$$;

CREATE FUNCTION inventory_in_stock(wanted integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM rental WHERE inventory_id = wanted AND NOT returned)
$$;

CREATE FUNCTION customer_balance(wanted integer) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(amount), 0) FROM payment WHERE customer_id = wanted
$$;

CREATE TRIGGER film_fulltext BEFORE INSERT OR UPDATE ON film
    FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger('fulltext', 'pg_catalog.english', 'title', 'description');
CREATE TRIGGER film_touch BEFORE UPDATE ON film FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER customer_touch BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER rental_touch BEFORE UPDATE ON rental FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER actor_touch BEFORE UPDATE ON actor FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE customer ENABLE ALWAYS TRIGGER customer_touch;
ALTER TABLE actor DISABLE TRIGGER actor_touch;

CREATE VIEW film_list AS
    SELECT f.film_id, f.title, c.name AS category, f.rental_rate, string_agg(a.first_name || ' ' || a.last_name, ', ') AS actors
    FROM film f
    JOIN film_category USING (film_id)
    JOIN category c USING (category_id)
    LEFT JOIN film_actor USING (film_id)
    LEFT JOIN actor a USING (actor_id)
    GROUP BY f.film_id, f.title, c.name, f.rental_rate;

CREATE VIEW overdue AS
    SELECT rental_id, customer_id, upper(period) AS due FROM rental WHERE NOT returned;

CREATE MATERIALIZED VIEW sales_by_category AS
    SELECT c.name AS category, sum(p.amount) AS total
    FROM payment p
    JOIN rental USING (rental_id)
    JOIN inventory USING (inventory_id)
    JOIN film_category USING (film_id)
    JOIN category c USING (category_id)
    GROUP BY c.name;
CREATE UNIQUE INDEX sales_by_category_name ON sales_by_category (category);
