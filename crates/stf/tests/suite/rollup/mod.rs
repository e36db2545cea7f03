//! Tests of the rollup's rules: `specs/015-rollup-blocks.md` to `specs/020-proving-cost.md`.

mod batch;
mod blocks;
mod cost;
mod fees;
mod limits;
mod messages;
mod operations;
mod upgrades;
mod vectors;
mod world;
