#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| archipelago_gateway::fuzzing::policy(data));
