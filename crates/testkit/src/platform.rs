//! The tables of a platform that keeps its detections in PostgreSQL.

use crate::postgres::PostgresServer;

/// The tables, as such platforms have them, and the indexes that reading them needs.
const TABLES: &str = "
CREATE TABLE locations (id uuid PRIMARY KEY, name text UNIQUE NOT NULL, description text, coordinates json,
    active boolean NOT NULL DEFAULT true);
CREATE TABLE deer (id uuid PRIMARY KEY, name text, sex text, species text, first_seen timestamptz,
    last_seen timestamptz);
CREATE TABLE images (id uuid PRIMARY KEY, filename text, path text, timestamp timestamptz, location_id uuid,
    exif_data json, processing_status text NOT NULL DEFAULT 'completed');
CREATE TABLE detections (id uuid PRIMARY KEY, image_id uuid NOT NULL, deer_id uuid, bbox json,
    confidence double precision, classification text, is_duplicate boolean NOT NULL DEFAULT false,
    burst_group_id uuid, is_reviewed boolean NOT NULL DEFAULT false, is_valid boolean NOT NULL DEFAULT true,
    corrected_classification text, created_at timestamptz NOT NULL DEFAULT '2024-06-01T00:00:00Z');
";

/// After the rows, since that is faster.
const INDEXES: &str = "
CREATE INDEX ON images (timestamp);
CREATE INDEX ON images (location_id, timestamp);
CREATE INDEX ON detections (image_id);
CREATE INDEX ON detections (burst_group_id);
ANALYZE;
";

/// The classes of a survey that [`fill`] makes up, the most frequent first.
pub const PLATFORM_CLASSES: [&str; 8] =
    ["doe", "buck", "fawn", "raccoon", "pig", "cattle", "mature", "young"];
/// How many locations it has.
pub const PLATFORM_LOCATIONS: u32 = 40;

/// Makes the tables, without rows.
pub fn tables(server: &PostgresServer) {
    server.sql(&format!("{TABLES}{INDEXES}"));
}

/// Makes the tables, with a survey of two years (2023 and 2024) and so many detections, always the
/// same: one picture in four has two, one detection in twenty was corrected by a person, one in
/// fifty is invalid and as many are duplicates, and one picture in a thousand has no time. Paths are
/// those of `pictures` files, `p0.jpg` and so on.
pub fn fill(server: &PostgresServer, detections: u32, pictures: u32) {
    let images = detections / 5 * 4;
    let classes = PLATFORM_CLASSES.map(|class| format!("'{class}'")).join(",");
    server.sql(&format!(
        "{TABLES}
INSERT INTO locations SELECT md5('location ' || n)::uuid, 'Stand ' || lpad(n::text, 2, '0'), null,
    json_build_object('lat', 31.5 + n * 0.01, 'lon', -97.2 - n * 0.01), n % 10 > 0
FROM generate_series(0, {last_location}) n;
INSERT INTO deer SELECT md5('deer ' || n)::uuid, CASE WHEN n % 4 > 0 THEN 'Deer ' || n END,
    CASE n % 2 WHEN 0 THEN 'male' ELSE 'female' END, 'Odocoileus virginianus', null, null
FROM generate_series(1, 24) n;
INSERT INTO images SELECT md5('image ' || n)::uuid, 'IMG_' || n || '.JPG', 'p' || n % {pictures} || '.jpg',
    CASE WHEN n % 1000 <> 500 THEN '2023-01-01T06:00:00Z'::timestamptz + n * ('730 days'::interval / {images})
        + (n * 7919 % 86400) * '1 second'::interval END,
    md5('location ' || (n * 31 + n / 97) % {locations})::uuid, '{{}}', 'completed'
FROM generate_series(0::bigint, {images} - 1) n;
INSERT INTO detections SELECT md5('detection ' || n)::uuid, md5('image ' || n % {images})::uuid,
    CASE WHEN n % 9 = 0 THEN md5('deer ' || n % 24 + 1)::uuid END,
    json_build_object('x', 10 + n % 120, 'y', 20 + n % 80, 'width', 60 + n % 40, 'height', 50 + n % 60),
    0.35 + (n % 65) / 100.0,
    (ARRAY[{classes}])[1 + floor(power((n * 7 % 1000) / 1000.0, 2) * 8)::int],
    n % 50 = 7, md5('burst ' || n % {images} / 3)::uuid, n % 20 = 3, n % 50 <> 11,
    CASE WHEN n % 20 = 3 THEN 'doe' END, '2024-12-31T00:00:00Z'
FROM generate_series(0::bigint, {detections} - 1) n;
{INDEXES}",
        last_location = PLATFORM_LOCATIONS - 1,
        locations = PLATFORM_LOCATIONS,
    ));
}
