-- Schema 4: a row stays when its source goes, and a result remembers what it was made of.
CREATE TABLE provenance (  -- shared by the items of a series; a row is never changed
  id INTEGER PRIMARY KEY, digest TEXT UNIQUE NOT NULL,  -- of the columns that follow
  study_date TEXT NOT NULL, study_time TEXT NOT NULL, series_description TEXT NOT NULL, modality TEXT NOT NULL, body_part TEXT NOT NULL,
  view_position TEXT NOT NULL, patient_age_years TEXT NOT NULL, patient_sex TEXT NOT NULL, patient_pseudonym TEXT NOT NULL,
  accession_pseudonym TEXT NOT NULL, institution TEXT NOT NULL, manufacturer TEXT NOT NULL, scanner TEXT NOT NULL, station TEXT NOT NULL,
  software TEXT NOT NULL, protocol TEXT NOT NULL, kernel TEXT NOT NULL, kvp TEXT NOT NULL, slice_thickness_mm TEXT NOT NULL,
  leaf INTEGER NOT NULL
) STRICT;
CREATE INDEX provenance_study_date ON provenance(study_date);
ALTER TABLE item ADD COLUMN source TEXT NOT NULL DEFAULT 'present';  -- present, gone, superseded
ALTER TABLE item ADD COLUMN source_since TEXT NOT NULL DEFAULT '';   -- when that was seen; empty: present from the first
ALTER TABLE item ADD COLUMN source_path TEXT NOT NULL DEFAULT '';    -- its first file
ALTER TABLE item ADD COLUMN image_position TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN acquisition_date TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN acquisition_time TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN provenance INTEGER REFERENCES provenance(id);  -- NULL: recorded by an earlier aidp
CREATE INDEX item_provenance ON item(provenance);
ALTER TABLE series ADD COLUMN source TEXT NOT NULL DEFAULT 'present';
ALTER TABLE series ADD COLUMN source_since TEXT NOT NULL DEFAULT '';
ALTER TABLE series ADD COLUMN source_path TEXT NOT NULL DEFAULT '';
-- Of the last run.
ALTER TABLE job ADD COLUMN purpose TEXT NOT NULL DEFAULT 'research';  -- clinical, research, test, shadow
ALTER TABLE job ADD COLUMN user TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN host TEXT NOT NULL DEFAULT '';
