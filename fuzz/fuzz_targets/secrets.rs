//! See `secrets` in `../src/`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jobrisk_fuzz::run("secrets", input));
