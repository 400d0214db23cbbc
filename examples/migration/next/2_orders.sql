create table orders (
  id integer primary key,
  customer integer not null references customers (id),
  cents integer not null
);
insert into orders (customer, cents) values (1, 1200), (2, 450);
