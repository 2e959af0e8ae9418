//! Any lines as the command line of the example `read_stats`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papy_fuzz::arguments(bytes));
