//! Statements: blocks with what they hold, and what is seen of it behind them.

use super::expression::Known;
use super::program::Writer;
use wf_model::failure::FailureKind;
use wf_model::types::Type;

impl Writer<'_> {
    /// At least this many statements, and more while the budget lasts.
    pub(super) fn statements(&mut self, least: usize) {
        for place in 0..least + 6 {
            if place >= least && (self.budget == 0 || self.tape().percent(35)) {
                break;
            }
            self.statement();
        }
    }

    fn statement(&mut self) {
        self.budget = self.budget.saturating_sub(1);
        let deep = self.depth >= 4 || self.budget == 0 || self.tape().is_over();
        self.depth += 1;
        if self.sequential && self.tape().percent(5) {
            self.point();
        } else if self.lenient {
            self.recorded_statement();
        } else {
            self.any_statement(deep);
        }
        self.depth -= 1;
    }

    /// A statement of a handler: what comes behind it uses nothing of it, since it may have failed.
    fn recorded_statement(&mut self) {
        match self.tape().below(9) {
            0..=4 => self.step(),
            5 => self.let_(),
            6 if !self.callables.is_empty() && self.weight <= 9 => self.call(),
            7 if self.depth <= 5 => self.if_(),
            8 if self.depth <= 5 => self.stage(),
            _ => self.step(),
        }
    }

    fn any_statement(&mut self, deep: bool) {
        match self.tape().below(if deep { 12 } else { 22 }) {
            0..=7 => self.step(),
            8 | 9 => self.let_(),
            10 | 11 if !self.callables.is_empty() && self.weight <= 9 => self.call(),
            10 | 11 => self.step(),
            12 | 13 => self.if_(),
            14 => self.stage(),
            15 | 16 => self.parallel(),
            17 => self.race(),
            18 | 19 => self.for_each(),
            20 => self.race_of_a_loop(),
            _ => self.repeat(),
        }
    }

    pub(super) fn let_(&mut self) {
        let name = self.expressions.fresh("l");
        let type_ = self.type_(2);
        if self.tape().percent(50) {
            let value = self.expressions.expected(&type_);
            let written = self.type_text(&type_);
            self.line(&format!("let {name}: {written} = {value}"));
        } else {
            let value = self.expressions.inferred(&type_);
            self.line(&format!("let {name} = {value}"));
        }
        if !self.lenient {
            self.know(&name, type_);
        }
    }

    /// `depends on …` of what is above.
    pub(super) fn depends(&mut self) -> Option<String> {
        if !self.tape().percent(12) {
            return None;
        }
        if self.reach.is_empty() || self.tape().percent(25) {
            // What starts with its body runs beside what stands above it.
            self.concurrent = true;
            return Some("depends on nothing".to_owned());
        }
        self.concurrent = true;
        let mut names: Vec<String> = Vec::new();
        for _ in 0..1 + self.tape().below(2) {
            let place = self.expressions.tape.below(self.reach.len());
            let name = self.reach[place].clone();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Some(format!("depends on {}", names.join(", ")))
    }

    fn when(&mut self, percent: usize) -> Option<String> {
        self.tape().percent(percent).then(|| format!("when {}", self.expressions.condition()))
    }

    /// The head of a block with a name, `depends on` and `when`; whether it may be skipped.
    fn head(&mut self, name: Option<&str>, head: &str) -> (String, bool) {
        let depends = self.depends();
        let when = self.when(8);
        let skipped = when.is_some();
        let mut parts: Vec<String> = name.map(|name| format!("{name}:")).into_iter().collect();
        parts.push(head.to_owned());
        let mut behind: Vec<String> = [depends, when].into_iter().flatten().collect();
        if self.tape().percent(30) {
            behind.reverse();
        }
        parts.extend(behind);
        (parts.join(" "), skipped)
    }

    fn maybe_named(&mut self, prefix: &str) -> Option<String> {
        self.tape().percent(50).then(|| self.expressions.fresh(prefix))
    }

    /// The clauses at the beginning of a body; whether it goes on after a failure.
    fn body_clauses(&mut self) -> bool {
        if self.tape().percent(8) {
            let written = self.tape().pick(&["timeout 10m", "timeout 1h30m", "timeout 100s * 6", "timeout LONG"]);
            let written = written.replace("LONG", &self.long());
            self.line(&written);
        }
        if self.tape().percent(8) {
            let written = self.tape().pick(&["retry 1 times pause 0s", "retry 1 times pause SHORT within LONG"]);
            let written = written.replace("SHORT", &self.short()).replace("LONG", &self.long());
            self.line(&written);
        }
        if self.tape().percent(8) {
            self.line("fail fast");
            self.races = true;
        }
        let goes_on = self.tape().percent(12);
        if goes_on {
            let written = ["on failure continue", "on failure continue", "on failure continue when failure.attempts > 0"];
            let written = self.tape().pick(&written);
            self.line(written);
        }
        goes_on
    }

    /// Begins a body; what is put back at its end.
    fn enter_body(&mut self) -> (bool, Vec<String>) {
        let sequential = !std::mem::take(&mut self.together) && !self.lenient;
        (std::mem::replace(&mut self.sequential, sequential), std::mem::take(&mut self.checkpoints))
    }

    fn leave_body(&mut self, above: (bool, Vec<String>)) {
        (self.sequential, self.checkpoints) = above;
    }

    /// A body with clauses; what became visible in it, and whether it goes on after a failure.
    fn body(&mut self, head: &str, least: usize, inside: impl FnOnce(&mut Self)) -> (Vec<Known>, bool) {
        self.open(head);
        let start = self.expressions.known.len();
        let secrets = self.secrets.clone();
        let last = self.last_of_body.take();
        let above = self.enter_body();
        let goes_on = self.body_clauses();
        inside(self);
        self.statements(least);
        self.text.push_str(last.as_deref().unwrap_or_default());
        self.handlers(start, 25);
        self.leave_body(above);
        self.close();
        self.secrets = secrets;
        (self.expressions.known.split_off(start), goes_on)
    }

    /// Shows names behind a block, as optional where it may not have run.
    fn show(&mut self, known: Vec<Known>, optional: bool) {
        let show = |known: Known| {
            let type_ = if optional { Type::optional(known.type_) } else { known.type_ };
            Known { type_, ..known }
        };
        self.expressions.known.extend(known.into_iter().map(show));
    }

    fn reached(&mut self, name: Option<String>) {
        self.reach.extend(name);
    }

    fn stage(&mut self) {
        let name = self.maybe_named("stage");
        let (head, skipped) = self.head(name.as_deref(), "stage");
        let (known, goes_on) = self.body(&head, 1, |_| {});
        self.show(known, skipped || goes_on);
        self.reached(name);
    }

    fn if_(&mut self) {
        let name = self.maybe_named("choice");
        let present = if self.tape().percent(30) { self.expressions.optional_name() } else { None };
        let condition = match &present {
            Some((name, _)) => format!("{name} != null"),
            None => self.expressions.condition(),
        };
        let (head, skipped) = self.head(name.as_deref(), &format!("if {condition}"));
        let complete = self.tape().percent(60);
        let branches = 1 + self.tape().below(2);
        let shared =
            (complete && !self.lenient && self.tape().percent(60)).then(|| (self.expressions.fresh("shared"), self.type_(0)));
        let mut reached = Vec::new();
        let mut known = Vec::new();
        for place in 0..branches + usize::from(complete) {
            let head = match place {
                0 => head.clone(),
                _ if place == branches => "else".to_owned(),
                _ => format!("else if {}", self.expressions.condition()),
            };
            self.open(&head);
            let (start, above, secrets) = (self.expressions.known.len(), self.reach.len(), self.secrets.clone());
            let present = present.clone().filter(|_| place == 0);
            let narrowed = present.map(|(name, type_)| Known { narrowed: true, ..Known::new(&name, type_) });
            let added = usize::from(narrowed.is_some());
            self.expressions.known.extend(narrowed);
            let body = self.enter_body();
            let least = self.tape().below(2);
            self.statements(least);
            if let Some((name, type_)) = &shared {
                self.print_named(name, type_);
            }
            self.handlers(start + added, 10);
            self.leave_body(body);
            self.close();
            known.extend(self.expressions.known.split_off(start).into_iter().skip(added));
            reached.extend(self.reach.split_off(above));
            self.secrets = secrets;
        }
        self.reach.extend(reached);
        known.retain(|known| shared.as_ref().is_none_or(|(name, _)| known.name != *name));
        self.show(known, true);
        if let Some((name, type_)) = shared {
            self.show(vec![Known::new(&name, type_)], skipped);
        }
        self.reached(name);
    }

    /// Runs `inside` where statements run beside each other.
    fn at_once<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.beside, true);
        self.concurrent = true;
        let done = inside(self);
        self.beside = before;
        done
    }

    fn max(&mut self) -> String {
        match self.tape().below(10) {
            0..=5 => String::new(),
            6 => format!(" max max(1, {})", self.expressions.inferred(&Type::Int)),
            number => format!(" max {}", number - 6),
        }
    }

    fn parallel(&mut self) {
        let name = self.maybe_named("all");
        let wait = self.tape().pick(&["", " wait all"]);
        let max = self.max();
        let (head, skipped) = self.head(name.as_deref(), &format!("parallel{wait}{max}"));
        let below = self.tape().percent(25).then(|| (self.expressions.fresh("below"), self.type_(0)));
        let (known, goes_on) = self.at_once(|writer| {
            writer.together = true;
            writer.body_before(&head, 2, below.as_ref())
        });
        self.show(known, skipped || goes_on);
        self.reached(name);
    }

    /// A body at whose end stands a step that those before it may use and depend on.
    fn body_before(&mut self, head: &str, least: usize, below: Option<&(String, Type)>) -> (Vec<Known>, bool) {
        let Some((name, type_)) = below else { return self.body(head, least, |_| {}) };
        let before = self.text.len();
        self.indentation += 1;
        self.print_named(name, type_);
        self.indentation -= 1;
        let last = self.text.split_off(before);
        // Its names belong to the body.
        let (known, reach) = (self.expressions.known.pop(), self.reach.pop());
        self.last_of_body = Some(last);
        self.body(head, least, |writer| {
            writer.expressions.known.extend(known);
            writer.reach.extend(reach);
        })
    }

    fn race(&mut self) {
        self.races = true;
        let name = self.expressions.fresh("race");
        let named = self.tape().percent(60);
        self.may_fail(&name, FailureKind::Race);
        let wait = self.tape().pick(&["any", "first"]);
        let max = self.max();
        let (head, skipped) = self.head(named.then_some(&*name), &format!("parallel wait {wait}{max}"));
        self.open(&head);
        let start = self.expressions.known.len();
        let reach = self.reach.len();
        let secrets = self.secrets.clone();
        let goes_on = self.body_clauses();
        let (mut branches, mut reached) = (Vec::new(), Vec::new());
        let mut loser_wins = false;
        let type_ = self.tape().percent(50).then(|| self.type_(0));
        let seen = self.expressions.known.clone();
        let mut shown = Vec::new();
        for _ in 0..1 + self.tape().below(3) {
            // A branch that used another one's value would not race with it.
            self.expressions.known.clone_from(&seen);
            self.secrets.clone_from(&secrets);
            reached.extend(self.reach.split_off(reach));
            let branch = self.expressions.fresh("b");
            match &type_ {
                Some(type_) => {
                    self.at_once(|writer| writer.racing_step(&branch, type_));
                    loser_wins |= wait == "first" && self.went_on;
                }
                None => {
                    let (known, goes_on) = self.at_once(|writer| writer.body(&format!("{branch}: stage"), 1, |_| {}));
                    self.show(known, goes_on);
                }
            }
            shown.extend(self.expressions.known.split_off(start));
            branches.push(branch);
        }
        self.expressions.known = seen;
        self.secrets = secrets;
        self.reach.extend(reached);
        let above = self.enter_body();
        self.handlers_of_race();
        self.leave_body(above);
        self.close();
        self.show(shown, true);
        if named {
            let winner = Type::union(branches.iter().map(String::as_str));
            let mut fields = vec![("winner", winner)];
            let value = |type_: Type| if loser_wins { Type::optional(type_) } else { type_ };
            fields.extend(type_.map(|type_| ("value", value(type_))));
            let known = Known { name: name.clone(), type_: Type::record(fields), whole: false, narrowed: false };
            self.show(vec![known], skipped || goes_on);
            self.reached(Some(name));
        }
    }

    fn handlers_of_race(&mut self) {
        if self.tape().percent(15) && self.depth <= 5 {
            self.handlers_of(self.expressions.known.len(), &[]);
        }
    }

    /// A duration that nobody notices, or one below zero.
    pub(super) fn short(&mut self) -> String {
        format!("min({}, 2ms)", self.expressions.inferred(&Type::Duration))
    }

    /// A duration that no run reaches.
    pub(super) fn long(&mut self) -> String {
        format!("max({}, 1h)", self.expressions.inferred(&Type::Duration))
    }

    /// What a loop goes through: its text, the type of its index and of its elements.
    fn list(&mut self) -> (String, Type, Type) {
        let visible = self.expressions.visible(|type_| matches!(type_, Type::List(_) | Type::Map(_)));
        match (self.tape().below(6), visible) {
            (0, _) => ("1..3".to_owned(), Type::Int, Type::Int),
            (1, _) => {
                let value = self.expressions.inferred(&Type::Int);
                (format!("{{ \"k 1\": {value}, \"k\": 2 }}"), Type::String, Type::Int)
            }
            (2, _) => ("5..1".to_owned(), Type::Int, Type::Int),
            (3, Some((text, Type::List(element)))) => (text, Type::Int, (*element).clone()),
            (3, Some((text, Type::Map(element)))) => (text, Type::String, (*element).clone()),
            _ => {
                let element = self.type_(0);
                let elements: Vec<String> = (0..1 + self.tape().below(3)).map(|_| self.expressions.inferred(&element)).collect();
                (format!("[{}]", elements.join(", ")), Type::Int, element)
            }
        }
    }

    /// The iterators of a loop, and its variables.
    fn iterators(&mut self) -> (String, Vec<Known>) {
        let (mut texts, mut variables) = (Vec::new(), Vec::new());
        for _ in 0..1 + usize::from(self.tape().percent(15)) {
            let (list, index, item) = self.list();
            let name = self.expressions.fresh("e");
            let mut text = String::new();
            if index == Type::String || self.tape().percent(20) {
                let index_name = self.expressions.fresh("k");
                text = format!("{index_name}, ");
                variables.push(Known::new(&index_name, index));
            }
            variables.push(Known::new(&name, item));
            texts.push(format!("{text}{name} in {list}"));
        }
        (texts.join(", "), variables)
    }

    /// A loop; `race` is the word behind `wait` of one that races.
    fn any_loop(&mut self, parallel: &str, race: bool) {
        let name = if race { Some(self.expressions.fresh("loop")) } else { self.maybe_named("loop") };
        let (iterators, variables) = self.iterators();
        let (head, skipped) = self.head(name.as_deref(), &format!("for each {iterators}{parallel}"));
        let items: Vec<&Known> = variables.iter().filter(|variable| variable.name.starts_with('e')).collect();
        let winner = match items.as_slice() {
            [item] => item.type_.clone(),
            items => Type::record(items.iter().map(|item| (item.name.as_str(), item.type_.clone()))),
        };
        let names: Vec<String> = variables.iter().map(|variable| variable.name.clone()).collect();
        let reach = self.reach.len();
        self.weight *= 3;
        let start = self.expressions.known.len();
        self.expressions.known.extend(variables);
        let fill = |writer: &mut Self| writer.body(&head, 1, |_| {});
        let (known, goes_on) = if parallel.is_empty() { fill(self) } else { self.at_once(fill) };
        self.expressions.known.truncate(start);
        self.weight /= 3;
        self.reach.truncate(reach);
        let Some(name) = name else { return };
        let kept = known.into_iter().filter(|known| !names.contains(&known.name));
        let field = |known: Known| {
            let element = if goes_on { Type::optional(known.type_) } else { known.type_ };
            (known.name, if race { element } else { Type::list(element) })
        };
        let mut fields: Vec<(String, Type)> = kept.map(field).collect();
        if race {
            fields.insert(0, ("winner".to_owned(), winner));
        }
        let type_ = Type::record(fields.iter().map(|(name, type_)| (name.as_str(), type_.clone())));
        self.show(vec![Known { name: name.clone(), type_, whole: false, narrowed: false }], skipped);
        self.reached(Some(name));
    }

    fn for_each(&mut self) {
        let parallel = self.tape().percent(50);
        let max = self.max();
        let parallel = if parallel { format!(" parallel{max}") } else { String::new() };
        self.any_loop(&parallel, false);
    }

    fn race_of_a_loop(&mut self) {
        self.races = true;
        let wait = self.tape().pick(&["any", "first"]);
        let max = self.max();
        self.any_loop(&format!(" parallel wait {wait}{max}"), true);
    }

    fn repeat(&mut self) {
        let name = self.maybe_named("again");
        let times = 1 + self.tape().below(3);
        let pause = self.tape().pick(&["", " pause 0s", " pause 1ms * 2", " pause SHORT"]);
        let pause = pause.replace("SHORT", &self.short());
        let tick = (!self.beside && self.tape().percent(70)).then(|| self.expressions.fresh("tick"));
        let until = match &tick {
            Some(tick) => format!("{tick} >= {}", 1 + self.tape().below(3)),
            None => self.tape().pick(&["true", "run.resumes == 0", "1 > 2"]).to_owned(),
        };
        let (head, skipped) = self.head(name.as_deref(), &format!("repeat until {until}{pause} max {times} times"));
        self.weight *= times;
        let (known, goes_on) = self.body(&head, 0, |writer| {
            if let Some(tick) = tick {
                writer
                    .line(&format!("step {tick}: shell \"printf x >> ${{run.dir}}/{tick}; wc -c < ${{run.dir}}/{tick}\" -> int"));
                writer.know(&tick, Type::Int);
            }
        });
        self.weight /= times;
        self.show(known, skipped || goes_on);
        self.reached(name);
    }
}
