//! A server over a small chain, asked as clients ask.

mod blocks;
mod calls;
mod estimates;
mod fees;
mod hostile;
mod limits;
mod logs;
mod send;
mod state;
mod subscriptions;
mod world;
