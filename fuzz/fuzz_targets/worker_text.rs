//! Any text as what stands in `#[worker(…)]`, on the first line, and as the function.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    papy_fuzz::laws::worker_text(text);
    papy_fuzz::laws::forget_places();
});
