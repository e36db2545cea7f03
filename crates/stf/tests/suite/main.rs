//! Tests of the state transition function: one negative test per line of `specs/004-block-execution.md`, hostile
//! witnesses and encodings, and random blocks against another state implementation.

mod body;
mod code;
mod differential;
mod encoding;
mod execution;
mod header;
mod hostile;
mod keys;
mod lifecycle;
mod reference;
mod rollup;
mod transactions;
mod witness;
mod world;
