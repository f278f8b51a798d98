-- The role that trapline reads with, and the tables as docs/POSTGRESQL.md describes them, for a
-- platform that has none yet.
CREATE ROLE reader LOGIN PASSWORD 'reader';
CREATE TABLE locations (id uuid PRIMARY KEY, name text UNIQUE NOT NULL, description text, coordinates json,
    active boolean NOT NULL DEFAULT true);
CREATE TABLE deer (id uuid PRIMARY KEY, name text, sex text, species text, first_seen timestamptz,
    last_seen timestamptz);
CREATE TABLE images (id uuid PRIMARY KEY, filename text, path text, timestamp timestamptz,
    location_id uuid REFERENCES locations, exif_data json, processing_status text);
CREATE TABLE detections (id uuid PRIMARY KEY, image_id uuid NOT NULL REFERENCES images, deer_id uuid REFERENCES deer,
    bbox json, confidence double precision, classification text, is_duplicate boolean NOT NULL DEFAULT false,
    burst_group_id uuid, is_reviewed boolean NOT NULL DEFAULT false, is_valid boolean NOT NULL DEFAULT true,
    corrected_classification text, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON images (timestamp);
CREATE INDEX ON images (location_id, timestamp);
CREATE INDEX ON detections (image_id);
CREATE INDEX ON detections (burst_group_id);
GRANT SELECT ON images, detections, locations, deer TO reader;
