create table customers (
  id integer primary key,
  name text not null,
  mail text not null
);
insert into customers (name, mail) values
  ('Ada', 'ada@example.com'),
  ('Grace', 'grace@example.com'),
  ('Ada L.', 'ada@example.com');
