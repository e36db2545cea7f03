//! Methods of the namespace `debug`.

mod calls;
mod looks;
mod trace;
mod witness;

use crate::methods::Methods;
use jsonrpsee::core::RegisterMethodError;

pub(crate) fn register(methods: &mut Methods) -> Result<(), RegisterMethodError> {
    trace::register(methods)?;
    witness::register(methods)
}
