// SPDX-License-Identifier: MPL-2.0
use super::*;

fn read(path: &str) -> Grants {
    Grants::from([(path.to_owned(), BTreeSet::from([Capability::Read]))])
}

fn render(path: &str) -> Result<String, PolicyError> {
    Policy { header: vec!["h".to_owned()], grants: read(path) }.render()
}

#[test]
fn only_plain_paths_are_rendered() {
    for path in [
        "kvv2/data/erp/config",
        "team/kv/data/a.b_c-d/config",
        "kvv2/data/erp/*",
        "kvv2/data/erp-*",
        "kvv2/data/appenvy/config",
    ] {
        assert!(render(path).is_ok(), "{path}");
    }
    for path in [
        "",
        "kvv2//x",
        "/kvv2/x",
        "kvv2/x/",
        "kvv2/../sys",
        "kvv2/./x",
        "kvv2/%2e%2e/x",
        "kvv2/+/x",
        "kvv2/*",
        "kvv2/data/*",
        "kvv2/a*b",
        "*",
        "+",
        "kvv2/data/{{identity.entity.id}}",
        "kvv2/data/x\" { capabilities=[\"sudo\"] } path \"sys/*",
        "kvv2/data/x\ny",
        "kvv2/data/caf\u{e9}",
        "kvv2/data/..x",
        "kvv2/data/erp**",
    ] {
        assert_eq!(render(path), Err(PolicyError::Path(path.to_owned())));
    }
    for path in ["kvv2/data/appenv/x", "kvv2/metadata/appenv/_apps/erp", "data/data/appenv/*"] {
        assert_eq!(render(path), Err(PolicyError::Registry(path.to_owned())));
    }
}

#[test]
fn a_header_cannot_add_a_line() {
    for owner in ["a\npath \"sys/*\" {}", "a\rb", "a\u{85}b", "a\u{202e}b", "a\0b"] {
        let policy = Policy { header: vec![owner.to_owned()], grants: Grants::new() };
        assert!(matches!(policy.render(), Err(PolicyError::Header(_))), "{owner:?}");
    }
}

#[test]
fn what_is_rendered_reads_back() {
    let mut grants = read("kvv2/data/a/config");
    grants.insert(
        "kvv2/data/b/config".to_owned(),
        BTreeSet::from([Capability::Create, Capability::Update, Capability::Read]),
    );
    let policy = Policy { header: vec!["one".to_owned(), "two".to_owned()], grants };
    assert_eq!(Policy::parse(&policy.render().unwrap()), Ok(policy));
}

#[test]
fn layout_does_not_count_and_foreign_words_are_told() {
    let text =
        "// c\npath \"a/b\"{capabilities=[ \"read\" , ]}\n# d\npath \"c\" {\n capabilities = []\n}";
    let parsed = Policy::parse(text).unwrap();
    assert_eq!(parsed.grants.keys().collect::<Vec<_>>(), ["a/b", "c"]);
    for (text, message) in [
        ("{\"path\": {}}", "line 1: a path stanza expected"),
        ("name = \"x\"", "line 1: a path stanza expected"),
        ("\npath a {}", "line 2: a quoted path expected"),
        ("path \"a\\\"b\" {}", "line 1: a plain string expected"),
        ("path \"${x}\" {}", "line 1: a plain string expected"),
        ("path \"a", "line 1: a plain string expected"),
        ("path \"a\" { policy = \"write\" }", "line 1: it has an attribute \"policy\""),
        (
            "path \"a\" { capabilities = [\"read\"]\n allowed_parameters = {} }",
            "line 2: it has an attribute \"allowed_parameters\"",
        ),
        ("path \"a\" { capabilities = [\"read\" \"list\"] }", "line 1: `,` expected"),
        ("path \"a\" { capabilities = [\"read\"] ", "line 1: `}` expected"),
        (
            "path \"a\" { capabilities = [] } path \"a\" { capabilities = [] }",
            "path \"a\" stands twice",
        ),
    ] {
        assert_eq!(Policy::parse(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn differences_name_path_and_capability() {
    let mut wished = read("kvv2/metadata/erp/config");
    wished.insert(
        "kvv2/data/erp/config".to_owned(),
        BTreeSet::from([Capability::Create, Capability::Read]),
    );
    let text = "path \"kvv2/data/erp/config\" { capabilities = [\"create\", \"delete\"] }\n\
                path \"kvv2/data/other/config\" { capabilities = [\"read\"] }\n\
                path \"sys/*\" { capabilities = [\"sudo\"] }";
    assert_eq!(
        differences(text, &wished, |path| path == "kvv2/data/other/config"),
        [
            "path \"kvv2/data/erp/config\" lacks read",
            "path \"kvv2/data/erp/config\" also grants delete",
            "path \"kvv2/metadata/erp/config\" lacks read",
            "path \"sys/*\" also grants sudo",
        ]
    );
    assert_eq!(
        differences("nonsense", &wished, |_| false),
        ["the text is not one that appenv writes: line 1: a path stanza expected"]
    );
}
