// SPDX-License-Identifier: MPL-2.0
//! The certificate of a TLS endpoint: how long it is valid, and whether it names the host.

use jiff::{Timestamp, Unit};
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::tls::{self, Trust};
use crate::finding::Finding;
use crate::preflight::Check;

const CHECK: &str = "certificate";

/// An endpoint that speaks TLS from the first byte.
#[derive(Clone, Debug)]
pub struct CertificateTarget {
    /// DNS name or address to connect to.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The name asked for, which the certificate must have; `None`: the host.
    pub server_name: Option<String>,
    /// With fewer days left it is worth a warning.
    pub min_days: u32,
}

/// The endpoint's certificate, and those that are shown with it.
type Shown = (CertificateDer<'static>, Vec<CertificateDer<'static>>);

// === impl CertificateTarget ===

impl CertificateTarget {
    /// Shakes hands and reads the certificate that is shown; who signed it does not matter. Its finding is
    /// `certificate`; `now` is the time it is judged at.
    pub fn check(self, now: Timestamp) -> Check<'static> {
        let target = format!("certificate of {}:{}", self.host, self.port);
        Check::new(CHECK, target.clone(), async move {
            vec![match self.shown().await {
                Ok((first, others)) => {
                    let found = judge(&first, self.name(), self.min_days, now, target.clone());
                    let judged =
                        others.iter().map(|other| chained(other, self.min_days, now, &target));
                    // The worst of them all; of several alike the first.
                    judged.flatten().fold(found, |worst, other| {
                        if other.status > worst.status { other } else { worst }
                    })
                }
                Err((detail, fix)) => Finding::fail(CHECK, target, detail, fix),
            }]
        })
    }

    fn name(&self) -> &str {
        self.server_name.as_deref().unwrap_or(&self.host)
    }

    /// The endpoint's certificate, and those that are shown with it.
    async fn shown(&self) -> Result<Shown, (String, &'static str)> {
        let stream = TcpStream::connect((&*self.host, self.port)).await.map_err(|error| {
            (
                format!("No connection: {error}."),
                "Start what should listen there, or correct `host` and `port`.",
            )
        })?;
        let stream = tls::handshake(stream, self.name(), Trust::Anyone).await.map_err(|why| {
            (
                format!("No TLS: {why}."),
                "Correct `port`: it must be one where TLS begins with the first byte.",
            )
        })?;
        let (_, session) = stream.get_ref();
        let shown = session.peer_certificates().and_then(|chain| chain.split_first());
        let owned = |der: &CertificateDer<'_>| der.clone().into_owned();
        let both = shown.map(|(first, others)| (owned(first), others.iter().map(owned).collect()));
        both.ok_or((
            "It shows no certificate.".to_owned(),
            "Correct `port`: it must be one where a certificate is shown.",
        ))
    }
}

/// What is to be said of the times of a certificate that is shown with the endpoint's own; nothing where they are fine.
fn chained(
    der: &CertificateDer<'_>,
    min_days: u32,
    now: Timestamp,
    target: &str,
) -> Option<Finding> {
    let (_, until) = validity(der)?;
    let fix = "Let the endpoint show a chain whose every certificate is valid: most often the bundle of the authority is an old \
               one.";
    if now > until {
        let detail = format!("A certificate of its chain expired at {until}.");
        return Some(Finding::fail(CHECK, target, detail, fix));
    }
    let days = until.since((Unit::Hour, now)).map_or(0, |left| left.get_hours() / 24);
    let is_short = i64::from(days) < i64::from(min_days);
    is_short.then(|| {
        let detail = format!(
            "A certificate of its chain is valid until {until}, less than {min_days} days."
        );
        Finding::warn(CHECK, target, detail, fix)
    })
}

fn judge(
    der: &CertificateDer<'_>,
    name: &str,
    min_days: u32,
    now: Timestamp,
    target: String,
) -> Finding {
    let Some((from, until)) = validity(der) else {
        return Finding::fail(
            CHECK,
            target,
            "What it shows cannot be read as a certificate.",
            "Let the endpoint show a certificate of X.509.",
        );
    };
    if now < from {
        return Finding::fail(
            CHECK,
            target,
            format!("It is not valid before {from}."),
            "Set the clock right, here or where it was issued, or show the certificate that is valid now.",
        );
    }
    if now > until {
        return Finding::fail(
            CHECK,
            target,
            format!("It expired at {until}."),
            "Renew it, and let the endpoint load the new one.",
        );
    }
    let days = until.since((Unit::Hour, now)).map_or(0, |left| left.get_hours() / 24);
    let left = format!("{days} days left, until {until}");
    if !names(der, name) {
        return Finding::warn(
            CHECK,
            target,
            format!("It is not for {name:?}, which clients that check refuse; {left}."),
            format!(
                "Let it be issued for {name:?} too, or give the name that clients use in `server_name`."
            ),
        );
    }
    if i64::from(days) < i64::from(min_days) {
        return Finding::warn(
            CHECK,
            target,
            format!("{left}; that is less than {min_days}."),
            "Renew it, and let the endpoint load the new one.",
        );
    }
    // How many days are left would be another state each day.
    Finding::ok(CHECK, target, format!("Valid until {until}, for at least {min_days} days."))
}

/// From when until when it is valid.
fn validity(der: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let validity = Certificate::from_der(der).ok()?.tbs_certificate.validity;
    let moment = |seconds: std::time::Duration| {
        Timestamp::from_second(i64::try_from(seconds.as_secs()).ok()?).ok()
    };
    Some((
        moment(validity.not_before.to_unix_duration())?,
        moment(validity.not_after.to_unix_duration())?,
    ))
}

fn names(der: &CertificateDer<'_>, name: &str) -> bool {
    let parsed = ParsedCertificate::try_from(der);
    let name = ServerName::try_from(name);
    matches!((parsed, name), (Ok(parsed), Ok(name)) if verify_server_name(&parsed, &name).is_ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::finding::Status;

    /// One for `erp.example`, from 2026-01-01 until 2026-02-01.
    fn certificate() -> CertificateDer<'static> {
        let mut parameters = rcgen::CertificateParams::new(["erp.example".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2026, 2, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn days_are_counted_down() {
        let der = certificate();
        for (now, name, status, says) in [
            ("2025-12-31T23:59:59Z", "erp.example", Status::Fail, "not valid before 2026-01-01"),
            ("2026-01-01T00:00:00Z", "erp.example", Status::Ok, "Valid until 2026-02-01"),
            ("2026-01-11T00:00:00Z", "erp.example", Status::Ok, "at least 21 days"),
            ("2026-01-11T00:00:01Z", "erp.example", Status::Warn, "20 days left"),
            ("2026-01-31T23:00:00Z", "erp.example", Status::Warn, "0 days left"),
            ("2026-02-01T00:00:01Z", "erp.example", Status::Fail, "expired at 2026-02-01"),
            ("2026-01-01T00:00:00Z", "crm.example", Status::Warn, "not for \"crm.example\""),
        ] {
            let found = judge(&der, name, 21, now.parse().unwrap(), "c".to_owned());
            assert_eq!(found.status, status, "{now}: {found:?}");
            assert!(found.detail.contains(says), "{now}: {found:?}");
        }
        for (now, status) in [
            ("2026-01-01T00:00:00Z", None),
            ("2026-01-20T00:00:00Z", Some(Status::Warn)),
            ("2026-02-01T00:00:01Z", Some(Status::Fail)),
        ] {
            let found = chained(&der, 21, now.parse().unwrap(), "c");
            assert_eq!(found.as_ref().map(|found| found.status), status, "{now}: {found:?}");
        }
        let broken = CertificateDer::from(b"no certificate".to_vec());
        let found = judge(&broken, "erp.example", 21, Timestamp::UNIX_EPOCH, "c".to_owned());
        assert_eq!(found.status, Status::Fail);
    }
}
