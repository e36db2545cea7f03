//! Methods of the namespace `ashlar`: what a rollup has and Ethereum has no methods for.

mod batch;
mod chain;
mod message;
mod operation;
mod stage;
mod transaction;
mod withdrawals;

use crate::methods::Methods;
use jsonrpsee::core::RegisterMethodError;

pub(crate) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    chain::register(methods)?;
    batch::register(methods)?;
    message::register(methods)?;
    operation::register(methods)?;
    withdrawals::register(methods)?;
    transaction::register(methods)
}
