//! What fuzzing found, and what it began with, on every machine: the seeds of the fuzz targets, and texts by grammar from fixed
//! seeds.

use proc_macro2::TokenStream;

use super::{laws, texts};

/// The files of a target, where these are at hand.
fn seeds(target: &str) -> Vec<String> {
    let folder = format!("{}/../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).into_iter().flatten();
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn seeds_of_pipelines_keep_the_laws() {
    for text in seeds("pipeline_text") {
        laws::pipeline_text(&text);
    }
}

#[test]
fn seeds_of_workers_keep_the_laws() {
    for text in seeds("worker_text") {
        laws::worker_text(&text);
    }
}

/// Calls with so many byte strings at random, each of another seed.
fn at_random(times: u64, mut check: impl FnMut(&[u8])) {
    for seed in 1..=times {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let bytes: Vec<u8> = (0..256)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 33) as u8
            })
            .collect();
        check(&bytes);
        laws::forget_places();
    }
}

#[test]
fn pipelines_by_grammar_keep_the_laws() {
    let mut right = 0;
    at_random(1000, |bytes| {
        right += u32::from(laws::pipeline_grammar(bytes));
    });
    assert!(right > 150, "{right}");
}

#[test]
fn workers_by_grammar_keep_the_laws() {
    let mut right = 0;
    at_random(2000, |bytes| {
        right += u32::from(laws::worker_grammar(bytes));
    });
    assert!(right > 300, "{right}");
}

#[test]
fn many_tokens_change() {
    let text: TokenStream = "fn p(xs: Stream<u8>) -> Stream<u8> { xs >> f }"
        .parse()
        .unwrap();
    let mut changed = 0;
    at_random(100, |bytes| {
        let after = texts::mutated(text.clone(), &mut texts::Dice::new(bytes));
        changed += u32::from(after.to_string() != text.to_string());
    });
    assert!((20..80).contains(&changed), "{changed}");
}
