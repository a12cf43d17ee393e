// SPDX-License-Identifier: MPL-2.0
//! Who is spoken with, in each mode.

use appenv::facet::postgres::{Postgres, SslMode};
use appenv::facet::{Facet, Fault};

use super::bench::{Bench, Who};
use super::server::servers;

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_counts_as_much_as_the_mode_says() {
    let mut with_tls = 0;
    for server in servers() {
        if !server.has_tls() {
            eprintln!("PostgreSQL {}: built without TLS, not tried", server.version);
            continue;
        }
        with_tls += 1;
        let bench = Bench::new(server, Who::Superuser, "tls").await;
        let spec = bench.spec("erp", "sandbox");
        let stranger = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let stranger = params.self_signed(&stranger).unwrap().pem();
        let ours = Some(server.authority.as_str());
        let stranger = Some(stranger.as_str());
        // host, mode, root certificate, whether it connects
        let rows = [
            ("localhost", None, None, true),
            ("localhost", Some(SslMode::Disable), None, true),
            ("localhost", Some(SslMode::Require), None, true),
            ("localhost", Some(SslMode::Require), stranger, false),
            ("localhost", Some(SslMode::VerifyCa), ours, true),
            ("127.0.0.1", Some(SslMode::VerifyCa), ours, true),
            ("localhost", Some(SslMode::VerifyCa), stranger, false),
            ("localhost", Some(SslMode::VerifyFull), ours, true),
            ("127.0.0.1", Some(SslMode::VerifyFull), ours, false),
            ("localhost", Some(SslMode::VerifyFull), stranger, false),
            ("localhost", Some(SslMode::VerifyFull), Some("no PEM"), false),
        ];
        for (host, mode, root, connects) in rows {
            let label = format!("PostgreSQL {}: {host} {mode:?}", server.version);
            let mut settings = bench.settings_at(host);
            settings.sslmode = mode;
            settings.sslrootcert = root.map(|pem| pem.as_bytes().to_vec());
            match Postgres::new(settings, "t").look(&spec).await {
                Ok(_) => assert!(connects, "{label}"),
                Err(error) => {
                    assert!(!connects, "{label}: {error:?}");
                    assert_eq!(error.fault, Fault::Unauthenticated, "{label}: {error:?}");
                    assert_eq!(error.attribute, Some("provider.postgres.sslmode"), "{label}");
                }
            }
        }
    }
    assert!(with_tls > 0, "no server with TLS was found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_tls_is_asked() {
    let plain = servers().iter().find(|server| !server.has_tls());
    let Some(server) = plain else {
        eprintln!("every server has TLS: a refusal to use it was not tried");
        return;
    };
    let bench = Bench::new(server, Who::Superuser, "notls").await;
    for (mode, connects) in [(None, true), (Some(SslMode::Require), false)] {
        let mut settings = bench.settings_at("localhost");
        settings.sslmode = mode;
        let outcome = Postgres::new(settings, "t").look(&bench.spec("erp", "sandbox")).await;
        assert_eq!(outcome.is_ok(), connects, "{mode:?}: {outcome:?}");
    }
}
