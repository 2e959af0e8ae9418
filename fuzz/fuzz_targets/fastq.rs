//! Any bytes as the FASTQ that the example `read_stats` reads; the first says how large its buffer is.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| papy_fuzz::fastq(bytes));
