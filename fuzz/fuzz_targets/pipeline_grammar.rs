//! A pipeline by grammar, with tokens lost, doubled and exchanged.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    papy_fuzz::laws::pipeline_grammar(bytes);
    papy_fuzz::laws::forget_places();
});
