-- Schema 2: a file changed in place whose size and mtime were kept is seen by its ctime. 0: unknown, so the file is read again once.
ALTER TABLE file ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
