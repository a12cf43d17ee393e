// SPDX-License-Identifier: MPL-2.0
//! What the facet is told.

use std::net::IpAddr;

/// Where to go and as whom; what is `None` comes by the SDK's own chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `eu-west-3`.
    pub region: Option<String>,
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// A URL in the place of AWS's own, for every service.
    pub endpoint_url: Option<String>,
    /// The account's number, 12 digits: any other is refused.
    pub expected_account: Option<String>,
    /// The KMS key of secrets: id, ARN or `alias/…`.
    pub kms_key: Option<String>,
}

/// Judges where requests go: they carry values of secrets, so plain HTTP stays on this machine. `Err` says what the URL
/// does wrong.
pub fn check_endpoint(url: &str) -> Result<(), &'static str> {
    let not_one = "is not a URL like https://ssm.eu-west-3.amazonaws.com";
    let uri: http::Uri = url.parse().map_err(|_| not_one)?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or(not_one)?;
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_loopback(host) => Ok(()),
        Some("http") => Err(
            "is plain http beyond this machine, which would show secrets to the network: use https",
        ),
        _ => Err(not_one),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::check_endpoint;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for url in [
            "https://vpce-1.ssm.eu-west-3.vpce.amazonaws.com",
            "http://127.0.0.1:5000",
            "http://localhost:1",
            "http://[::1]:5000",
        ] {
            assert_eq!(check_endpoint(url), Ok(()), "{url}");
        }
        for url in [
            "",
            "ssm.amazonaws.com",
            "ftp://localhost",
            "http://10.0.0.1",
            "http://localhost.example.org",
            "http://169.254.169.254",
        ] {
            assert!(check_endpoint(url).is_err(), "{url}");
        }
    }
}
