//! Methods of the namespace `eth`.

pub(crate) mod blocks;
pub(crate) mod call;
mod chain;
mod estimate;
mod fees;
mod logs;
mod send;
mod state;
mod subscribe;

use crate::methods::Methods;
use jsonrpsee::core::RegisterMethodError;

pub(crate) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    chain::register(methods)?;
    blocks::register(methods)?;
    state::register(methods)?;
    call::register(methods)?;
    estimate::register(methods)?;
    fees::register(methods)?;
    logs::register(methods)?;
    send::register(methods)?;
    subscribe::register(methods)
}
