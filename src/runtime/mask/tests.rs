//! Masking is compared with a slow search for every form at every place.

use super::{MASK, Masker, forms};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Masks by looking for every form at every place.
fn masked_slowly(secrets: &[String], input: &[u8]) -> Vec<u8> {
    let forms: BTreeSet<Vec<u8>> = secrets.iter().flat_map(|secret| forms::of(secret)).collect();
    let longest = |place: usize| {
        let here = forms.iter().filter(|form| input[place..].starts_with(form));
        here.map(|form| place + form.len()).max()
    };
    let (mut output, mut masked_to) = (Vec::new(), 0);
    for (place, byte) in input.iter().enumerate() {
        if let Some(end) = longest(place) {
            if place >= masked_to {
                output.extend_from_slice(MASK.as_bytes());
            }
            masked_to = masked_to.max(end);
        }
        if place >= masked_to {
            output.push(*byte);
        }
    }
    output
}

fn masked_in_chunks(masker: &Masker, input: &[u8], sizes: &[usize]) -> Vec<u8> {
    let (mut stream, mut output, mut rest) = (masker.stream(), Vec::new(), input);
    for size in sizes.iter().cycle() {
        let (chunk, after) = rest.split_at((*size).min(rest.len()));
        output.extend_from_slice(stream.push(chunk));
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    output.extend_from_slice(stream.finish());
    output
}

fn secret() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{1,9}", "[a-c '\"\\\\/&$é]{1,12}", "[ -~]{4,30}", "[a-z\n]{20,60}", "\\PC{1,20}"]
}

/// Text with forms of the secrets in it, whole and cut.
fn input(secrets: Vec<String>) -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    let forms: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| forms::of(secret)).collect();
    let whole = prop::sample::select(forms.clone());
    let cut = (prop::sample::select(forms), 0.0..1.0)
        .prop_map(|(form, part): (Vec<u8>, f64)| form[..(form.len() as f64 * part) as usize].to_vec());
    let other = "[abc\n *]{0,12}".prop_map(String::into_bytes);
    let pieces = prop::collection::vec(prop_oneof![whole, cut, other], 0..12);
    pieces.prop_map(move |pieces| (secrets.clone(), pieces.concat()))
}

fn secrets_and_input() -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    prop::collection::vec(secret(), 1..4).prop_flat_map(input)
}

proptest! {
    #[test]
    fn any_chunking_masks_exactly_the_forms((secrets, input) in secrets_and_input(), sizes in prop::collection::vec(1usize..40, 1..6)) {
        let masker = Masker::new(secrets.iter().map(String::as_str));
        let expected = masked_slowly(&secrets, &input);
        prop_assert_eq!(masked_in_chunks(&masker, &input, &sizes), expected);
    }

    #[test]
    fn text_without_a_secret_passes_unchanged(input in prop::collection::vec(any::<u8>(), 0..400), sizes in prop::collection::vec(1usize..40, 1..6)) {
        let masker = Masker::new(["correct horse battery staple", "hunter2hunter2"]);
        prop_assert_eq!(masked_in_chunks(&masker, &input, &sizes), input);
    }

    #[test]
    fn base64_of_a_text_around_a_secret_shows_none_of_it(before in "[a-z]{0,7}", secret in "[A-Z]{9,20}", after in "[a-z]{0,7}") {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let text = format!("{before}{secret}{after}");
        let masker = Masker::new([&*secret]);
        for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            let masked = masker.text(&encoded);
            prop_assert!(masked.contains(MASK), "{} in {}", masked, encoded);
            prop_assert!(masked.len() < MASK.len() + before.len() * 4 / 3 + after.len() * 4 / 3 + 10, "{}", masked);
        }
    }

    #[test]
    fn a_masked_text_is_text((secrets, input) in secrets_and_input()) {
        let masker = Masker::new(secrets.iter().map(String::as_str));
        let text = String::from_utf8_lossy(&input);
        prop_assert!(String::from_utf8(masker.bytes(text.as_bytes())).is_ok());
    }
}

#[test]
fn forms_that_programs_write_are_found() {
    let masker = Masker::new(["p@ss 'w\"ö<rd/$1"]);
    let written = [
        "p@ss 'w\"ö<rd/$1",
        "7040737320277722c3b63c72642f2431",
        "7040737320277722C3B63C72642F2431",
        "p%40ss%20%27w%22%C3%B6%3Crd%2F%241",
        "p%40ss%20%27w%22%c3%b6%3crd%2f%241",
        "p%40ss+%27w%22%C3%B6%3Crd%2F%241",
        "p%40ss%20'w%22%C3%B6%3Crd%2F%241",
        r#"p@ss 'w\"ö<rd/$1"#,
        r#"p@ss 'w\\\"ö<rd/$1"#,
        r#"p@ss 'w\"\u00f6<rd/$1"#,
        r#"p@ss 'w\"ö\u003crd/$1"#,
        r#"p@ss 'w\"ö<rd\/$1"#,
        r#"p@ss '\''w"ö<rd/$1"#,
        r#"p@ss '"'"'w"ö<rd/$1"#,
        r#"p@ss 'w\"ö<rd/\$1"#,
        r#"p@ss\ \'w\"ö\<rd/\$1"#,
        r#"p@ss \'w"ö<rd/$1"#,
    ];
    for text in written {
        assert_eq!(masker.text(&format!("a {text} b")), "a *** b", "{text}");
    }
}

#[test]
fn lines_of_a_secret_are_secrets_where_they_are_long_enough() {
    let masker = Masker::new(["-----BEGIN KEY-----\nMIIEvQIBADANBg\nab12\n-----END KEY-----\n"]);
    assert_eq!(masker.text("MIIEvQIBADANBg"), MASK);
    assert_eq!(masker.text("  TUlJRXZRSUJBREFOQmc=\n"), "  ***c=\n");
    assert_eq!(masker.text("ab12"), "ab12");
    assert_eq!(masker.text("-----BEGIN KEY-----\nMIIEvQIBADANBg\nab12\n-----END KEY-----\n"), MASK);
}

#[test]
fn a_short_secret_is_found_as_it_stands_alone() {
    let masker = Masker::new(["a1", ""]);
    assert_eq!(masker.text("a1 xa1x 6131 YTE="), "*** x***x 6131 YTE=");
}

#[test]
fn secrets_that_overlap_become_one_mask() {
    let masker = Masker::new(["abcdef", "defghi", "aaaa"]);
    assert_eq!(masker.text("abcdefghi abcdefdefghi aaaaaaaaaa"), "*** ****** ***");
}

#[test]
fn base64_in_lines_is_found() {
    let secret = "x".repeat(120);
    let masker = Masker::new([&*secret]);
    let lines = "eHh4".repeat(16) + "\n" + &"eHh4".repeat(16) + "\n" + &"eHh4".repeat(8);
    assert_eq!(masker.text(&lines), MASK);
}

#[test]
fn only_what_may_become_a_secret_is_held_back() {
    let masker = Masker::new(["hunter2-and-more"]);
    let mut stream = masker.stream();
    assert_eq!(stream.push(b"Password: "), b"Password: ");
    assert_eq!(stream.push(b"no hunt"), b"no ");
    assert_eq!(stream.push(b"ing"), b"hunting");
    assert_eq!(stream.push(b" hunter2-and-m"), b" ");
    assert_eq!(stream.push(b"ore!"), b"***!");
    assert_eq!(stream.push(b"hunter"), b"");
    assert_eq!(stream.finish(), b"hunter");
}

#[test]
fn what_is_held_stays_small_in_a_long_run_of_overlaps() {
    let masker = Masker::new(["aaaa"]);
    let mut stream = masker.stream();
    let mut written = stream.push(&[b'a'; 10_000]).len();
    written += stream.push(&[b'a'; 10_000]).len();
    assert_eq!(written, MASK.len());
    assert_eq!(stream.push(b"b"), b"b");
}

#[test]
fn a_large_secret_is_found_too() {
    let secret: String = (0..3_000).map(|number| format!("{number:x}/")).collect();
    let masker = Masker::new([&*secret]);
    assert_eq!(masker.text(&format!("<{secret}> <{}>", secret.replace('/', "%2f"))), "<***> <***>");
}

#[test]
fn a_masker_shows_nothing_of_its_secrets() {
    assert_eq!(format!("{:?}", Masker::new(["hunter2"])), "Masker { .. }");
}

#[test]
fn secrets_are_found_deep_in_values() {
    use wf_model::value::{Secret, Value};
    let deep = Value::map([("a", Value::list([Value::Secret(Secret::new("hunter2")), Value::string("plain")]))]);
    let masker = Masker::of_values(&[deep]);
    assert_eq!(masker.text("hunter2 plain"), "*** plain");
}
