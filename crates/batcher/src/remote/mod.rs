//! Workers in other processes: jobs by HTTP.

mod client;
mod server;
mod token;
mod wire;

pub use client::RemoteJobs;
pub use server::{JobServer, ServerError};
pub use token::{Token, TokenError};
