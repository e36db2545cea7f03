//! A server over a small chain, asked as clients ask.

mod ashlar;
mod blocks;
mod calls;
mod clients;
mod debug;
mod estimates;
mod fees;
mod hostile;
mod limits;
mod logs;
mod send;
mod state;
mod subscriptions;
mod world;
