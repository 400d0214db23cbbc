//! Expressions of every type, over the names that are visible.

use super::tape::Tape;
use wf_model::types::Type;

/// A name that expressions may use.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) type_: Type,
    /// Whether it is used as it stands; of a loop or a race only the fields are.
    pub(super) whole: bool,
    /// Whether a test has just said that it is there.
    pub(super) narrowed: bool,
}

impl Known {
    /// A name that is used as it stands.
    pub(super) fn new(name: &str, type_: Type) -> Self {
        Self { name: name.to_owned(), type_, whole: true, narrowed: false }
    }
}

/// How an expression of a type may look; capitals between `«»` stand for expressions of a sort.
const FORMS: &[(&str, &[&str])] = &[
    (
        "I",
        &[
            "(«I» + «I»)",
            "(«I» - «I»)",
            "(2 * «I»)",
            "(«I» / 3)",
            "(«I» % 7)",
            "(-«I»)",
            "«S».length",
            "«LI».length",
            "«LS».length",
            "«M».length",
            "«LI».sum()",
            "(«OI» ?? «I»)",
            "(if «B» then «I» else «I»)",
            "min(«I», «I»)",
            "max(«I», «I»)",
            "«I».abs()",
            "(«LI».first ?? «I»)",
            "('3' + '').to_int()",
            "('7'.parse_json() as int)",
            "run.resumes",
            "uuid().length",
            "now(\"%Y-%m-%d\").length",
            "glob(\"*.none\").length",
            "run.id.length",
        ],
    ),
    (
        "F",
        &[
            "(«F» + «I»)",
            "(«I» * 0.5)",
            "(«F» / 2.0)",
            "«LF».sum()",
            "«D».seconds",
            "(«D» / 2s)",
            "(«Z» / 1KB)",
            "«F».round(2)",
            "(«LF».max() ?? «F»)",
            "(if «B» then «F» else «I»)",
            "(«OI» ?? «F»)",
            "min(«I», «F»)",
            "'0.25'.to_float()",
        ],
    ),
    (
        "B",
        &[
            "(«I» < «F»)",
            "(«D» >= «D»)",
            "(«S» <= «S»)",
            "(«Z» > «Z»)",
            "(«I» == «F»)",
            "(«S» != «S»)",
            "(«LI» == «LI»)",
            "(«J» == «LI»)",
            "(«OS» == null)",
            "(«I» in «LI»)",
            "(«S» not in «LS»)",
            "(«S» contains «S»)",
            "(«LI» contains «I»)",
            "(«S» matches '^[a-c]+$')",
            "(«B» and «B»)",
            "(«B» or not «B»)",
            "«M».has(«S»)",
            "«S».starts_with(«S»)",
            "(«J» != null)",
        ],
    ),
    (
        "S",
        &[
            "(«S» + «S»)",
            "«S».upper()",
            "«S».trim()",
            "«S».replace('a', «S»)",
            "«LS».join(\", \")",
            "«LI».join(\"-\")",
            "(«OS» ?? «S»)",
            "\"${0 + «I»}-${«S»} ${«D»}\"",
            "\"${«F»}${«Z»}${«B»}\"",
            "«P».name",
            "«P».stem",
            "«J».to_json()",
            "«LI».to_json()",
            "«M».to_json()",
            "hash(«S»)",
            "max(«S», «S»)",
            "(«LS».last ?? «S»)",
            "run.workflow",
            "(«J» as string? ?? «S»)",
            "(env(\"WF_IS_NOT_SET\") ?? «S»)",
        ],
    ),
    ("D", &["(«D» + «D»)", "(«D» - «D»)", "(«D» * 3)", "(0.5 * «D»)", "(«D» / 4)", "[«D», «D»].sum()", "(-«D»)"]),
    ("Z", &["(«Z» + «Z»)", "(«Z» * 2)", "(«Z» / 3)", "[«Z», «Z»].sum()", "max(«Z», «Z»)"]),
    (
        "LI",
        &[
            "[«I», «I»]",
            "(1..3)",
            "(5..1)",
            "(«LI» + «LI»)",
            "«LI».sort()",
            "«LI».unique()",
            "«LI».reverse()",
            "[[«I»], «LI»].flatten()",
            "«M».values",
            "(if «B» then «LI» else [])",
            "('[1, 2]'.parse_json() as [int])",
        ],
    ),
    ("LF", &["[«F», «I»]", "(«LI» + [«F»])", "«LF».sort()"]),
    ("LS", &["[«S», «S»]", "«S».lines()", "«S».split(\",\")", "«M».keys", "«LS».unique()", "«LS».sort()"]),
    ("M", &["({ \"a b\": «I» })", "(if «B» then «M» else «M»)"]),
    ("J", &["«J».x", "«J»[0]", "'{\"x\": [1, null]}'.parse_json()", "«LI».to_json().parse_json()"]),
    ("OI", &["«LI».first", "«LI».max()", "(if «B» then «I» else null)", "(«J» as int?)"]),
    ("OS", &["«LS».last", "«LS».min()", "(if «B» then «S» else null)", "env(\"WF_IS_NOT_SET\")"]),
    ("P", &["(«P»).parent", "(if «B» then «P» else «P»)"]),
];

/// What may fail when it runs, and how the language says so.
const RISKY: &[(&str, &[&str])] = &[
    ("I", &["(«I» / «I»)", "(«I» % «I»)", "«LI»[«I»]", "«S».to_int()", "(«J» as int)", "(«I» * «I» * «I» * «I»)", "«M»[«S»]"]),
    ("F", &["(«F» / «F»)", "«S».to_float()", "(«F» * «F» * «F»)", "(«D» / «D»)"]),
    ("B", &["(«S» matches «S»)", "(«J» as bool)"]),
    ("S", &["«LS»[«I»]", "(«J» as string)", "«S».split(«S»).join(\"+\")"]),
    ("D", &["(«D» * «I»)", "(«D» / «I»)"]),
    ("LI", &["(«J» as [int])", "(«I»..«I»)"]),
    ("J", &["«S».parse_json()"]),
    ("LS", &["read(\"./none.txt\").lines()"]),
];

/// Beginnings of the messages of failures that an expression may have when it runs.
pub(super) const FAULTS: [&str; 18] = [
    "result does not fit into 64 bits",
    "float is not finite",
    "division by zero",
    "index ",
    "map has no key",
    "value ",
    "a list ",
    "an object ",
    "text is not an int",
    "text is not a float",
    "text is not JSON",
    "separator is empty",
    "regular expression does not parse",
    "range has ",
    "text is longer than",
    "list has more than",
    "duration is negative",
    "file `",
];

/// The sort of a type; empty where there are no forms for it.
fn sort(type_: &Type) -> &'static str {
    match type_ {
        Type::Int => "I",
        Type::Float => "F",
        Type::Bool => "B",
        Type::String => "S",
        Type::Duration => "D",
        Type::Size => "Z",
        Type::Path => "P",
        Type::Json => "J",
        Type::List(element) if **element == Type::Int => "LI",
        Type::List(element) if **element == Type::Float => "LF",
        Type::List(element) if **element == Type::String => "LS",
        Type::Map(element) if **element == Type::Int => "M",
        Type::Optional(inner) if **inner == Type::Int => "OI",
        Type::Optional(inner) if **inner == Type::String => "OS",
        _ => "",
    }
}

fn type_of(sort: &str) -> Type {
    match sort {
        "I" => Type::Int,
        "F" => Type::Float,
        "B" => Type::Bool,
        "S" => Type::String,
        "D" => Type::Duration,
        "Z" => Type::Size,
        "P" => Type::Path,
        "J" => Type::Json,
        "LI" => Type::list(Type::Int),
        "LF" => Type::list(Type::Float),
        "LS" => Type::list(Type::String),
        "M" => Type::map(Type::Int),
        "OI" => Type::optional(Type::Int),
        "OS" => Type::optional(Type::String),
        _ => panic!("no sort is called {sort}"),
    }
}

/// Writes expressions.
pub(super) struct Expressions<'a> {
    pub(super) tape: Tape<'a>,
    pub(super) known: Vec<Known>,
    /// How many names there are.
    pub(super) names: u32,
}

impl Expressions<'_> {
    /// A name that nothing else has.
    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Everything visible with its type: names and, below them, fields.
    fn paths(&self) -> Vec<(String, Type)> {
        let mut found = Vec::new();
        let mut open: Vec<(String, Type, bool, usize)> =
            self.known.iter().map(|known| (known.name.clone(), known.type_.clone(), known.whole, 0)).collect();
        while let Some((text, type_, whole, depth)) = open.pop() {
            let optional = matches!(type_, Type::Optional(_));
            if let (Type::Record(fields), true) = (type_.required(), depth < 3) {
                for field in fields.iter() {
                    let (dot, of) =
                        if optional { ("?.", Type::optional(field.type_.clone())) } else { (".", field.type_.clone()) };
                    open.push((format!("{text}{dot}{}", field.name), of, true, depth + 1));
                }
            }
            if whole {
                found.push((text, type_));
            }
        }
        found
    }

    /// Something visible of a type that fits.
    pub(super) fn visible(&mut self, fits: impl Fn(&Type) -> bool) -> Option<(String, Type)> {
        let mut paths = self.paths();
        paths.retain(|(_, type_)| fits(type_));
        if paths.is_empty() {
            return None;
        }
        Some(paths.swap_remove(self.tape.below(paths.len())))
    }

    /// A name that may be `null`, and what it is where it is not.
    pub(super) fn optional_name(&mut self) -> Option<(String, Type)> {
        let optional = |known: &&Known| known.whole && matches!(known.type_, Type::Optional(_));
        let shadowed = |known: &&Known| !self.known.iter().any(|other| other.narrowed && other.name == known.name);
        let found: Vec<&Known> = self.known.iter().filter(optional).filter(shadowed).collect();
        if found.is_empty() {
            return None;
        }
        let known = found[self.tape.below(found.len())];
        Some((known.name.clone(), known.type_.required().clone()))
    }

    /// Something visible, of whatever type.
    pub(super) fn anything(&mut self) -> Option<(String, Type)> {
        self.visible(|_| true)
    }

    /// An expression of a type where that type is expected.
    pub(super) fn expected(&mut self, type_: &Type) -> String {
        self.expression(type_, 3, true)
    }

    /// An expression that is of a type by itself.
    pub(super) fn inferred(&mut self, type_: &Type) -> String {
        self.expression(type_, 3, false)
    }

    pub(super) fn condition(&mut self) -> String {
        self.expression(&Type::Bool, 2, false)
    }

    fn expression(&mut self, type_: &Type, depth: usize, expected: bool) -> String {
        let choice = self.tape.below(20);
        match choice {
            0..=3 => self.literal(type_, depth, expected),
            13 if depth > 0 => self.narrowed(type_, depth - 1).unwrap_or_else(|| self.literal(type_, depth, expected)),
            14 | 15 if depth > 0 && matches!(type_, Type::List(_)) => self.comprehension(type_, depth - 1),
            16.. if depth > 0 && !sort(type_).is_empty() => self.form(sort(type_), depth - 1),
            _ => {
                let wanted = type_.clone();
                let fits = move |found: &Type| {
                    *found == wanted || wanted.accepts(found) && (expected || wanted == Type::String && found.is_text())
                };
                self.visible(fits).map_or_else(|| self.literal(type_, depth, expected), |(text, _)| text)
            }
        }
    }

    fn form(&mut self, sort: &str, depth: usize) -> String {
        let risky = self.tape.percent(2);
        let table = if risky && RISKY.iter().any(|(name, _)| *name == sort) { RISKY } else { FORMS };
        let (_, forms) = table.iter().find(|(name, _)| *name == sort).expect("every sort has forms");
        let form = self.tape.pick(forms);
        let mut text = String::new();
        let mut rest = form;
        while let Some((before, after)) = rest.split_once('«') {
            let (inner, behind) = after.split_once('»').expect("a hole is closed");
            text.push_str(before);
            text.push_str(&self.expression(&type_of(inner), depth, false));
            rest = behind;
        }
        text + rest
    }

    /// `if x != null then … else …`, where `x` is not optional in between.
    fn narrowed(&mut self, type_: &Type, depth: usize) -> Option<String> {
        let narrowed: Vec<String> = self.known.iter().filter(|known| known.narrowed).map(|known| known.name.clone()).collect();
        let mut paths = self.paths();
        paths.retain(|(text, type_)| {
            let root = |text: &str| text.split(['.', '?']).next().unwrap_or_default().to_owned();
            let inner = narrowed.iter().any(|name| root(name) == root(text));
            matches!(type_, Type::Optional(_)) && !inner
        });
        if paths.is_empty() {
            return None;
        }
        let (text, optional) = paths.swap_remove(self.tape.below(paths.len()));
        let inner = Known { narrowed: true, ..Known::new(&text.replace("?.", "."), optional.required().clone()) };
        let plain = !text.contains("?.");
        self.known.push(inner);
        let then = self.expression(type_, depth, false);
        self.known.pop();
        let otherwise = self.expression(type_, depth, false);
        // Behind `a?.b != null` it is `a.b` that is there.
        let test = if plain { format!("{text} != null") } else { format!("{text} != null and true") };
        Some(format!("(if {test} then {then} else {otherwise})"))
    }

    fn comprehension(&mut self, type_: &Type, depth: usize) -> String {
        let Type::List(element) = type_ else { return self.literal(type_, depth, false) };
        let lists = self.visible(|type_| matches!(type_, Type::List(_)));
        let (list, item) = match lists {
            Some((text, Type::List(item))) if self.tape.percent(60) => (text, (*item).clone()),
            _ => {
                let item = self.tape.pick(&["I", "S", "F"]);
                let item = type_of(item);
                (self.expression(&Type::list(item.clone()), depth, false), item)
            }
        };
        let (index, name) = (self.tape.percent(20).then(|| self.fresh("i")), self.fresh("v"));
        let known = self.known.len();
        self.known.extend(index.iter().map(|name| Known::new(name, Type::Int)));
        self.known.push(Known::new(&name, item));
        let value = self.expression(element, depth, false);
        let filter = self.tape.percent(40).then(|| self.expression(&Type::Bool, depth, false));
        self.known.truncate(known);
        let index = index.map_or(String::new(), |index| format!("{index}, "));
        let filter = filter.map_or(String::new(), |filter| format!(" if {filter}"));
        format!("[{value} for {index}{name} in {list}{filter}]")
    }

    pub(super) fn literal(&mut self, type_: &Type, depth: usize, expected: bool) -> String {
        const TEXTS: [&str; 18] = [
            "\"a\"",
            "\"\"",
            "\"b c\"",
            "'$HOME ${x}'",
            "\"ä\\u{1F600}\"",
            "\"a\\tb\"",
            "\"\\${x} \\\"q\\\"\"",
            "\"-n\"",
            "\"*\"",
            "'a\\b'",
            "\"it's\"",
            "\"a,b,c\"",
            "\"x\\ny\"",
            "\"; exit 9\"",
            "'`id` $(id)'",
            "\"%s%d\"",
            "\"12\"",
            "\"(\"",
        ];
        let deeper = depth.saturating_sub(1);
        match type_ {
            Type::Int => self.tape.pick(&["1", "0", "2", "3", "7", "1_000", "12", "-1"]).to_owned(),
            Type::Float => self.tape.pick(&["0.5", "1.0", "80%", "2.25", "0.0", "-3.0"]).to_owned(),
            Type::Bool => self.tape.pick(&["true", "false"]).to_owned(),
            Type::String => self.tape.pick(&TEXTS).to_owned(),
            Type::Duration => self.tape.pick(&["1s", "0s", "5m", "250ms", "1h30m"]).to_owned(),
            Type::Size => self.tape.pick(&["1B", "64MB", "2KB", "0B", "3GB"]).to_owned(),
            Type::Path => {
                let text = self.tape.pick(&["\"./a.txt\"", "\"/tmp/x.tar.gz\"", "\"b/c\"", "\"/\""]);
                if expected { text.to_owned() } else { format!("({text} as path)") }
            }
            Type::Url => {
                let text = self.tape.pick(&["\"https://example.com/a\"", "\"http://[::1]:8080/?q=1#f\""]);
                if expected { text.to_owned() } else { format!("({text} as url)") }
            }
            Type::Union(members) => {
                let member = &members[self.tape.below(members.len())];
                if expected { format!("\"{member}\"") } else { format!("(\"{member}\" as ({type_}))") }
            }
            Type::Optional(inner) if expected && self.tape.percent(60) => self.expression(inner, deeper, true),
            Type::Optional(_) if expected => "null".to_owned(),
            Type::Optional(inner) => {
                let (condition, inner) = (self.expression(&Type::Bool, 0, false), self.expression(inner, deeper, false));
                format!("(if {condition} then {inner} else null)")
            }
            Type::List(element) => {
                let least = usize::from(!expected || matches!(**element, Type::Float | Type::Optional(_)));
                let length = least + self.tape.below(3);
                let elements: Vec<String> = (0..length).map(|_| self.expression(element, deeper, expected)).collect();
                format!("[{}]", elements.join(", "))
            }
            // What begins with a brace would be the body of what it stands behind.
            Type::Map(_) | Type::Record(_) if !expected => format!("({})", self.braced(type_, deeper, expected)),
            Type::Map(_) | Type::Record(_) => self.braced(type_, deeper, expected),
            Type::Json if expected => self.tape.pick(&["null", "[1, \"a\", { b: 2.5 }]", "{ \"x\": [] }", "3"]).to_owned(),
            Type::Json => {
                self.tape.pick(&["'[1, {\"a\": 2}]'.parse_json()", "'{\"x\": 3}'.parse_json()", "'null'.parse_json()"]).to_owned()
            }
            Type::Unknown | Type::Never | Type::Secret | Type::Channel => panic!("no literal is a {type_}"),
        }
    }

    /// A map or record in its braces.
    fn braced(&mut self, type_: &Type, depth: usize, expected: bool) -> String {
        let keys = if expected { ["k", "Upper"] } else { ["a b", "c-d"] };
        let parts: Vec<(String, Type)> = match type_ {
            Type::Map(element) => {
                let length = usize::from(!expected) + self.tape.below(2);
                keys.into_iter().take(length).map(|key| (format!("\"{key}\""), (**element).clone())).collect()
            }
            Type::Record(fields) => fields.iter().map(|field| (field.name.to_string(), field.type_.clone())).collect(),
            _ => Vec::new(),
        };
        let entries: Vec<String> =
            parts.iter().map(|(key, type_)| format!("{key}: {}", self.expression(type_, depth, expected))).collect();
        if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
    }
}
