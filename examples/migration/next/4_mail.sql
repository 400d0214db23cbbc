alter table customers add column confirmed integer not null default 0;
create unique index one_customer_for_a_mail on customers (mail);
