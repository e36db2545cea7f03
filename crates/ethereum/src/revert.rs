//! Why contracts revert, in their words.

use alloy_primitives::Selector;
use alloy_sol_types::{Panic, Revert, SolError};
use ashlar_contracts::{Artifact, Contract};
use ashlar_settlement::abi::{
    chain::RollupChain::RollupChainErrors, hub::Bridgehub::BridgehubErrors,
    message_root::MessageRoot::MessageRootErrors, router::AssetRouter::AssetRouterErrors,
    vault::Vault::VaultErrors, versions::ProtocolVersions::ProtocolVersionsErrors,
};

/// Name and types of the error that this is the data of, as `ProofLength()`, or the text of one that has one. `None` if it is
/// none of the contracts of this project.
pub fn revert_reason(data: &[u8]) -> Option<String> {
    if let Ok(Revert { reason }) = Revert::abi_decode(data) {
        return Some(reason);
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return Some(panic.to_string());
    }
    let selector: [u8; 4] = *data.first_chunk()?;
    let signature = RollupChainErrors::signature_by_selector(selector)
        .or_else(|| ProtocolVersionsErrors::signature_by_selector(selector))
        .or_else(|| BridgehubErrors::signature_by_selector(selector))
        .or_else(|| MessageRootErrors::signature_by_selector(selector))
        .or_else(|| AssetRouterErrors::signature_by_selector(selector))
        .or_else(|| VaultErrors::signature_by_selector(selector));
    signature.map(str::to_owned).or_else(|| error_of_verifier(data))
}

/// The same for every error: of those that are not known it is the selector.
pub(crate) fn reason_or_selector(data: &[u8]) -> String {
    revert_reason(data).unwrap_or_else(|| match data.first_chunk::<4>() {
        Some(selector) => format!("an error with the selector {}", Selector::from(*selector)),
        None => "no reason given".to_owned(),
    })
}

fn error_of_verifier(data: &[u8]) -> Option<String> {
    let artifacts = [Contract::FinalVerifier, Contract::VerifiedStatements];
    artifacts.into_iter().find_map(|contract| Artifact::load(contract).ok()?.error(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{U256, keccak256};

    #[test]
    fn errors_have_their_names() {
        let selector = |signature: &str| keccak256(signature)[..4].to_vec();
        for signature in ["BatchTooFar(uint64,uint64)", "CallerNotAdmin(address)", "ProofLength()"] {
            assert_eq!(revert_reason(&selector(signature)).as_deref(), Some(signature));
        }
        let text = Revert { reason: "not today".into() }.abi_encode();
        assert_eq!(revert_reason(&text).as_deref(), Some("not today"));
        let panic = Panic { code: U256::from(0x11) }.abi_encode();
        assert!(revert_reason(&panic).unwrap().contains("overflow"));
    }

    #[test]
    fn what_is_not_known_is_not_named() {
        for data in [&[][..], &[1, 2, 3], &[1, 2, 3, 4]] {
            assert_eq!(revert_reason(data), None);
        }
        assert_eq!(reason_or_selector(&[1, 2, 3, 4, 5]), "an error with the selector 0x01020304");
        assert_eq!(reason_or_selector(&[]), "no reason given");
    }
}
