//! The catalogue: every mistake that users can make, in words. All wording lives here, so that tone and terms stay one.

use crate::diagnostics::Mistake;
use crate::graph::Beginning;

fn line(line: usize) -> String {
    if line == 0 {
        String::new()
    } else {
        format!(" on line {line}")
    }
}

fn in_brackets(line: usize) -> String {
    if line == 0 {
        String::new()
    } else {
        format!(" (line {line})")
    }
}

fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

// ---------------------------------------------------------------- header

pub fn no_function() -> Mistake {
    Mistake::new("expected a pipeline, which is written as a function over streams")
        .help("`fn name(items: Stream<Item>) -> Stream<Out> { items >> worker }`")
}

pub fn more_than_one() -> Mistake {
    Mistake::new("one `pipeline!` holds one pipeline").help("give each its own `pipeline! { … }`")
}

pub fn function_modifier(word: &str) -> Mistake {
    Mistake::new(format!("a pipeline is a plain `fn`, without `{word}`"))
        .help(format!("take `{word}` away"))
}

pub fn receiver() -> Mistake {
    Mistake::new("a pipeline has no `self`").help("give what it needs as an argument")
}

pub fn no_body() -> Mistake {
    Mistake::new("expected the pipeline's body in braces").help("`{ items >> worker }`")
}

pub fn no_input(name: &str) -> Mistake {
    Mistake::new(format!("the pipeline `{name}` has no input"))
        .help("give it an argument of type `Stream<T>`; any other argument is a value")
}

pub fn nested_stream(ty: &str) -> Mistake {
    Mistake::new(format!("`{ty}` holds a stream inside another type"))
        .help("each input and each output is a `Stream<T>` of its own")
}

pub fn stream_arguments() -> Mistake {
    Mistake::new("a stream has one type, that of its items").help(
        "`Stream<Item>`; items that may fail come from `papy::source::fallible(…)`, given when the pipeline is called",
    )
}

pub fn missing_comma() -> Mistake {
    Mistake::new("expected `,` between two arguments").help("add `,` before this one")
}

pub fn missing_type() -> Mistake {
    Mistake::new("expected `:` and a type behind the argument's name").help("`name: Stream<Item>`")
}

pub fn argument(why: &str) -> Mistake {
    Mistake::new(format!("this argument cannot be read: {why}")).help("`name: Stream<Item>`")
}

pub fn input_pattern() -> Mistake {
    Mistake::new("an input is one name")
        .help("name it here, and take its items apart with `let (a, b) = items;`")
}

pub fn output_type(ty: &str) -> Mistake {
    Mistake::new(format!("`{ty}` is not a stream, and outputs are streams"))
        .help("`Stream<T>`, a tuple of them, or nothing for a pipeline that ends in sinks")
}

pub fn output_lifetime() -> Mistake {
    Mistake::new("the lifetime of an output needs a name")
        .help("`fn name<'a>(lines: Stream<&'a str>) -> Stream<&'a str>`")
}

// ---------------------------------------------------------------- text

pub fn nothing_after_chain() -> Mistake {
    Mistake::new("expected a node after `>>`").help("`>> worker`, or take the `>>` away")
}

pub fn nothing_before_chain() -> Mistake {
    Mistake::new("nothing stands before `>>`")
        .help("`stream >> worker`; where it goes on with the line above, take the `;` away there")
}

pub fn parameter_colon(name: &str) -> Mistake {
    Mistake::new("parameters are bound with `=`, not with `:`")
        .help(format!("`worker({name} = value)`"))
}

pub fn bare_comma() -> Mistake {
    Mistake::new("streams that a node takes together stand in parentheses")
        .help("`(a, b) >> worker`")
}

pub fn wrong_arrow(found: &str) -> Mistake {
    Mistake::new(format!(
        "streams are connected with `>>`, not with `{found}`"
    ))
    .help("`stream >> worker`")
}

pub fn missing_semicolon() -> Mistake {
    Mistake::new("expected `;` at the end of this statement").help("add `;`")
}

pub fn statement(why: &str) -> Mistake {
    Mistake::new(format!("this statement cannot be read: {why}"))
}

pub fn let_without_value() -> Mistake {
    Mistake::new("this `let` has no value").help("`let name = stream >> worker;`")
}

pub fn let_else() -> Mistake {
    Mistake::new("a stream always is there, so `let … else` has nothing to do")
        .help("take `else { … }` away")
}

pub fn stream_pattern() -> Mistake {
    Mistake::new("a stream is given a name, or taken apart by a tuple of names")
        .help("`let name = …;` or `let (a, b) = …;`")
}

// ---------------------------------------------------------------- names

pub fn unknown_stream(name: &str, near: Option<&str>, known: &[String]) -> Mistake {
    let mistake = Mistake::new(format!("no stream named `{name}`"));
    match near {
        Some(near) => mistake.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => mistake,
        None => mistake.help(format!("the streams in scope are {}", list(known))),
    }
}

pub fn used_before(name: &str, at: usize, cycle: Option<&[String]>) -> Mistake {
    let mistake = Mistake::new(format!(
        "`{name}` is used before it is defined{}",
        in_brackets(at)
    ));
    match cycle {
        Some(path) => mistake.help(format!("a pipeline has no cycles: `{}`", path.join(" >> "))),
        None => mistake.help("move its `let` up"),
    }
}

pub fn defined_twice(what: &str, name: &str, first: usize) -> Mistake {
    let first = if first == 0 {
        String::new()
    } else {
        format!(" (first{})", line(first))
    };
    let why = if what == "value" {
        "nodes above hold the first by its name"
    } else {
        "streams are not shadowed"
    };
    Mistake::new(format!("{what} `{name}` is defined twice{first}"))
        .help(format!("rename one ({why})"))
}

pub fn stream_as_node(name: &str) -> Mistake {
    Mistake::new(format!(
        "nothing takes the stream `{name}`: `>> {name}` leads to a worker of that name"
    ))
    .help(format!(
        "to join it: `(…, {name}) >> worker`; to drop it: `let _ = {name};`"
    ))
}

pub fn never_used(name: &str) -> Mistake {
    Mistake::new(format!("the stream `{name}` is never used")).help(format!(
        "return it, give it to a node, or drop it with `let _ = {name};`"
    ))
}

pub fn value_as_node(name: &str) -> Mistake {
    Mistake::new(format!("`{name}` is a value, and items flow into nodes")).help(format!(
        "give it to a worker, `worker(name = {name})`, or use it in a closure, `(|item| … {name} …)`"
    ))
}

pub fn stream_in_closure(name: &str) -> Mistake {
    Mistake::new(format!(
        "the stream `{name}` cannot be used inside a closure"
    ))
    .help(format!(
        "join it, so that the closure is given its items: `(…, {name}) >> (|…, {name}| …)`"
    ))
}

pub fn stream_in_value(name: &str) -> Mistake {
    Mistake::new(format!("the stream `{name}` cannot be part of a value"))
        .help("values are evaluated once, when the pipeline is built, before any item flows")
        .help(format!(
            "to use its items, join it: `(…, {name}) >> worker`"
        ))
}

pub fn type_as_pool(name: &str) -> Mistake {
    Mistake::new(format!("`{name}` is a type, and a node runs on one pool")).help(format!(
        "`{name}::threads(n)`, or a name: `let blocking: {name} = {name}::threads(n);`"
    ))
}

pub fn not_a_pool(text: &str) -> Mistake {
    Mistake::new(format!("`{text}` is not a pool"))
        .help("`.on(Pool::threads(4))`, or a name: `let blocking: Pool = Pool::threads(4);`")
}

pub fn stream_as_pool(name: &str) -> Mistake {
    Mistake::new(format!("`{name}` is a stream, not a pool"))
        .help("`.on(Pool::threads(4))`, or a name: `let blocking: Pool = Pool::threads(4);`")
}

pub fn option_of_run(name: &str) -> Mistake {
    Mistake::new(format!("`.{name}` is for the pipeline as a whole")).help(format!(
        "say it where the pipeline is called: `name(…).{name}(…).start()`"
    ))
}

pub fn unknown_value(name: &str, near: Option<&str>) -> Mistake {
    let mistake = Mistake::new(format!("no value named `{name}`"));
    match near {
        Some(near) => mistake.help(format!("did you mean `{near}`?")),
        None => mistake.help(format!(
            "declare `let {name}: Pool = …;` or take it as an argument"
        )),
    }
}

// ---------------------------------------------------------------- streams

pub fn not_a_stream(text: &str) -> Mistake {
    Mistake::new(format!("`{text}` is not a stream"))
}

pub fn value_needs_type(text: &str, name: &str, ty: &str) -> Mistake {
    not_a_stream(text).help(format!(
        "a value needs a type: `let {name}: {ty} = {text};`"
    ))
}

pub fn positional_value(text: &str, worker: &str) -> Mistake {
    not_a_stream(text).help(format!(
        "parameters are named: `{worker}(…, name = {text})`"
    ))
}

pub fn closure_without_input() -> Mistake {
    Mistake::new("nothing flows into this closure").help("`stream >> (|item| …)`")
}

pub fn closure_as_value(name: &str) -> Mistake {
    closure_without_input().help(format!(
        "to keep one as a value: `let {name}: fn(_) -> _ = …;`"
    ))
}

pub fn value_as_stream(name: &str) -> Mistake {
    Mistake::new(format!("`{name}` is a value, not a stream")).help(format!(
        "give it to a worker as a parameter, `worker(name = {name})`, or use it in a closure"
    ))
}

pub fn arithmetic(text: &str) -> Mistake {
    not_a_stream(text)
        .help("items are computed with in a node: `stream >> (|x| …)`, `(a, b) >> (|a, b| …)`")
}

pub fn index(text: &str) -> Mistake {
    not_a_stream(text).help("to index each item: `stream >> (|item| item[…])`")
}

pub fn block() -> Mistake {
    Mistake::new("a stream does not stand in braces")
        .help("take the braces away; to group, use parentheses")
}

pub fn assignment(name: &str) -> Mistake {
    Mistake::new("a stream gets its name by `let`, once").help(format!("`let {name} = …;`"))
}

pub fn no_loops(word: &str) -> Mistake {
    Mistake::new(format!(
        "a pipeline has no `{word}`: every item goes through each node by itself"
    ))
    .help("`stream >> (|item| …)`")
}

pub fn no_branches() -> Mistake {
    Mistake::new("a pipeline's shape is fixed, so it has no `if`")
        .help("decide for each item: `stream >> (|item| if … { … } else { … })`")
        .help("decide once: write two pipelines, and choose which one to call")
}

pub fn question_mark() -> Mistake {
    Mistake::new("`?` has nothing to do here: an item's `Err` becomes a fault, which passes by")
        .help("take the `?` away")
}

pub fn no_return(promised: bool) -> Mistake {
    let mistake = Mistake::new("a pipeline does not return, its last line is its outputs");
    if promised {
        mistake.help("take `return` and the `;` away")
    } else {
        mistake.help("take `return` away")
    }
}

pub fn brackets() -> Mistake {
    Mistake::new("streams stand together in parentheses, not in brackets").help("`(a, b)`")
}

pub fn macro_call(name: &str) -> Mistake {
    Mistake::new(format!("`{name}!` is not a stream"))
        .help(format!(
            "for each item: `stream >> (|item| {{ {name}!(…); item }})`"
        ))
        .help("once: outside of the pipeline, before it runs")
}

pub fn nothing_called(name: &str, worker: &str) -> Mistake {
    Mistake::new(format!("`{worker}` is given no stream"))
        .help(format!("`{worker}(stream)` or `stream >> {worker}`"))
        .help(format!(
            "a value needs a type: `let {name}: … = {worker}();`"
        ))
}

pub fn worker_without_input(worker: &str) -> Mistake {
    Mistake::new(format!("`{worker}` is given no stream"))
        .help(format!("`{worker}(stream)` or `stream >> {worker}`"))
}

pub fn streams_twice(worker: &str) -> Mistake {
    Mistake::new(format!("`{worker}` is given streams from both sides")).help(format!(
        "join them in front of it: `(first, second) >> {worker}`"
    ))
}

pub fn tuple_of_streams(n: usize) -> Mistake {
    Mistake::new(format!("{} where one is meant", count(n, "stream")))
        .help("join them in a node: `(a, b) >> worker`, or name each: `let (a, b) = …;`")
}

pub fn pattern_size(names: usize, streams: usize) -> Mistake {
    Mistake::new(format!(
        "{} for {}",
        count(names, "name"),
        count(streams, "stream")
    ))
    .help("give each stream one name; `_` drops one")
}

pub fn empty_join() -> Mistake {
    Mistake::new("nothing flows from `()`").help("put streams in it: `(a, b) >> worker`")
}

pub fn method_as_node(text: &str) -> Mistake {
    Mistake::new(format!(
        "`{text}` is a function of a type, and nodes are workers"
    ))
    .help(format!("call it in a closure: `>> (|item| {text}(item))`"))
    .help("or in a function of its own, with `#[worker]` above it")
}

pub fn not_a_node(text: &str) -> Mistake {
    Mistake::new(format!("`{text}` is not a node"))
        .help("a node is a worker's name, a worker with parameters `worker(name = value)`, or a closure in parentheses")
}

pub fn option_on_stream(option: &str, stream: &str) -> Mistake {
    Mistake::new(format!(
        "`.{option}` is an option of nodes, and `{stream}` is a stream"
    ))
    .help(format!(
        "put it behind a node: `{stream} >> worker.{option}(…)`"
    ))
}

pub fn method_of_stream(method: &str, stream: &str) -> Mistake {
    let mistake = Mistake::new(format!("the stream `{stream}` has no method `.{method}()`"));
    match method {
        "map" | "inspect" | "and_then" | "cloned" | "copied" => {
            mistake.help(format!("`{stream} >> worker`, or `{stream} >> (|item| …)`"))
        }
        "filter_map" => mistake.help(format!("`{stream} >> (|item| …an `Option`…).filter()`")),
        "zip" | "chain" => mistake.help(format!("to take items in pairs: `({stream}, other) >> worker`")),
        "merge" => mistake.help(format!("`merge({stream}, other)`")),
        "for_each" => mistake.help(format!("`{stream} >> worker;`, with a worker that returns nothing")),
        "collect" => mistake.help("return it; where the pipeline is called, `.collect()` runs it"),
        "enumerate" | "scan" | "reduce" | "sum" | "count" | "take" | "skip" => mistake.help(format!(
            "what is kept from item to item is the state of a worker: `{stream} >> worker.serial()`, or `.fold()`"
        )),
        _ => mistake
            .help(format!("to send it to a worker: `{stream} >> {method}`"))
            .help(format!("to call a method of each item: `{stream} >> (|item| item.{method}(…))`")),
    }
}

pub fn filter_on_stream(stream: &str) -> Mistake {
    option_on_stream("filter", stream).help(format!(
        "with a closure: `{stream} >> (|item| (…).then_some(item)).filter()`"
    ))
}

pub fn option_argument_filter() -> Mistake {
    Mistake::new(
        "`.filter()` takes no closure: the worker decides, by the `Option` that it returns",
    )
    .help("`>> (|item| (…).then_some(item)).filter()`")
}

pub fn options_before_parameters(worker: &str) -> Mistake {
    Mistake::new(format!(
        "the parameters of `{worker}` stand behind its options"
    ))
    .help(format!("`{worker}(name = value).option()`"))
}

pub fn option_without_parentheses(worker: &str, option: &str) -> Mistake {
    Mistake::new(format!("the option `.{option}` misses its parentheses"))
        .help(format!("`{worker}.{option}()`"))
}

pub fn option_on_chain() -> Mistake {
    Mistake::new("options belong to one node, not to a chain")
        .help("put them behind each node that they are for")
}

pub fn option_on_fan() -> Mistake {
    Mistake::new("options belong to one node")
        .help("put them behind each node that they are for, inside the parentheses or after `>>`")
}

pub fn closure_swallows() -> Mistake {
    Mistake::new("this closure's body swallows the rest of the chain")
        .help("put it in parentheses: `>> (|item| …) >> …`")
}

pub fn closure_kind(word: &str) -> Mistake {
    Mistake::new(format!(
        "a closure in a pipeline is a plain one, without `{word}`"
    ))
    .help(format!("take `{word}` away"))
}

pub fn closure_of_group(takes: usize, size: u64) -> Mistake {
    let names = ["a", "b", "c", "d"];
    let pattern = match usize::try_from(size)
        .ok()
        .and_then(|size| names.get(..size))
    {
        Some(names) => names.join(", "),
        None => "first, ..".to_owned(),
    };
    Mistake::new(format!(
        "`.consume({size})` gives a closure one argument, the group, and this one takes {takes}"
    ))
    .help(format!(
        "`(|[{pattern}]| …)`, or `(|group| …)` to take a `Vec`"
    ))
}

pub fn closure_arity(takes: usize, given: usize, tuple: bool) -> Mistake {
    let are = if given == 1 { "is" } else { "are" };
    if tuple {
        return Mistake::new(format!(
            "a join gives a closure its items one by one, and this one takes a tuple of {given}"
        ))
        .help("take the inner parentheses away: `(|a, b| …)`");
    }
    Mistake::new(format!(
        "this closure takes {}, {given} {are} given",
        count(takes, "item")
    ))
    .help("one argument for each stream that flows in, `(a, b) >> (|a, b| …)`")
}

pub fn state_without_mode() -> Mistake {
    Mistake::new("`state = …` sets the first state, and this node does not say how it keeps one")
        .help("add `.serial()` (one output for each item) or `.fold()` (the state comes out at the end)")
}

pub fn parameter_name() -> Mistake {
    Mistake::new("expected the parameter's name in front of `=`").help("`worker(name = value)`")
}

pub fn parameter_twice(name: &str) -> Mistake {
    Mistake::new(format!("`{name}` is given twice")).help("take one away")
}

pub fn parameters_of_closure() -> Mistake {
    Mistake::new("a closure has no parameters, it captures the values that it mentions")
        .help("name the value, `let by: T = …;`, and use it inside: `(|item| item * by)`")
}

pub fn value_changed(name: &str) -> Mistake {
    Mistake::new(format!(
        "`{name}` cannot be changed here: calls of this closure run at the same time, and all of them see it"
    ))
    .help(format!(
        "keep it as a state: `#[worker] fn name({name}: &mut T, item: Item) -> Out`, and `.serial()` or `.fold()` at the node; or share an atomic, or a `Mutex`"
    ))
}

pub fn idle_statement(text: &str) -> Mistake {
    Mistake::new(format!("this statement does nothing with `{text}`")).help(format!(
        "send it to a sink: `{text} >> worker;`, or drop it: `let _ = {text};`"
    ))
}

// ---------------------------------------------------------------- options

pub fn unknown_option(name: &str, near: Option<&str>, known: &[&str]) -> Mistake {
    let mistake = Mistake::new(format!("unknown option `.{name}`"));
    match near {
        Some(near) => mistake.help(format!("did you mean `.{near}`?")),
        None => mistake.help(format!("the options are .{}", known.join(", ."))),
    }
}

pub fn option_arguments(name: &str, form: &str) -> Mistake {
    Mistake::new(format!("`.{name}` is written `.{form}`"))
}

pub fn option_twice(name: &str) -> Mistake {
    Mistake::new(format!("`.{name}` is given twice")).help("take one away")
}

pub fn options_contradict(second: &str, first: &str, why: &str) -> Mistake {
    Mistake::new(format!("`.{second}` contradicts `.{first}`: {why}"))
        .help("take one of the two away")
}

pub fn option_of_pipeline(name: &str) -> Mistake {
    Mistake::new(format!(
        "`.{name}` is an option of nodes, and a pipeline has nodes of its own"
    ))
    .help("say it inside of that pipeline; of a pipeline as a node there is `.named(\"…\")`")
}

pub fn state_of_pipeline() -> Mistake {
    Mistake::new("a pipeline keeps no state, its nodes do")
        .help("give the state where the node stands, inside of that pipeline")
}

pub fn zero(name: &str) -> Mistake {
    let why = match name {
        "spawn" => "would never evaluate an item",
        "produce" | "repeat" => "would swallow every item",
        "consume" => "would make groups without items",
        "retry" => "would try nothing again",
        _ => "would hold no item",
    };
    Mistake::new(format!("`.{name}(0)` {why}")).help("use 1 or more")
}

pub fn not_a_duration(text: &str, is_number: bool) -> Mistake {
    let mistake = Mistake::new(format!("`.timeout` takes a duration, and `{text}` is none"));
    if is_number {
        mistake.help(format!(
            "say of what: `.timeout(secs({text}))`, `.timeout(millis({text}))`"
        ))
    } else {
        mistake.help("`.timeout(secs(5))`, `.timeout(millis(200))`, or any other `Duration`")
    }
}

pub fn no_time(text: &str) -> Mistake {
    Mistake::new(format!("`.timeout({text})` leaves a call no time"))
        .help("give it a millisecond at least: `.timeout(millis(1))`")
}

pub fn rate_in_text(option: &str, text: &str) -> Mistake {
    Mistake::new(format!(
        "`.{option}` takes a number that stands in the text, and `{text}` stands for one"
    ))
    .help(format!(
        "write the number, `.{option}(2)`: the rates of streams that meet are checked when the pipeline is compiled"
    ))
}

pub fn rate_not_whole(option: &str, text: &str) -> Mistake {
    Mistake::new(format!(
        "`.{option}` takes a whole number from 1 to {}, and not `{text}`",
        u32::MAX
    ))
    .help(format!("`.{option}(2)`"))
}

pub fn fallible_worker(worker: &str) -> Mistake {
    Mistake::new("`.fallible()` is for closures; a worker says so itself")
        .help(format!("a `Result` that `{worker}` returns is recognised; else write `#[worker(fallible)]` above it"))
}

pub fn fold_closure() -> Mistake {
    Mistake::new("`.fold()` needs state, and a closure keeps none")
        .help("write a worker whose first argument is `state: &mut S`")
}

pub fn option_not_yet(name: &str) -> Mistake {
    let mistake = Mistake::new(format!("`.{name}` is not supported yet"));
    match name {
        "await" => mistake.help("block inside the worker, and run it `.on(Pool::threads(n))`"),
        _ => mistake.help("`.on(Pool::threads(n))` runs it on threads of its own"),
    }
}

pub fn match_behind_chain() -> Mistake {
    Mistake::new("a route stands in front: what it matches is a stream")
        .help("`match stream >> worker { Pattern(x) => x >> other, _ => skip }`")
}

pub fn no_arms() -> Mistake {
    Mistake::new("this route has no arms")
        .help("`match stream { Pattern(x) => x >> worker, _ => skip }`")
}

pub fn option_of_route() -> Mistake {
    Mistake::new("a route is no node, so it has no options")
        .help("put the option behind a node in an arm, or behind one that follows: `match … { … } >> worker.option()`")
}

pub fn every_arm_skips() -> Mistake {
    Mistake::new("every arm of this route is `skip`, so no item comes out of it")
        .help("let an arm give a stream, `Pattern(x) => x`, or drop the stream with `let _ = …;`")
}

pub fn bound_by_reference(name: &str) -> Mistake {
    Mistake::new(format!(
        "a route takes its items apart, and `ref {name}` would only borrow from one"
    ))
    .help("take `ref` away")
}

/// An arm whose stream is not counted as the route's items are; what it comes from, or how many it brings.
pub fn arm_of_other_slots(
    arm: &str,
    begun: Option<Beginning>,
    each: Option<(u64, u64)>,
) -> Mistake {
    let why = match (begun, each) {
        (_, Some((1, n))) => format!("`{arm}` brings {n}"),
        (_, Some((n, m))) => format!("`{arm}` brings {m} for every {n}"),
        (Some(Beginning::Fold(_)), _) => format!("`{arm}` comes out of `.fold()`"),
        (Some(Beginning::Flat(_)), _) => format!("`{arm}` comes out of `.flat()`"),
        (Some(Beginning::Groups(_)), _) => format!("`{arm}` comes in groups"),
        (Some(Beginning::Merge(_)), _) => {
            format!("`{arm}` is merged of streams of different origin")
        }
        _ => format!("`{arm}` is counted anew"),
    };
    Mistake::new(format!(
        "an arm whose value is used gives one item for each that takes it, and {why}"
    ))
    .help("put that behind the route: `match … { … } >> worker`")
    .help("or end every arm in a sink, and the route in `;`: then each arm does as it likes")
}

pub fn value_in_arm(text: &str) -> Mistake {
    not_a_stream(text).help(format!(
        "an arm gives a stream; for the same item each time: `x => x >> (|_| {text})`"
    ))
}

pub fn arm_block() -> Mistake {
    Mistake::new("an arm is one stream, and this one has statements")
        .help("write it as one chain, or move it to a pipeline of its own: `x >> other.pipeline()`")
}

pub fn stream_in_guard(name: &str) -> Mistake {
    Mistake::new(format!(
        "the stream `{name}` cannot be used in a guard, which looks at one item"
    ))
    .help(format!(
        "match on both: `match (…, {name}) {{ (x, y) if … => … }}`"
    ))
}

pub fn merge_of_one() -> Mistake {
    Mistake::new("`merge` takes two streams or more").help("`merge(a, b)`")
}

pub fn merge_of_join() -> Mistake {
    Mistake::new("`merge` takes streams one by one, and not a join of them").help("`merge(a, b)`")
}

pub fn option_of_merge() -> Mistake {
    Mistake::new("`merge` evaluates nothing, so it has no options")
        .help("put the option behind a node: `merge(a, b) >> worker.option()`")
}

pub fn parameter_of_merge() -> Mistake {
    Mistake::new("`merge` has no parameters, it takes streams").help("`merge(a, b)`")
}

pub fn skip_reserved() -> Mistake {
    Mistake::new("`skip` is an arm of a `match` route, and nothing else")
        .help("`match stream { Pattern(x) => x >> worker, _ => skip }`")
}

// ---------------------------------------------------------------- outputs and lineages

pub fn output_count(promised: usize, given: usize) -> Mistake {
    let be = if given == 1 { "is" } else { "are" };
    Mistake::new(format!(
        "the header promises {}, {given} {be} given",
        count(promised, "output")
    ))
    .help("make the header and the last line agree")
}

pub fn no_outputs(promised: usize, semicolon: bool) -> Mistake {
    let mistake = Mistake::new(format!(
        "the header promises {}, and the body gives none",
        count(promised, "output")
    ));
    if semicolon {
        mistake.help("take the last `;` away, or end with the streams' names")
    } else {
        mistake.help("end the body with the streams' names")
    }
}

pub fn unexpected_output() -> Mistake {
    Mistake::new("the header promises no output")
        .help("add `-> Stream<…>` to the header, or drop it with `let _ = …;`")
}

pub fn unnamed_output() -> Mistake {
    Mistake::new("name this output with `let` first; its name is the run's field")
        .help("`let name = …;` and here `name`")
}

pub fn output_twice(name: &str) -> Mistake {
    Mistake::new(format!(
        "the output `{name}` is given twice, and each is a field of the run"
    ))
    .help(format!(
        "give the second a name of its own: `let other = {name};`"
    ))
}

pub fn lineage(odd: &str, other: &str, begun: Beginning) -> Mistake {
    let (from, help) = match begun {
        Beginning::Fold(_) => (
            "comes out of `.fold()`",
            "`.fold()` gives one item at the end: return both as outputs, or fold both in one worker",
        ),
        Beginning::Flat(_) => (
            "comes out of `.flat()`",
            "fork behind the `.flat()`, or carry what belongs to each item along in it",
        ),
        Beginning::Groups(_) => (
            "is grouped behind a `.filter()`, a `skip` or an arm, which leave holes,",
            "group first and filter then, or return `None` for a whole group",
        ),
        Beginning::Merge(_) => (
            "is merged of streams of different origin",
            "merge behind the join, or carry what belongs to each item along in it",
        ),
        Beginning::Pipeline(_) | Beginning::Input(_) => (
            "is counted anew",
            "carry what belongs to each item along in it",
        ),
    };
    Mistake::new(format!(
        "`{odd}` {from} and cannot be paired with `{other}` by position"
    ))
    .help(help)
}

pub fn rates((a, b): (&str, &str), (many, few): (u64, u64), join: &str) -> Mistake {
    // `a` brings `many` slots for every `few` of `b`
    let ((slow, n), (fast, m)) = if many < few {
        ((a, many), (b, few))
    } else {
        ((b, few), (a, many))
    };
    let mistake = Mistake::new(format!(
        "`{slow}` brings {} for every {m} of `{fast}` at `{join}`",
        count(n as usize, "item")
    ));
    if n == 1 {
        mistake.help(format!(
            "`.repeat({m})` on what gives `{slow}`, or `.consume({m})` on what takes `{fast}`"
        ))
    } else {
        mistake
            .help(format!(
                "`.repeat({m})` on what gives `{slow}`, and `.repeat({n})` on what gives `{fast}`"
            ))
            .help(format!(
                "or `.consume({n})` on what takes `{slow}`, and `.consume({m})` on what takes `{fast}`"
            ))
    }
}

// ---------------------------------------------------------------- papy itself

pub fn bug(what: &str) -> Mistake {
    Mistake::new(format!("papy bug: {what}, please report it"))
        .help("https://github.com/papy-rs/papy/issues")
}
