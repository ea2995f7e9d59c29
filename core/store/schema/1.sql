-- Schema 1: the first. A change is a new file N.sql that brings N-1 to N; PRAGMA user_version counts.
CREATE TABLE model (
  digest TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, manifest TEXT NOT NULL,  -- manifest: model.yaml's text
  state TEXT NOT NULL,            -- installed, removed
  changed_at TEXT NOT NULL, leaf INTEGER NOT NULL
) STRICT;
CREATE TABLE job (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, model_digest TEXT NOT NULL, model_name TEXT NOT NULL, model_version TEXT NOT NULL,
  site TEXT NOT NULL, settings TEXT NOT NULL, out TEXT NOT NULL, state TEXT NOT NULL,  -- running, finished, interrupted, failed, discarded
  started_at TEXT NOT NULL, ended_at TEXT, leaf INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX job_out ON job(out) WHERE state <> 'discarded';
CREATE TABLE series (
  id INTEGER PRIMARY KEY, job_id TEXT NOT NULL REFERENCES job(id), study_uid TEXT NOT NULL, series_uid TEXT NOT NULL, path TEXT NOT NULL,
  attributes TEXT NOT NULL, instances INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL,
  recorded_at TEXT NOT NULL, leaf INTEGER NOT NULL,
  UNIQUE (job_id, study_uid, series_uid, path)
) STRICT;
CREATE TABLE item (
  id INTEGER PRIMARY KEY, job_id TEXT NOT NULL REFERENCES job(id), key TEXT NOT NULL, study_uid TEXT NOT NULL, series_uid TEXT NOT NULL,
  sop_uid TEXT NOT NULL, frame INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL,
  "values" TEXT NOT NULL, flags TEXT NOT NULL, artefacts TEXT NOT NULL,  -- JSON
  queued_at TEXT NOT NULL, finished_at TEXT NOT NULL, device TEXT NOT NULL, decode_ms REAL NOT NULL, infer_ms REAL NOT NULL,
  leaf INTEGER NOT NULL,
  UNIQUE (job_id, key)
) STRICT;
CREATE INDEX item_order ON item(job_id, study_uid, series_uid, sop_uid, frame, key);  -- results are written in this order, streaming
CREATE INDEX item_finished ON item(finished_at);
CREATE TABLE file (
  path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_leaf (seq INTEGER PRIMARY KEY, data TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE audit_head (size INTEGER PRIMARY KEY, root TEXT NOT NULL, frontier TEXT NOT NULL) STRICT;
