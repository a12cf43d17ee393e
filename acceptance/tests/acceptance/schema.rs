// SPDX-License-Identifier: MPL-2.0
//! The schema as the CLI has it: what it refuses, and that it does not change unseen.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use acceptance::{Cli, Workspace};
use serde_json::{Map, Value, json};

use crate::bad_input::REQUIRED;

/// The provider's part of `providers schema -json`.
fn schema(ws: &Workspace) -> Value {
    ws.write("main.tf", REQUIRED);
    let run = ws.run(&["providers", "schema", "-json"]);
    assert_eq!(run.code, Some(0), "{run}");
    let schema: Value = serde_json::from_str(&run.stdout).unwrap();
    let schemas = schema["provider_schemas"].as_object().unwrap();
    schemas.values().next().expect("there is one provider").clone()
}

/// What a configuration depends on: names, types, who writes them. Not the prose.
fn reduced(block: &Value) -> Value {
    let mut out = Map::new();
    for (name, attribute) in block["attributes"].as_object().into_iter().flatten() {
        let mut told = json!({ "type": attribute["type"] });
        for flag in ["required", "optional", "computed", "sensitive", "write_only", "deprecated"] {
            if attribute[flag] == true {
                told[flag] = true.into();
            }
        }
        out.insert(name.clone(), told);
    }
    for (name, nested) in block["block_types"].as_object().into_iter().flatten() {
        let told = json!({ "nesting": nested["nesting_mode"], "block": reduced(&nested["block"]) });
        out.insert(name.clone(), told);
    }
    out.into()
}

#[test]
fn a_changed_schema_is_seen() {
    let ws = Workspace::new(Cli::any()).without_trace();
    let schema = schema(&ws);
    let of = |schema: &Value| json!({ "version": schema["version"], "block": reduced(&schema["block"]) });
    let mut now = json!({ "provider": of(&schema["provider"]) });
    for kind in ["resource_schemas", "data_source_schemas", "ephemeral_resource_schemas"] {
        for (name, schema) in schema[kind].as_object().into_iter().flatten() {
            now[kind][name] = of(schema);
        }
    }
    for (name, function) in schema["functions"].as_object().into_iter().flatten() {
        let parameters = function["parameters"].as_array().into_iter().flatten();
        let told = |parameter: &Value| json!({ "name": parameter["name"], "type": parameter["type"], "null": parameter["is_nullable"] == true });
        let parameters: Vec<_> = parameters.map(told).collect();
        now["functions"][name] =
            json!({ "parameters": parameters, "returns": function["return_type"] });
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/schema.json");
    let text = serde_json::to_string_pretty(&now).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    // A removed or changed line breaks configurations; an added one needs a line here.
    let golden = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, golden, "UPDATE_GOLDEN=1 writes the file");
}

/// A key with its middle letter dropped, and with its last doubled.
fn misspelt(key: &str) -> [String; 2] {
    let middle = key.len() / 2;
    [format!("{}{}", &key[..middle], &key[middle + 1..]), format!("{key}{}", &key[key.len() - 1..])]
}

/// A block in which every key that can be written is misspelt, those of its nested blocks too.
fn body(block: &Value, misspellings: &mut Vec<String>) -> String {
    let mut hcl = String::new();
    let written =
        block["attributes"].as_object().into_iter().flatten().filter(|(_, attribute)| {
            attribute["required"] == true || attribute["optional"] == true
        });
    let attributes: BTreeSet<_> = written.map(|(name, _)| name.clone()).collect();
    let blocks: Vec<_> = block["block_types"].as_object().into_iter().flatten().collect();
    let known = |name: &str| {
        block["attributes"].get(name).is_some() || blocks.iter().any(|(block, _)| *block == name)
    };
    for key in &attributes {
        for wrong in misspelt(key).into_iter().filter(|wrong| !known(wrong)) {
            writeln!(hcl, "{wrong} = null").unwrap();
            misspellings.push(format!("{wrong} = null"));
        }
    }
    for (key, _) in &blocks {
        for wrong in misspelt(key).into_iter().filter(|wrong| !known(wrong)) {
            writeln!(hcl, "{wrong} {{}}").unwrap();
            misspellings.push(format!("{wrong} {{}}"));
        }
    }
    for (key, nested) in blocks {
        let body = body(&nested["block"], misspellings);
        write!(hcl, "{key} {{\n{body}}}\n").unwrap();
    }
    hcl
}

/// How many keys can be written in a block and in those nested in it.
fn keys(block: &Value) -> usize {
    let attributes = block["attributes"].as_object().into_iter().flatten();
    let written = attributes
        .filter(|(_, attribute)| attribute["required"] == true || attribute["optional"] == true);
    let nested = block["block_types"].as_object().into_iter().flatten();
    written.count() + nested.map(|(_, nested)| 1 + keys(&nested["block"])).sum::<usize>()
}

#[test]
fn every_misspelt_key_of_every_block_is_refused() {
    for cli in Cli::all() {
        let ws = Workspace::new(cli).without_trace();
        let schema = schema(&ws);
        let resources = schema["resource_schemas"].as_object().into_iter().flatten();
        // One at a time, since the CLI judges no resource of a provider whose own block is wrong.
        let data_sources = schema["data_source_schemas"].as_object().into_iter().flatten();
        let ephemeral = schema["ephemeral_resource_schemas"].as_object().into_iter().flatten();
        let blocks = resources
            .map(|(name, resource)| (format!("resource \"{name}\" \"a\""), &resource["block"]))
            .chain(data_sources.map(|(name, data_source)| {
                (format!("data \"{name}\" \"a\""), &data_source["block"])
            }))
            .chain(ephemeral.map(|(name, ephemeral)| {
                (format!("ephemeral \"{name}\" \"a\""), &ephemeral["block"])
            }))
            .chain([("provider \"appenv\"".to_owned(), &schema["provider"]["block"])]);
        for (header, block) in blocks {
            let mut written = Vec::new();
            let body = body(block, &mut written);
            // A provider that nothing uses is not looked at.
            let using = "resource \"appenv_app_instance\" \"b\" {\n  app = \"erp\"\n}\n";
            ws.write("main.tf", &format!("{REQUIRED}\n{header} {{\n{body}}}\n{using}"));
            let told = ws.validate();
            // Each line as often as it was written: a key of one block may be one of another too.
            let mut refused: Vec<_> = told
                .errors()
                .filter(|error| error.summary.starts_with("Unsupported "))
                .map(|error| error.snippet.as_deref().unwrap_or_default().trim().to_owned())
                .collect();
            refused.sort();
            written.sort();
            assert_eq!(written, refused, "{cli} takes a misspelt key of {header} without a word");
            // Two of each key, of which at most one is another key.
            let keys = keys(block);
            assert!(
                keys > 0 && written.len() > keys,
                "{} of {keys} keys of {header}",
                written.len()
            );
        }
    }
}
