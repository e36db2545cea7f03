//! The Ethereum that a chain settles on: one that is named, or one of its own.

use super::{Arguments, anvil::Anvil, folder::Folder, view::Shown};
use ashlar_node::Settings;

/// Port of an anvil of one's own, if nothing says another.
const PORT: u16 = 8_545;

/// It ends with the value if it is the chain's own.
pub(super) struct Ethereum {
    anvil: Option<Anvil>,
    /// Its JSON-RPC.
    pub(super) url: String,
}

impl Ethereum {
    /// The one that is named, otherwise the one that the folder was begun with; a new folder gets one of its own. `kept` is what the
    /// folder's configuration says, if there is one.
    pub(super) fn find(
        arguments: &Arguments,
        folder: &Folder,
        kept: Option<&Settings>,
        shown: &Shown,
    ) -> eyre::Result<Self> {
        let named = arguments.l1.clone().or_else(|| {
            let of_others = kept.filter(|_| !Anvil::was_in(folder.path()));
            of_others.map(|settings| settings.l1.url.clone())
        });
        if let Some(url) = named {
            return Ok(Self { anvil: None, url });
        }
        shown.step("starting anvil");
        let port = arguments.l1_port.or_else(|| kept.and_then(|settings| port(&settings.l1.url)));
        let anvil = Anvil::start(folder.path(), port.unwrap_or(PORT), super::chain::ANVIL_CHAIN_ID)?;
        Ok(Self { url: anvil.url.clone(), anvil: Some(anvil) })
    }

    /// Whether it is the chain's own, where ether is had for nothing.
    pub(super) const fn is_own(&self) -> bool {
        self.anvil.is_some()
    }
}

fn port(url: &str) -> Option<u16> {
    url.trim_end_matches('/').rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn the_port_of_an_address_is_what_follows_the_last_colon() {
        assert_eq!(port("http://127.0.0.1:18545"), Some(18_545));
        assert_eq!(port("http://127.0.0.1:18545/"), Some(18_545));
        assert_eq!((port("http://localhost"), port("")), (None, None));
    }
}
