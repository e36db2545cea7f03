//! The table of methods.

use crate::{
    api::{Api, Method, Work},
    arguments::Arguments,
    eth,
};
use jsonrpsee::{RpcModule, core::RegisterMethodError, types::ErrorObjectOwned};

/// The methods of a server.
pub(crate) struct Methods {
    pub(crate) module: RpcModule<Api>,
}

impl Methods {
    /// All methods.
    pub(crate) fn all(api: Api) -> Result<RpcModule<Api>, RegisterMethodError> {
        let mut methods = Self { module: RpcModule::new(api) };
        eth::register(&mut methods)?;
        Ok(methods.module)
    }

    /// Adds a method.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        work: Work,
        method: Method,
    ) -> Result<(), RegisterMethodError> {
        let callback = move |params: jsonrpsee::types::Params<'static>, api: std::sync::Arc<Api>, _| async move {
            let arguments = Arguments::parse(params.as_str())?;
            api.run(work, method, arguments).await.map_err(ErrorObjectOwned::from)
        };
        self.module.register_async_method(name, callback).map(drop)
    }
}
