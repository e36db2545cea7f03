//! The table of methods.

use crate::{
    api::{Answer, Api, Method, Work},
    arguments::Arguments,
    ashlar, debug, eth, net, txpool,
};
use jsonrpsee::{
    RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use std::sync::Arc;

/// The methods of a server.
pub(crate) struct Methods {
    pub(crate) module: RpcModule<Api>,
}

impl Methods {
    /// All methods.
    pub(crate) fn all(api: Api) -> Result<RpcModule<Api>, RegisterMethodError> {
        let mut methods = Self { module: RpcModule::new(api) };
        ashlar::register(&mut methods)?;
        eth::register(&mut methods)?;
        debug::register(&mut methods)?;
        net::register(&mut methods)?;
        txpool::register(&mut methods)?;
        Ok(methods.module)
    }

    /// Adds a method that blocks its thread.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        work: Work,
        method: Method,
    ) -> Result<(), RegisterMethodError> {
        self.add_waiting(name, move |api, params| async move {
            let arguments = Arguments::parse(params.as_str())?;
            api.run(work, move |api| method(api, arguments)).await
        })
    }

    /// Adds a method that waits, and so must not have a thread meanwhile.
    pub(crate) fn add_waiting<F>(
        &mut self,
        name: &'static str,
        method: impl Fn(Arc<Api>, Params<'static>) -> F + Clone + Send + Sync + 'static,
    ) -> Result<(), RegisterMethodError>
    where
        F: Future<Output = Answer> + Send,
    {
        let callback = move |params, api, _| {
            let answer = method(api, params);
            async { answer.await.map_err(ErrorObjectOwned::from) }
        };
        self.module.register_async_method(name, callback).map(drop)
    }
}
