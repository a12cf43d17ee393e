// SPDX-License-Identifier: MPL-2.0
//! What a digest is of: the same change has the same, any other has another.

use super::{CREATES, Guarded, digest, limit};
use crate::site::block;

#[test]
fn another_directory_and_another_spelling_have_the_same_digest() {
    let it = Guarded::made("gate-same", &CREATES, &limit(2));
    it.instance(&CREATES, &limit(3));
    let first = it.refused("update");
    // As written by somebody else: order, comments, time limits, the state's place.
    let state = std::fs::read(it.site.ws.dir().join("terraform.tfstate")).unwrap();
    let beside = Guarded { site: it.site.beside().owned_by(&it.site.owner), app: it.app.clone() };
    std::fs::write(beside.site.ws.dir().join("terraform.tfstate"), state).unwrap();
    let more = format!(
        "  # The same.\n  timeouts {{\n    update = \"7m\"\n  }}\n  adopt = \"verify\"\n{}",
        limit(3)
    );
    beside.write(&CREATES, &block("it", "gate-same", "prod", &more));
    assert_eq!(beside.refused("update"), first);
}

#[test]
fn another_app_and_another_value_have_another_digest() {
    let it = Guarded::new("gate-other");
    let both = |a: &str, b: &str| {
        it.write(
            &CREATES,
            &format!(
                "{}{}",
                block("a", "gate-other-a", "prod", a),
                block("b", "gate-other-b", "prod", b)
            ),
        );
    };
    both("", "");
    it.site.ws.step();
    both(&limit(3), &limit(3));
    let told = it.site.ws.plan_fails();
    let a = digest(&told, "gate-other-a/prod", "update");
    assert_ne!(a, digest(&told, "gate-other-b/prod", "update"));
    both(&limit(4), "");
    assert_ne!(it_alone(&it), a);
    both(&limit(3), "");
    assert_eq!(it_alone(&it), a);
}

fn it_alone(it: &Guarded) -> String {
    digest(&it.site.ws.plan_fails(), "gate-other-a/prod", "update")
}

#[test]
fn the_document_that_is_shown_has_the_digest_that_is_shown() {
    use sha2::{Digest as _, Sha256};
    let it = Guarded::made("gate-shown", &CREATES, "");
    it.instance(&CREATES, &limit(3));
    let told = it.site.ws.plan_fails();
    let shown = digest(&told, "gate-shown/prod", "update");
    let detail = &told.error().detail;
    let (_, document) = detail.rsplit_once("\nDocument: ").unwrap();
    let hash = Sha256::digest(format!("appenv-approval\0{document}").as_bytes());
    assert_eq!(shown, format!("a1-{}", base32(&hash)));
    let value: serde_json::Value = serde_json::from_str(document).unwrap();
    assert_eq!(value["v"], "approval/1");
    assert_eq!(value["gen"], 1);
    assert_eq!(value["target"]["postgres"], site_target(&it));
}

/// The registry's id, as the server has it.
fn site_target(it: &Guarded) -> String {
    it.site.servers.pg.sql("SELECT id FROM appenv.registry").one().to_owned()
}

/// RFC 4648, lower case, without padding.
fn base32(bytes: &[u8]) -> String {
    const CODE: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bits: Vec<u8> = bytes.iter().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1)).collect();
    let index = |five: &[u8]| five.iter().fold(0, |n, bit| n << 1 | bit) << (5 - five.len());
    bits.chunks(5).map(|five| CODE[usize::from(index(five))] as char).collect()
}
