//! Who may use the server from a web browser. A browser runs pages of anyone, and reaches servers that only this machine can.

use crate::server::{Settings, StartError};
use http::{
    HeaderMap, Method,
    header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN},
};
use jsonrpsee::server::{HttpRequest, HttpResponse, http::response, ws};
use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower::{Layer, Service};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What stands for any host and any origin.
const ANY: &str = "*";

/// Hosts and origins that are served.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    hosts: Arc<[String]>,
    origins: Arc<[String]>,
}

impl Gate {
    /// Of a server's settings.
    pub(crate) fn new(settings: &Settings) -> Result<Self, StartError> {
        let Settings { hosts, origins, .. } = settings;
        let is_name = |host: &&String| !host.is_empty() && !host.contains(['/', ':', ' ']);
        if let Some(host) = hosts.iter().find(|host| !is_name(host)) {
            return Err(StartError::Host(host.clone()));
        }
        if let Some(origin) = origins.iter().find(|origin| *origin != ANY && host_of_origin(origin).is_none())
        {
            return Err(StartError::Origin(origin.clone()));
        }
        Ok(Self { hosts: hosts.as_slice().into(), origins: origins.as_slice().into() })
    }

    /// The answers to browsers that ask whether a page may read what the server says.
    pub(crate) fn cors(&self) -> CorsLayer {
        let gate = self.clone();
        let is_allowed = move |origin: &http::HeaderValue, _: &http::request::Parts| {
            origin.to_str().is_ok_and(|origin| gate.allows_origin(origin))
        };
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(is_allowed))
            .allow_methods([Method::POST])
            .allow_headers([CONTENT_TYPE])
    }

    /// A page can make a name of its own point to this machine, but the browser still says which name it asked. Addresses
    /// are not names.
    fn allows_host(&self, host: &str) -> bool {
        let host = without_port(host);
        let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        is_address || is_loopback(host) || is_listed(&self.hosts, host)
    }

    /// Of WebSockets browsers ask nothing before, but they say which page it is. What is no page, an extension for one, has
    /// permissions of its own.
    fn allows_websocket(&self, origin: &str) -> bool {
        !origin.starts_with("http") || self.allows_origin(origin)
    }

    fn allows_request<B>(&self, request: &HttpRequest<B>) -> bool {
        let host = header(request.headers(), HOST);
        let named = request.uri().authority().map(http::uri::Authority::as_str);
        let is_host = host.into_iter().chain(named).all(|host| self.allows_host(host));
        let origin = header(request.headers(), ORIGIN);
        is_host
            && (!ws::is_upgrade_request(request) || origin.is_none_or(|origin| self.allows_websocket(origin)))
    }

    fn allows_origin(&self, origin: &str) -> bool {
        host_of_origin(origin).is_some_and(is_loopback) || is_listed(&self.origins, origin)
    }
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    // What is not text is a name that nobody allowed.
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn is_listed(list: &[String], name: &str) -> bool {
    list.iter().any(|one| one == ANY || one.eq_ignore_ascii_case(name))
}

/// The host of `scheme://host:port`.
fn host_of_origin(origin: &str) -> Option<&str> {
    let (scheme, host) = origin.split_once("://")?;
    let is_origin = matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', ' ']);
    is_origin.then(|| without_port(host))
}

fn without_port(host: &str) -> &str {
    // The colons in brackets are those of an address.
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

impl<S> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { gate: self.clone(), inner }
    }
}

/// A service behind a gate.
#[derive(Clone, Debug)]
pub(crate) struct Gated<S> {
    gate: Gate,
    inner: S,
}

impl<S, B> Service<HttpRequest<B>> for Gated<S>
where
    S: Service<HttpRequest<B>, Response = HttpResponse>,
    S::Future: Send + 'static,
{
    type Response = HttpResponse;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        if self.gate.allows_request(&request) {
            return Box::pin(self.inner.call(request));
        }
        Box::pin(async { Ok(response::host_not_allowed()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(hosts: &[&str], origins: &[&str]) -> Gate {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let settings = Settings { hosts: owned(hosts), origins: owned(origins), ..Settings::default() };
        Gate::new(&settings).unwrap()
    }

    #[test]
    fn only_the_loopback_interface_is_allowed_without_settings() {
        let gate = gate(&[], &[]);
        for host in
            ["localhost", "LOCALHOST:8545", "127.0.0.1:1", "[::1]:8545", "10.0.0.1:8545", "a.localhost"]
        {
            assert!(gate.allows_host(host), "{host}");
        }
        for host in ["example.com", "example.com:8545", "localhost.example.com", ""] {
            assert!(!gate.allows_host(host), "{host}");
        }
        for origin in ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173"] {
            assert!(gate.allows_origin(origin), "{origin}");
        }
        for origin in
            ["http://10.0.0.1", "https://example.com", "null", "", "http://localhost.example.com:80"]
        {
            assert!(!gate.allows_origin(origin), "{origin}");
        }
        assert!(gate.allows_websocket("chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn"));
        assert!(!gate.allows_websocket("https://example.com"));
    }

    #[test]
    fn names_are_allowed_by_settings() {
        let gate_of_one = gate(&["node.example.com"], &["https://app.example.com"]);
        assert!(gate_of_one.allows_host("node.example.com:8545"));
        assert!(!gate_of_one.allows_host("other.example.com"));
        assert!(gate_of_one.allows_origin("https://app.example.com"));
        assert!(!gate_of_one.allows_origin("http://app.example.com"));
        let open = gate(&["*"], &["*"]);
        assert!(open.allows_host("example.com") && open.allows_origin("https://example.com"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for host in ["", "http://example.com", "example.com:8545"] {
            let settings = Settings { hosts: vec![host.to_owned()], ..Settings::default() };
            assert!(matches!(Gate::new(&settings), Err(StartError::Host(_))), "{host}");
        }
        for origin in ["", "example.com", "https://", "ftp://example.com", "https://example.com/page"] {
            let settings = Settings { origins: vec![origin.to_owned()], ..Settings::default() };
            assert!(matches!(Gate::new(&settings), Err(StartError::Origin(_))), "{origin}");
        }
    }
}
