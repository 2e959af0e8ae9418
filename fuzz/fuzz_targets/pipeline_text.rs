//! Any text as what stands in `pipeline! { … }`.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    papy_fuzz::laws::pipeline_text(text);
    papy_fuzz::laws::forget_places();
});
