//! Calls, events and errors of the contracts, made of the interfaces in `contracts/artifacts/rollup`.

#![allow(missing_docs)] // The contracts' sources say it.

/// The contract of a chain.
pub mod chain {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        RollupChain,
        "../../contracts/artifacts/rollup/RollupChain.json"
    );
}

/// The registry of chains.
pub mod hub {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        Bridgehub,
        "../../contracts/artifacts/rollup/Bridgehub.json"
    );
}

/// Roots of executed batches.
pub mod message_root {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        MessageRoot,
        "../../contracts/artifacts/rollup/MessageRoot.json"
    );
}

/// What chains can run.
pub mod versions {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        ProtocolVersions,
        "../../contracts/artifacts/rollup/ProtocolVersions.json"
    );
}

/// The bridge on Ethereum.
pub mod router {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        AssetRouter,
        "../../contracts/artifacts/rollup/AssetRouter.json"
    );
}

/// What holds the assets on Ethereum.
pub mod vault {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        Vault,
        "../../contracts/artifacts/rollup/Vault.json"
    );
}

/// The bridge on a chain.
pub mod l2_router {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        L2AssetRouter,
        "../../contracts/artifacts/rollup/L2AssetRouter.json"
    );
}

/// Bridged tokens of a chain.
pub mod l2_vault {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        L2Vault,
        "../../contracts/artifacts/rollup/L2Vault.json"
    );
}

/// What sends messages from a chain.
pub mod messenger {
    alloy_sol_types::sol!(
        #[sol(all_derives)]
        Messenger,
        "../../contracts/artifacts/rollup/Messenger.json"
    );
}
