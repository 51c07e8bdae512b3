# The front door: `just` lists what can be done here.
default:
    @just --list

# Run everything: the gateway on 127.0.0.1:4566, and a node for each region at its first request
up *OPTIONS:
    cargo run --release -- up {{OPTIONS}}

# What CI runs
dev:
    .ci/run

# Every test; arguments go to pytest
test *ARGUMENTS:
    tests/run {{ARGUMENTS}}

# Side by side with a ceiling and a peer; prints a table
bench *OPTIONS:
    tests/bench {{OPTIONS}}

# Format and lint
fix:
    cargo fmt --all
    cargo clippy --workspace --all-targets --fix --allow-dirty -- -D warnings

# Write the schema of the actions in proto/import/families.toml
import:
    python3 proto/import/import.py
