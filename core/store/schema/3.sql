-- Schema 3: leaves name the columns that they hash, and bind the files that were read. A row of `file` is never changed: what was read of
-- a file is its newest. The former rows were bound to nothing; without them each file is read once more.
DROP TABLE file;
CREATE TABLE file (
  path TEXT NOT NULL, leaf INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
  inode INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (path, leaf)
) STRICT, WITHOUT ROWID;
ALTER TABLE model ADD COLUMN manifest_json TEXT NOT NULL DEFAULT '';  -- the same as JSON; empty: of an earlier aidp, until it is next verified
