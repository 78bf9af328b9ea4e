-- SPDX-License-Identifier: Apache-2.0
-- About 50,000 rows, the same at every run: each value is picked by the hash of its row and a seed.

CREATE FUNCTION pg_temp.pick(salt text, row_number bigint, choices integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT ((('x' || substr(md5('godwit' || salt || row_number), 1, 8))::bit(32)::bigint & 2147483647) % choices)::integer
$$;

CREATE FUNCTION pg_temp.word(salt text, row_number bigint, words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT words[1 + pg_temp.pick(salt, row_number, array_length(words, 1))]
$$;

INSERT INTO language (name) VALUES ('English'), ('Italiano'), ('日本語'), ('中文'), ('Français'), ('Deutsch');

INSERT INTO category (name)
SELECT unnest(ARRAY['Action', 'Animation', 'Children', 'Classics', 'Comedy', 'Documentary', 'Drama', 'Family',
    'Foreign', 'Games', 'Horror', 'Music', 'New', 'Sci-Fi', 'Sports', 'Travel']);

INSERT INTO country (name)
SELECT unnest(ARRAY['Österreich', 'Brasil', 'Canada', '中国', 'Deutschland', 'España', 'France', 'Ελλάδα', 'India',
    'Italia', '日本', 'Norge', 'Polska', 'Türkiye', 'United Kingdom', 'United States']);

INSERT INTO city (name, country_id, location)
SELECT pg_temp.word('city', n, ARRAY['Harbour', 'River', 'Old', 'New', 'Saint', 'Upper', 'Lower', 'Gull'])
        || ' ' || pg_temp.word('town', n, ARRAY['town', 'bridge', 'haven', 'field', 'mouth', 'ford', 'stad', 'ville']) || ' ' || n,
    1 + pg_temp.pick('country', n, 16),
    CASE WHEN n % 7 > 0 THEN point(pg_temp.pick('x', n, 36000) / 100.0 - 180, pg_temp.pick('y', n, 18000) / 100.0 - 90) END
FROM generate_series(1, 300) n;

INSERT INTO address (street, district, city_id, postal_code, last_update)
SELECT pg_temp.pick('number', n, 1900) + 1 || ' ' || pg_temp.word('street', n, ARRAY['Wader', 'Plover', 'Curlew', 'Sandpiper', 'Godwit'])
        || ' ' || pg_temp.word('road', n, ARRAY['Street', 'Lane', 'Road', 'Straße', 'Avenue']),
    CASE WHEN n % 5 > 0 THEN 'District ' || pg_temp.pick('district', n, 40) END,
    1 + pg_temp.pick('city', n, 300),
    lpad(pg_temp.pick('post', n, 100000)::text, 5, '0'),
    timestamp '2025-12-01 08:00' + pg_temp.pick('when', n, 86400) * interval '1 second'
FROM generate_series(1, 620) n;

INSERT INTO store VALUES
    (1, 1, ROW('09:00', '21:30'), '192.0.2.0/25'),
    (2, 2, ROW('10:00', NULL), '2001:db8::1/64');

INSERT INTO staff (store_id, full_name, picture, active, salary)
SELECT 1 + n % 2, pg_temp.word('staff', n, ARRAY['Mike', 'Jon', 'Zoë', 'Ayşe', 'O''Neil']) || ' ' || n,
    CASE WHEN n % 3 > 0 THEN decode(repeat(md5('picture' || n), 40), 'hex') END, n % 9 > 0, (1500 + n * 17.25)::numeric::money
FROM generate_series(1, 24) n;

INSERT INTO customer (store_id, full_name, email, address_id, profile, member_since, active, last_update)
SELECT 1 + pg_temp.pick('store', n, 2),
    pg_temp.word('first', n, ARRAY['Mary', 'José', 'Søren', 'Łukasz', 'Anaïs', 'İpek', 'Ольга', 'Ken']) || ' '
        || pg_temp.word('last', n, ARRAY['Smith', 'Müller', 'O''Brien', 'García', 'Nguyễn', '"Q" Quirk', 'Back\slash']) || ' ' || n,
    CASE WHEN n % 11 > 0 THEN 'customer' || n || '@example.org' END,
    1 + pg_temp.pick('address', n, 620),
    jsonb_build_object('newsletter', n % 2 = 0, 'tags', jsonb_build_array('tier' || n % 4, n), 'note', CASE WHEN n % 6 = 0 THEN E'tab\there\nand a line' END),
    date '2020-01-01' + pg_temp.pick('member', n, 2100),
    n % 13 > 0,
    timestamptz '2026-01-01 00:00+00' + pg_temp.pick('touched', n, 5000000) * interval '1 second'
FROM generate_series(1, 600) n;

INSERT INTO actor (first_name, last_name, last_update)
SELECT pg_temp.word('actor', n, ARRAY['Penelope', 'Nick', 'Ed', 'Jennifer', 'Johnny', 'Bette', 'Grace', 'Joe', 'Zero']),
    pg_temp.word('surname', n, ARRAY['Guiness', 'Wahlberg', 'Chase', 'Davis', 'Lollobrigida', 'Nicholson', 'Mostel', 'Swank']),
    '2026-01-15 12:00+00'
FROM generate_series(1, 200) n;

INSERT INTO film (title, description, released, language_id, rental_duration, rental_rate, length_minutes, replacement_cost,
    rating, special_features, score, shelf, last_update)
SELECT pg_temp.word('adjective', n, ARRAY['Academy', 'Ace', 'Airport', 'Alone', 'Birch', 'Chamber', 'Dragon', 'Gull', 'Midnight'])
        || ' ' || pg_temp.word('noun', n, ARRAY['Dinosaur', 'Goldfinger', 'Holes', 'Prejudice', 'Egg', 'Voyage', 'Marsh']) || ' ' || n,
    'A ' || pg_temp.word('mood', n, ARRAY['fateful', 'thoughtful', 'boring', 'fast-paced', 'touching']) || ' story of a '
        || pg_temp.word('who', n, ARRAY['database administrator', 'wader', 'pastry chef', 'mad cow']) || ' who must '
        || pg_temp.word('what', n, ARRAY['outrun a shark', 'migrate', 'find a bug', 'discover love']) || repeat(' again and', pg_temp.pick('again', n, 30)) || ' at last',
    CASE WHEN n % 17 > 0 THEN 1920 + pg_temp.pick('year', n, 106) END,
    1 + pg_temp.pick('language', n, 6),
    make_interval(days => 3 + pg_temp.pick('days', n, 5), hours => pg_temp.pick('hours', n, 24)),
    (ARRAY[0.99, 2.99, 4.99])[1 + pg_temp.pick('rate', n, 3)],
    46 + pg_temp.pick('minutes', n, 140),
    CASE WHEN n = 500 THEN 'NaN' ELSE 9.99 + pg_temp.pick('cost', n, 20) END,
    (enum_range(NULL::mpaa_rating))[1 + pg_temp.pick('rating', n, 5)],
    CASE WHEN n % 8 > 0 THEN (ARRAY['Trailers', 'Commentaries', 'Deleted Scenes', 'Behind the Scenes', 'a "b", {c}'])[1:pg_temp.pick('features', n, 6)] END,
    CASE n % 50 WHEN 0 THEN 'Infinity'::float8 WHEN 1 THEN '-0'::float8 ELSE pg_temp.pick('score', n, 10000) / 7.0::float8 END,
    md5('shelf' || n)::uuid,
    '2026-02-15 09:46:27+00'
FROM generate_series(1, 1000) n;

INSERT INTO film_actor (actor_id, film_id, role)
SELECT actor, film, CASE WHEN (actor + film) % 3 = 0 THEN 'Role ' || actor END
FROM generate_series(1, 1000) film,
    LATERAL (SELECT DISTINCT 1 + pg_temp.pick('cast' || slot, film, 200) AS actor FROM generate_series(1, 6) slot) cast_list;

INSERT INTO film_category SELECT n, 1 + pg_temp.pick('category', n, 16) FROM generate_series(1, 1000) n;

INSERT INTO inventory (film_id, store_id)
SELECT 1 + pg_temp.pick('film', n, 1000), 1 + pg_temp.pick('stock', n, 2) FROM generate_series(1, 4600) n;

INSERT INTO rental (inventory_id, customer_id, staff_id, period, returned, last_update)
SELECT 1 + pg_temp.pick('item', n, 4600), 1 + pg_temp.pick('renter', n, 600), 1 + pg_temp.pick('clerk', n, 24),
    tstzrange(rented, CASE WHEN n % 40 > 0 THEN rented + interval '1 hour' * (20 + pg_temp.pick('kept', n, 200)) END),
    n % 25 > 0, rented
FROM generate_series(1, 16000) n,
    LATERAL (SELECT timestamptz '2026-01-01 06:00+00' + pg_temp.pick('rented', n, 13000000) * interval '1.000123 second' AS rented) start;

INSERT INTO payment (customer_id, rental_id, amount, paid_on)
SELECT customer_id, rental_id, 0.99 + rental_id % 9, lower(period) + interval '90 minutes' FROM rental ORDER BY rental_id;

INSERT INTO "Door Counter"
SELECT 1 + n % 2, timestamptz '2026-05-01 00:00+00' + n * interval '10 minutes', pg_temp.pick('visitors', n, 50)
FROM generate_series(1, 5000) n;

REFRESH MATERIALIZED VIEW sales_by_category;
ANALYZE;
