//! Workers.

use super::dice::Dice;

/// The text of a worker: what stands in the attribute's parentheses, and the function.
pub fn worker(dice: &mut Dice) -> (String, String) {
    let attr = match dice.below(6) {
        0 => dice.one(&[
            "fallible,",
            "falible",
            "fallible = true",
            "async",
            "fallible(), fallible",
        ]),
        1 => "fallible",
        _ => "",
    };
    let mut args = Vec::new();
    if dice.once_in(3) {
        args.push(format!("state: &mut {}", dice.kind(1)));
    }
    let input = |dice: &mut Dice| {
        let name = dice.one(&[
            "x",
            "mut y",
            "(a, b)",
            "_",
            "[c, ..]",
            "S { d, .. }",
            "r#in",
            "&e",
            "ref g",
            "x",
        ]);
        format!(
            "{name}: {}{}",
            dice.one(&["", "", "&", "&'a "]),
            dice.kind(2)
        )
    };
    args.extend(dice.pieces(1, 3, input));
    let param = |dice: &mut Dice| {
        let name = dice.one(&["k", "mut to", "by", "r#in", "k2", "of", "at", "_"]);
        format!(
            "#[param] {name}: {}{}",
            dice.one(&["", "&", "&'a "]),
            dice.kind(2)
        )
    };
    args.extend(dice.pieces(0, 2, param));
    if dice.once_in(4) {
        args.push(format!(
            "#[local({})] buf: &mut {}",
            dice.value(2),
            dice.kind(1)
        ));
    }
    let output = match dice.below(6) {
        0 => String::new(),
        1 => format!(" -> impl Iterator<Item = {}> + use<'a, T>", dice.kind(1)),
        _ => format!(" -> {}", dice.kind(3)),
    };
    let before = dice.one(&[
        "",
        "",
        "pub ",
        "/// Documented.\n",
        "#[cfg(test)] pub(super) ",
        "",
        "",
        "async ",
        "unsafe ",
        "const ",
        "extern \"C\" ",
    ]);
    let generics = dice.one(&[
        "",
        "",
        "<'a>",
        "<'a, T: Clone + 'a, const N: usize>",
        "<T, U = u8>",
        "<'a: 'b, 'b, T: ?Sized>",
        "<const N: usize>",
    ]);
    let bounds = dice.one(&[
        "",
        "",
        " where T: Send",
        " where for<'x> F: Fn(&'x u8) -> u8,",
    ]);
    let body = dice.value(2);
    let item = format!(
        "{before}fn f{generics}({}){output}{bounds} {{ {body} }}",
        args.join(", ")
    );
    (attr.to_owned(), item)
}
