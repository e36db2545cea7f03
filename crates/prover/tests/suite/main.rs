//! Runs of real programs against the constraints of all tables.

mod attacks;
mod programs;
mod session;
mod support;
mod traces;
