//! Methods of the namespace `eth`.

mod chain;

use crate::methods::Methods;
use jsonrpsee::core::RegisterMethodError;

pub(crate) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    chain::register(methods)
}
