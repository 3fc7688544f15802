// The tables of the index, and how its file is known for one. Another version of them is made anew from the traces.

/** Source: SQLite, "PRAGMA application_id": says whose format a file has. "RLMX". */
export const applicationId = 0x524c4d58;
export const schemaVersion = 2;

/** Deleted texts are overwritten, in tables and in the index of words. */
export const createTables = `
pragma application_id = ${applicationId};
create table session (
  id integer primary key,
  session_id text not null unique,
  title text not null default '',
  profile_id text,
  parent_session_id text,
  relationship text,
  mark text not null default '',
  position text,
  next_number integer not null default 0,
  held text not null default '',
  unreadable integer not null default 0
);
create table entry (
  id integer primary key,
  session integer not null references session (id),
  number integer not null,
  at integer not null,
  step integer not null,
  kind text not null,
  outcome text not null,
  title text not null,
  text text not null,
  files text not null,
  tags text not null,
  related text not null,
  unique (session, number)
);
create index entry_at on entry (at, id);
create table vector (
  entry integer primary key references entry (id),
  model text not null,
  data blob not null
);
create virtual table words using fts5 (head, body, content = '', tokenize = 'porter unicode61 remove_diacritics 2');
insert into words (words, rank) values ('secure-delete', 1);
pragma user_version = ${schemaVersion};
`;
