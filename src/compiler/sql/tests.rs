//! Which values of SQL texts are refused.

use super::check;
use wf_model::span::SourceId;
use wf_syntax::ast::{ExpressionKind, Item};

/// The messages about a text, with `{}` for each value in it.
fn said(text: &str) -> Vec<String> {
    let text = format!("let query = \"\"\"\n{}\n\"\"\"\n", text.replace("{}", "${x}").replace("{raw}", "${raw(x)}"));
    let parsed = wf_syntax::parse(SourceId::default(), &text);
    let mut diagnostics = Vec::new();
    let Some(Item::Let(query)) = parsed.file.items.first() else { panic!("{parsed:?}") };
    let ExpressionKind::Text(query) = &query.value.kind else { panic!("{query:?}") };
    check(query, &mut diagnostics);
    diagnostics.into_iter().map(|found| found.message).collect()
}

const NAME: &str = "a value stands for a name in SQL";
const QUOTES: &str = "a value stands in quotes of SQL";

#[test]
fn values_stand_where_expressions_do() {
    for text in [
        "select * from users where name = {} and age > {} limit {} offset {}",
        "select {}, {} as b from t",
        "insert into users (name, age) values ({}, {}), ({}, {})",
        "insert into users (name) select upper({}) from other where id in ({}, {})",
        "update users set name = {}, age = {} where id = {}",
        "delete from users where id = {}",
        "select extract(epoch from {}), substring({} from {} for {})",
        "select 1 from t where a is distinct from {}",
        "select * from f({}) join t on t.a = {}",
        "select * from (values ({})) v",
        "with a as (select {}) select * from a; select {}",
        "insert into t (a) values ({}) on conflict (a) do update set b = {} returning a",
        "vacuum into {}",
        "vacuum main into {}",
        "select 'it''s', \"Column\", `other` from t where a = {}",
        "create table copy as select * from t where a = {}",
        "select {}::int, cast({} as int), $1$2 from t",
        "select -- from\n {}",
    ] {
        assert_eq!(said(text), [""; 0], "{text}");
    }
}

#[test]
fn values_are_no_names() {
    for text in [
        "select * from {}",
        "select * from a, {}",
        "select * from a join {} on true",
        "select * from public.{}",
        "select {}.id from users",
        "select * from log_{}",
        "select * from {}_log",
        "select * from \"{}\"",
        "select * from `{}`",
        "insert into {} values (1)",
        "vacuum {}",
        "vacuum {} into 'x'",
        "insert into t (a, {}) values (1, 2)",
        "update {} set a = 1",
        "update t set {} = 1",
        "update t set a = 1, {} = 2",
        "delete from {}",
        "drop table {}",
        "create index {} on t (a)",
        "alter table t add column {} int",
        "select a as {} from t",
        "select * from t order by a, {}",
        "select * from a join b using ({})",
        "select 1; truncate {}",
        "grant select on {} to someone",
        "create or replace view {} as select 1",
    ] {
        assert_eq!(said(text), [NAME], "{text}");
    }
}

#[test]
fn values_stand_in_no_quotes() {
    assert_eq!(said("select * from users where name = '{}'"), [QUOTES]);
    assert_eq!(said("select * from users where name like '%{}%'"), [QUOTES]);
    assert_eq!(said("select $$ {} $$"), [QUOTES]);
    assert_eq!(said("select $body$ $$ {} $body$ || {}"), [QUOTES]);
    assert_eq!(said("select 1 -- {}\n, {}"), ["a value stands in a comment of SQL"]);
    assert_eq!(said("select 1 /* {} */"), ["a value stands in a comment of SQL"]);
}

#[test]
fn raw_opts_out() {
    assert_eq!(said("select * from {raw} where a = {}"), [""; 0]);
    assert_eq!(said("select '{raw}'"), [""; 0]);
}
