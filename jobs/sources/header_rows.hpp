// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jobs/sources/header_index.hpp"

namespace aidp {

// Another version wherever the columns or what is in a header change.
inline constexpr Database::Scratch index_layout{16, R"sql(
CREATE TABLE made (key_check TEXT NOT NULL) STRICT;  -- tells a store's key from another
CREATE TABLE keyword (name TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT;
CREATE TABLE series (id INTEGER PRIMARY KEY, study_uid TEXT NOT NULL, series_uid TEXT NOT NULL, UNIQUE (study_uid, series_uid)) STRICT;
CREATE TABLE file (
  id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
  generation INTEGER NOT NULL,                      -- of the keywords that were read; -1: to be read again in any case
  run INTEGER NOT NULL,                             -- the last that listed it
  confirmed INTEGER NOT NULL DEFAULT 0,             -- another run had read the same of the same bytes
  image INTEGER NOT NULL DEFAULT 0,
  copy INTEGER NOT NULL DEFAULT 0,                  -- byte-identical to an earlier instance of the series
  series INTEGER NOT NULL DEFAULT 0,                -- 0 if it belongs to none, and `reason` says why
  member INTEGER NOT NULL DEFAULT 0,                -- the series that it belongs to as far as is known, unreadable as it may be now
  sop_uid TEXT NOT NULL DEFAULT '',
  made INTEGER NOT NULL DEFAULT 0,                  -- UIDs that it does not say: 1 study, 2 series, 4 instance
  folder TEXT,                                      -- what they are made of; '': none are, and so it has no series; NULL: it says all
  accession TEXT NOT NULL DEFAULT '', patient TEXT NOT NULL DEFAULT '',  -- pseudonyms
  header BLOB, attributes BLOB, reason TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX file_series ON file(run, series, image DESC, path);
)sql"};

// The statements that a scan runs for each file, and a plan for each series.
struct HeaderIndex::Rows {
  explicit Rows(Database& database)
      : find(database.prepare("SELECT id, size, mtime_ns, ctime_ns, inode, generation, run, series <> 0 OR confirmed, folder IS NULL OR "
                              "folder = ?2 FROM file WHERE path = ?1")),
        touch(database.prepare("UPDATE file SET run = ?, copy = 0 WHERE id = ?")),
        find_series(database.prepare("SELECT id FROM series WHERE study_uid = ? AND series_uid = ?")),
        add_series(database.prepare("INSERT INTO series (study_uid, series_uid) VALUES (?, ?)")),
        add_header(database.prepare(
            "INSERT INTO file (path, size, mtime_ns, ctime_ns, inode, generation, run, image, series, sop_uid, accession, patient, header, "
            "attributes, member, made, folder) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?9, ?15, ?16) "
            "ON CONFLICT (path) DO UPDATE SET confirmed = run <> ?7 AND size = ?2 AND mtime_ns = ?3 AND ctime_ns = ?4 AND inode = ?5 AND "
            "image = ?8 AND series = ?9 AND sop_uid = ?10 AND accession = ?11 AND patient = ?12 AND header IS ?13 AND attributes IS ?14, "
            "size = ?2, mtime_ns = ?3, ctime_ns = ?4, inode = ?5, generation = ?6, run = ?7, image = ?8, copy = 0, series = ?9, member = "
            "?9, "
            "sop_uid = ?10, accession = ?11, patient = ?12, header = ?13, attributes = ?14, made = ?15, folder = ?16, reason = '', message "
            "= ''")),
        add_loose(database.prepare(
            "INSERT INTO file (path, size, mtime_ns, ctime_ns, inode, generation, run, reason, message, member, folder) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
            "ON CONFLICT (path) DO UPDATE SET confirmed = run <> ?7 AND size = ?2 AND mtime_ns = ?3 AND ctime_ns = ?4 AND inode = ?5 AND "
            "series = 0 AND reason = ?8, "
            "size = ?2, mtime_ns = ?3, ctime_ns = ?4, inode = ?5, generation = ?6, run = ?7, image = 0, copy = 0, series = 0, "
            "member = iif(?10 <> 0, ?10, iif(?6 < 0, member, 0)), "
            "sop_uid = '', accession = '', patient = '', header = NULL, attributes = NULL, made = 0, folder = ?11, reason = ?8, message "
            "= ?9")),
        get(database.prepare(
            "SELECT path, sop_uid, header, accession, patient, size, mtime_ns, ctime_ns, inode, id, attributes, made FROM file "
            "WHERE run = ? AND series = ? AND copy = 0 ORDER BY image DESC, path")),
        get_attributes(database.prepare(
            "SELECT attributes, id, path FROM file WHERE run = ? AND series = ? AND copy = 0 ORDER BY image DESC, path LIMIT 1 OFFSET ?")) {
  }
  Statement find, touch, find_series, add_series, add_header, add_loose, get, get_attributes;
};

template <class Do>
auto HeaderIndex::guarded(Do what) -> decltype(what()) {
  try {
    return what();
  } catch (const IndexFault&) {
    throw;
  } catch (const Error& error) {
    fault(error);
  }
}

}  // namespace aidp
