// SPDX-License-Identifier: MPL-2.0
//! The process as the CLI meets it: handshake line, mutual TLS, signals, logs, and its end.
//!
//! Each test starts a real process and talks to it over a real connection.

#![allow(clippy::disallowed_methods, reason = "tests and their doubles are the world")]
#![allow(clippy::unwrap_used)]

mod client;
mod plugin;
#[path = "../../src/gen/mod.rs"]
mod wire;

use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::transport::Channel;
use tonic::{Code, Request};

use client::{Address, Identity, channel, health, tls};
use plugin::{COOKIE, Plugin, Setting};
use wire::plugin::Empty;
use wire::plugin::grpc_broker_client::GrpcBrokerClient;
use wire::plugin::grpc_controller_client::GrpcControllerClient;
use wire::plugin::grpc_stdio_client::GrpcStdioClient;
use wire::tfplugin6::provider_client::ProviderClient;
use wire::tfplugin6::{DynamicValue, configure_provider, stop_provider};

/// What HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const SERVING: i32 = 1;
/// Longer than anything takes that is not broken, on a busy machine too.
const LONG: Duration = Duration::from_secs(20);

async fn configure(channel: &Channel) -> Result<(), tonic::Status> {
    let empty = DynamicValue { msgpack: vec![0x80], json: Vec::new() };
    let request = configure_provider::Request { config: Some(empty), ..Default::default() };
    ProviderClient::new(channel.clone()).configure_provider(request).await.map(|_| ())
}

async fn stop(channel: &Channel) {
    let mut provider = ProviderClient::new(channel.clone());
    provider.stop_provider(stop_provider::Request {}).await.unwrap();
}

async fn shutdown(channel: &Channel) {
    GrpcControllerClient::new(channel.clone()).shutdown(Empty {}).await.unwrap();
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

// === the line and who may connect ===

#[tokio::test]
async fn the_handshake_line_leads_to_a_socket_of_this_user() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity);
    let plugin = setting.start();
    let fields = plugin.fields();
    assert_eq!(fields.len(), 6, "{}", plugin.line);
    assert_eq!((fields[0], fields[1], fields[2], fields[4]), ("1", "6", "unix", "grpc"));
    assert!(fields[5].len() > 50 && !fields[5].contains('='));

    let Address::Unix(path) = plugin.address() else { panic!("{}", plugin.line) };
    assert!(path.starts_with(setting.place.path().join("sockets")));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn the_client_of_the_environment_is_served_over_http2() {
    let identity = Identity::like_go_plugin();
    for version in [&TLS13, &TLS12] {
        let mut setting = Setting::of(&identity);
        let mut plugin = setting.start();
        let tls = tls(&plugin.certificate(), Some(&identity), version);
        let stream = plugin.address().connect_tls(&tls).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        let channel = channel(stream).await;
        assert_eq!(health(&channel).await.unwrap(), SERVING);
        assert_eq!(setting.sockets(), 0, "the socket is gone behind the client");

        shutdown(&channel).await;
        let (status, out, err) = plugin.end(LONG);
        assert!(status.success());
        assert_eq!((out.as_str(), err.as_str()), ("", ""));
    }
}

#[tokio::test]
async fn strangers_are_refused_and_the_client_still_gets_in() {
    let identity = Identity::like_go_plugin();
    let stranger = Identity::like_go_plugin();
    let forged = identity.with_key_of(&stranger);
    let mut setting = Setting::of(&identity);
    let plugin = setting.start();
    let server = plugin.certificate();

    for version in [&TLS13, &TLS12] {
        let strangers =
            [("nobody", None), ("same subject", Some(&stranger)), ("wrong key", Some(&forged))];
        for (who, stranger) in strangers {
            // In TLS 1.3 the client's handshake is over before the server judges: only reading tells.
            let tls = tls(&server, stranger, version);
            let read = match plugin.address().connect_tls(&tls).await {
                Err(refused) => Err(refused),
                Ok(mut stream) => {
                    let _ = stream.write_all(PREFACE).await;
                    stream.read_u8().await
                }
            };
            let refused = read.expect_err(who).to_string();
            assert!(refused.contains("alert"), "{who}, {version:?}: {refused}");
        }
    }

    let mut plain = plugin.address().connect().await;
    plain.write_all(PREFACE).await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(answer.first().is_none_or(|byte| *byte == 0x15), "an alert or nothing: {answer:?}");

    let channel = plugin.connect(&identity).await;
    assert_eq!(health(&channel).await.unwrap(), SERVING);
}

#[tokio::test]
async fn a_silent_connection_keeps_nobody_waiting() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity);
    let plugin = setting.start();
    let _silent = plugin.address().connect().await;
    let begun = Instant::now();
    assert_eq!(health(&plugin.connect(&identity).await).await.unwrap(), SERVING);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn calls_are_answered_at_once() {
    let identity = Identity::like_go_plugin();
    let socket = Setting::of(&identity);
    let port = Setting::of(&identity).without_sockets();
    for (mut setting, network) in [(socket, "unix"), (port, "tcp")] {
        let plugin = setting.start();
        assert_eq!(plugin.fields()[2], network);
        let channel = plugin.connect(&identity).await;
        let mut times = Vec::new();
        for _ in 0..200 {
            let begun = Instant::now();
            health(&channel).await.unwrap();
            times.push(begun.elapsed());
        }
        times.sort();
        // A wait for delayed acknowledgements would cost every second call 40 ms; a call takes well under 1 ms.
        assert!(times[150] < Duration::from_millis(30), "{network}: {:?}", times[150]);
    }
}

#[tokio::test]
async fn a_message_of_many_megabytes_goes_through() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity);
    let plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    let mut provider = ProviderClient::new(channel.clone()).max_encoding_message_size(usize::MAX);
    let value = DynamicValue { msgpack: vec![0x80; 40 << 20], json: Vec::new() };
    let request = configure_provider::Request { config: Some(value), ..Default::default() };
    // What it is about matters to the provider, not to the connection.
    let answer = provider.configure_provider(request).await;
    assert!(answer.as_ref().err().is_none_or(|e| e.code() != Code::OutOfRange), "{answer:?}");
    assert_eq!(health(&channel).await.unwrap(), SERVING);
}

#[tokio::test]
async fn a_service_nobody_offers_is_unimplemented() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity);
    let plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/grpc.reflection.v1.ServerReflection/Info");
    let codec = tonic_prost::ProstCodec::<Empty, Empty>::default();
    let status = grpc.unary(Request::new(Empty {}), path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

// === starts that are refused ===

#[test]
fn started_by_hand_it_says_what_it_is() {
    for setting in [Setting::bare(), Setting::bare().with([(COOKIE.0, "nonsense")])] {
        let mut setting = setting;
        let (code, out, err) = setting.run();
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(
            err.contains("registry.example.org/acme/probe") && err.contains("OpenTofu"),
            "{err}"
        );
        assert_eq!(setting.sockets(), 0);
    }
}

#[test]
fn a_certificate_that_cannot_be_pinned_opens_nothing() {
    let (one, other) = (Identity::like_go_plugin(), Identity::like_go_plugin());
    let two = format!("{}{}", one.pem, other.pem);
    for pem in ["garbage", &one.pem[..one.pem.len() / 2], &two] {
        let mut setting = Setting::plain().with([("PLUGIN_CLIENT_CERT", pem)]);
        let (code, out, err) = setting.run();
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(err.starts_with("[ERROR] ") && err.contains("PLUGIN_CLIENT_CERT"), "{err}");
        assert_eq!(setting.sockets(), 0);
    }
}

#[tokio::test]
async fn without_a_certificate_there_is_a_socket_or_nothing() {
    let mut setting = Setting::plain();
    let plugin = setting.start();
    assert_eq!((plugin.fields()[2], plugin.fields()[5]), ("unix", ""));
    let channel = channel(plugin.address().connect().await).await;
    assert_eq!(health(&channel).await.unwrap(), SERVING);

    let (code, out, err) = Setting::plain().without_sockets().run();
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("no unix socket"), "{err}");
}

#[test]
fn a_client_without_version_6_is_answered_all_the_same() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity).with([("PLUGIN_PROTOCOL_VERSIONS", "5")]);
    assert_eq!(setting.start().fields()[1], "6");
}

#[test]
fn a_client_that_asks_about_multiplexing_is_told_no() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity).with([("PLUGIN_MULTIPLEX_GRPC", "true")]);
    assert_eq!(setting.start().fields()[6], "false");
}

// === signals and the end ===

#[tokio::test]
async fn shutdown_is_answered_and_obeyed_whatever_is_open() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity);
    let mut plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    let mut stdio =
        GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap().into_inner();
    let offers = tokio_stream::pending();
    let mut broker =
        GrpcBrokerClient::new(channel.clone()).start_stream(offers).await.unwrap().into_inner();

    let begun = Instant::now();
    shutdown(&channel).await;
    let (status, out, err) = plugin.end(Duration::from_secs(2));
    assert!(status.success());
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!((out.as_str(), err.as_str()), ("", ""));
    assert!(!matches!(stdio.message().await, Ok(Some(_))), "nothing is sent on it");
    assert!(!matches!(broker.message().await, Ok(Some(_))), "nothing is sent on it");
}

#[tokio::test]
async fn shutdown_does_not_wait_long_for_a_running_call() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity).with([("PROBE", "statement")]);
    let mut plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    let call = tokio::spawn({
        let channel = channel.clone();
        async move { configure(&channel).await }
    });
    setting.wait_for("began").await;
    shutdown(&channel).await;
    let (status, ..) = plugin.end(Duration::from_secs(3));
    assert!(status.success());
    assert_eq!(setting.notes(), ["began", "asked to stop", "finished"]);
    call.abort();
}

#[tokio::test]
async fn an_interrupt_is_the_clis_to_handle() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity).with([("PROBE", "statement")]);
    let mut plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    let call = tokio::spawn({
        let channel = channel.clone();
        async move { configure(&channel).await }
    });
    setting.wait_for("began").await;
    plugin.signal(Signal::INT);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(health(&channel).await.unwrap(), SERVING);
    assert_eq!(setting.notes(), ["began"]);

    stop(&channel).await;
    call.await.unwrap().unwrap();
    assert_eq!(setting.notes(), ["began", "asked to stop", "finished"]);
    assert_eq!(health(&channel).await.unwrap(), SERVING, "a stop is no shutdown");
    shutdown(&channel).await;
    assert!(plugin.end(LONG).0.success());
}

#[tokio::test]
async fn a_termination_asks_running_calls_to_stop() {
    let identity = Identity::like_go_plugin();
    for signal in [Signal::TERM, Signal::HUP] {
        let mut setting = Setting::of(&identity).with([("PROBE", "statement")]);
        let plugin = setting.start();
        let channel = plugin.connect(&identity).await;
        let call = tokio::spawn({
            let channel = channel.clone();
            async move { configure(&channel).await }
        });
        setting.wait_for("began").await;
        plugin.signal(signal);
        call.await.unwrap().unwrap();
        assert_eq!(setting.notes(), ["began", "asked to stop", "finished"]);
        assert_eq!(health(&channel).await.unwrap(), SERVING);
    }
}

#[tokio::test]
async fn an_orphan_ends_by_itself() {
    let identity = Identity::like_go_plugin();
    for secured in [true, false] {
        let setting = if secured { Setting::of(&identity) } else { Setting::plain() };
        let mut setting = setting.behind_a_parent();
        let mut plugin = setting.start();
        assert_eq!(setting.sockets(), 1);
        plugin.child.kill().unwrap();
        plugin.silent(Duration::from_secs(10));
        assert_eq!(setting.sockets(), 0);
    }
}

#[tokio::test]
async fn an_orphan_finishes_the_statement_that_runs() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity).behind_a_parent().with([("PROBE", "statement")]);
    let mut plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    let call = tokio::spawn(async move { configure(&channel).await });
    setting.wait_for("began").await;
    // The connection goes first, and the server forgets its calls with it.
    call.abort();
    assert!(call.await.is_err());
    plugin.child.kill().unwrap();
    plugin.silent(Duration::from_secs(10));
    assert_eq!(setting.notes(), ["began", "asked to stop", "finished"]);
}

#[tokio::test]
async fn a_call_outlives_the_client_that_made_it() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity).with([("PROBE", "statement")]);
    let plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    let call = tokio::spawn(async move { configure(&channel).await });
    setting.wait_for("began").await;
    call.abort();
    assert!(call.await.is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    plugin.signal(Signal::TERM);
    setting.wait_for("finished").await;
}

#[test]
#[cfg(target_os = "linux")]
fn its_memory_is_nobody_elses() {
    let mut setting = Setting::plain().without_root();
    let plugin = setting.start();
    let process = std::path::PathBuf::from(format!("/proc/{}", plugin.child.id()));
    // What of a process may be read is root's once it may not be dumped, and its own user's before.
    assert_eq!(std::fs::metadata(process.join("environ")).unwrap().uid(), 0);
    let limits = std::fs::read_to_string(process.join("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
}

// === logs and panics ===

#[tokio::test]
async fn every_log_line_is_one_the_cli_can_read() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity).with([("PROBE", "log"), ("TF_LOG", "TRACE")]);
    let mut plugin = setting.start();
    // Read while it writes: a pipe holds less than the huge events.
    let mut stderr = plugin.child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut all = Vec::new();
        std::io::Read::read_to_end(&mut stderr, &mut all).map(|_| all)
    });
    let channel = plugin.connect(&identity).await;
    configure(&channel).await.unwrap();
    shutdown(&channel).await;
    let all = reader.join().unwrap().unwrap();

    let mut messages = Vec::new();
    for line in all.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.len() <= 64 * 1024, "{} bytes", line.len());
        let line: serde_json::Value = serde_json::from_slice(line).unwrap();
        for key in ["@level", "@message", "@timestamp", "@module"] {
            assert!(line[key].is_string(), "{line}");
        }
        let time = line["@timestamp"].as_str().unwrap();
        let (_, digits) = time.strip_suffix('Z').unwrap().rsplit_once('.').unwrap();
        assert!(digits.len() == 6 && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
        let module = line["@module"].as_str().unwrap();
        let own = module.starts_with("handshake_probe") || module.starts_with("tfplugin");
        let grave = ["warn", "error"].contains(&line["@level"].as_str().unwrap());
        assert!(own || grave, "chatter of {module}");
        messages.push(line["@message"].as_str().unwrap().to_owned());
    }
    assert!(messages.iter().any(|message| message.starts_with("\\u{0}\\u{1}")), "{messages:?}");
    assert!(messages.iter().any(|message| message.starts_with("\\u{1b}[2J\\u{1b}[2J")));
    assert!(
        messages.contains(&"7".to_owned()) && messages.contains(&"a foreign warning".to_owned())
    );
    assert!(!text(&all).contains("hunter2-canary"));
}

#[tokio::test]
async fn without_being_asked_it_logs_nothing() {
    let identity = Identity::like_go_plugin();
    let mut setting = Setting::of(&identity).with([("PROBE", "log")]);
    let mut plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    configure(&channel).await.unwrap();
    shutdown(&channel).await;
    let (status, out, err) = plugin.end(LONG);
    assert!(status.success());
    assert_eq!((out.as_str(), err.as_str()), ("", ""));
}

#[tokio::test]
async fn a_panic_tells_where_it_was_and_nothing_else() {
    let identity = Identity::like_go_plugin();
    let variables = [("PROBE", "panic"), ("PROBE_SECRET", "hunter2-canary")];
    let mut setting = Setting::of(&identity).with(variables);
    let mut plugin = setting.start();
    let channel = plugin.connect(&identity).await;
    // Whether it comes as a status or a diagnostic, the call is answered.
    let answer = tokio::time::timeout(LONG, configure(&channel)).await.unwrap();
    assert!(!format!("{answer:?}").contains("hunter2-canary"));
    assert_eq!(health(&channel).await.unwrap(), SERVING, "the process lives on");
    shutdown(&channel).await;
    let (_, out, err) = plugin.end(LONG);
    assert_eq!(out, "");
    let (head, place) = err.strip_suffix('\n').unwrap().split_once(" at ").unwrap();
    let id = head.strip_prefix("panic: internal error ").unwrap();
    assert!(id.len() == 8 && id.chars().all(|c| c.is_ascii_hexdigit()), "{err}");
    assert!(place.starts_with("proto/examples/handshake_probe.rs:"), "{err}");
}

// === debug mode ===

#[tokio::test]
async fn a_debugger_serves_many_commands() {
    let mut setting = Setting::bare().with([("PROBE", "note")]);
    setting.command.env("TMPDIR", setting.place.path().join("sockets")).arg("--debug");
    let mut plugin = Plugin::read(setting.command.spawn().unwrap());
    let value = plugin.rest_until("TF_REATTACH_PROVIDERS=");
    let value: serde_json::Value = serde_json::from_str(value.trim().trim_matches('\'')).unwrap();
    let provider = &value["registry.example.org/acme/probe"];
    assert_eq!((&provider["Protocol"], &provider["Test"]), (&"grpc".into(), &true.into()));
    assert_eq!(
        (&provider["ProtocolVersion"], &provider["Pid"]),
        (&6.into(), &plugin.child.id().into())
    );
    assert_eq!(provider["Addr"]["Network"], "unix");
    let address = Address::Unix(provider["Addr"]["String"].as_str().unwrap().into());

    let first = channel(address.connect().await).await;
    configure(&first).await.unwrap();
    stop(&first).await;
    shutdown(&first).await;
    let second = channel(address.connect().await).await;
    configure(&second).await.unwrap();
    assert_eq!(setting.notes(), ["fresh", "fresh"]);

    plugin.signal(Signal::INT);
    assert!(plugin.end(LONG).0.success());
    assert_eq!(setting.sockets(), 0);
}
