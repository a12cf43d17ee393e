// SPDX-License-Identifier: MPL-2.0
use super::*;

fn known(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

fn world() -> World {
    World::with(|name| (name == "REDIS_PASSWORD").then(|| "canary".to_owned()), "/nowhere")
}

fn redis() -> RedisModel {
    RedisModel { host: known("redis"), ..RedisModel::default() }
}

/// The places of the mistakes in what is asked for.
fn mistakes(outside: Outside<'_>) -> Vec<String> {
    let errors = outside.validate();
    errors
        .0
        .iter()
        .map(|error| error.attribute.as_ref().map(ToString::to_string).unwrap_or_default())
        .collect()
}

const NONE: Outside<'_> = Outside {
    environment_variables: &Attr::Null,
    redis: &[],
    http: &[],
    certificate: &[],
    dotenv: &[],
    file_matches: &[],
};

#[test]
fn defaults_fill_what_is_left_out() {
    let redis = [redis()];
    let http = [HttpModel {
        name: known("erp"),
        url: known("https://erp.example"),
        ..HttpModel::default()
    }];
    let certificate =
        [CertificateModel { host: known("erp.example"), ..CertificateModel::default() }];
    let dotenv = [DotenvModel { path: known(".env"), ..DotenvModel::default() }];
    let outside =
        Outside { redis: &redis, http: &http, certificate: &certificate, dotenv: &dotenv, ..NONE };
    let (targets, errors) = outside.targets(Some(&world()));
    assert!(errors.0.is_empty(), "{errors:?}");
    assert_eq!((targets.redis[0].port, targets.redis[0].tls), (6379, false));
    assert!(matches!(targets.redis[0].password, Password::Absent));
    assert_eq!((targets.http[0].status, targets.http[0].max_latency), (200, None));
    assert_eq!((targets.certificates[0].port, targets.certificates[0].min_days), (443, 21));
    assert_eq!(targets.dotenv[0].mode, 0o600);
}

#[test]
fn a_password_comes_from_its_variable() {
    let of = |variable: &str| {
        let redis = [RedisModel { password_env: known(variable), ..redis() }];
        let (targets, errors) = Outside { redis: &redis, ..NONE }.targets(Some(&world()));
        assert!(errors.0.is_empty(), "{errors:?}");
        targets.redis[0].password.clone()
    };
    assert!(
        matches!(of("REDIS_PASSWORD"), Password::Given(password) if password.expose() == "canary")
    );
    assert!(matches!(of("ABSENT"), Password::Unset(variable) if variable == "ABSENT"));
}

#[test]
fn mistakes_are_told_at_their_place() {
    let redis = [
        RedisModel { host: known(" "), port: Attr::Known(0), ..redis() },
        RedisModel { username: known("erp"), ..redis() },
        RedisModel {
            password: Attr::Known(Secret::new("p".to_owned())),
            password_env: known("P"),
            ..redis()
        },
        RedisModel { password_env: known("a b"), ..redis() },
    ];
    assert_eq!(
        mistakes(Outside { redis: &redis, ..NONE }),
        [
            "redis[0].host",
            "redis[0].port",
            "redis[1].username",
            "redis[2].password",
            "redis[3].password_env",
        ]
    );
    let http = [HttpModel {
        name: known("erp"),
        url: known("ftp://u:canary@erp"),
        expected_status: Attr::Known(99),
        max_latency_ms: Attr::Known(0),
        ..HttpModel::default()
    }];
    let outside = Outside { http: &http, ..NONE };
    assert_eq!(
        mistakes(outside),
        ["http[0].url", "http[0].expected_status", "http[0].max_latency_ms"]
    );
    assert!(!format!("{:?}", outside.validate()).contains("canary"));
    let dotenv = [DotenvModel { path: known(".env"), mode: known("rw"), ..DotenvModel::default() }];
    let files = [
        FileModel { path: known("compose.yml"), pattern: known("("), ..FileModel::default() },
        FileModel { path: known("compose.yml"), ..FileModel::default() },
    ];
    let variables = Attr::Known(vec![known("A"), known("1"), Attr::Unknown]);
    let outside = Outside {
        environment_variables: &variables,
        dotenv: &dotenv,
        file_matches: &files,
        ..NONE
    };
    assert_eq!(
        mistakes(outside),
        [
            "environment_variables",
            "dotenv[0].mode",
            "file_matches[0].pattern",
            "file_matches[1].contains"
        ]
    );
}

#[test]
fn what_is_not_known_yet_is_no_mistake() {
    let redis = [RedisModel {
        host: Attr::Unknown,
        port: Attr::Unknown,
        tls: Attr::Unknown,
        ca_cert_file: Attr::Unknown,
        username: Attr::Unknown,
        password: Attr::Unknown,
        password_env: Attr::Null,
    }];
    let files =
        [FileModel { path: Attr::Unknown, contains: Attr::Unknown, pattern: Attr::Unknown }];
    assert!(mistakes(Outside { redis: &redis, file_matches: &files, ..NONE }).is_empty());
}
