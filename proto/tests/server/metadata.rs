// SPDX-License-Identifier: MPL-2.0
use prost::Message as _;
use tfplugin::stop::StopHandle;

use crate::cli::{connect, said};
use crate::toy::Toy;
use crate::toy::plain::{Plain, Stutter};
use crate::wire::tfplugin6 as wire;
use wire::schema::nested_block::NestingMode;

async fn schema(toy: Toy) -> wire::get_provider_schema::Response {
    let mut client = connect(toy, StopHandle::new()).await;
    client.get_provider_schema(wire::get_provider_schema::Request {}).await.unwrap().into_inner()
}

#[tokio::test]
async fn everything_offered_is_in_the_schema_with_its_flags() {
    let answer = schema(Toy::default()).await;
    assert!(answer.diagnostics.is_empty());
    let capabilities = answer.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy);
    assert!(capabilities.get_provider_schema_optional);
    assert!(capabilities.move_resource_state);
    assert!(!capabilities.generate_resource_config);

    let provider = answer.provider.unwrap().block.unwrap();
    assert_eq!(provider.attributes[0].name, "endpoint");
    let thing = &answer.resource_schemas["toy_thing"];
    assert_eq!(thing.version, 1);
    let block = thing.block.as_ref().unwrap();
    let names: Vec<_> = block.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted);

    let flags = |name: &str| {
        let a = block.attributes.iter().find(|attribute| attribute.name == name).unwrap();
        let ty = String::from_utf8(a.r#type.clone()).unwrap();
        (ty, a.required, a.optional, a.computed, a.sensitive, a.write_only, a.deprecated)
    };
    let ty = str::to_owned;
    assert_eq!(flags("name"), (ty("\"string\""), true, false, false, false, false, false));
    assert_eq!(flags("size"), (ty("\"number\""), false, true, true, false, false, false));
    assert_eq!(flags("id"), (ty("\"string\""), false, false, true, false, false, false));
    assert_eq!(
        flags("tags"),
        (ty("[\"set\",\"string\"]"), false, true, false, false, false, false)
    );
    assert_eq!(flags("extra"), (ty("\"dynamic\""), false, true, false, false, false, false));
    assert_eq!(flags("secret"), (ty("\"string\""), false, true, false, true, false, false));
    assert_eq!(flags("token"), (ty("\"string\""), false, true, false, false, true, false));
    assert_eq!(flags("old"), (ty("\"string\""), false, true, false, false, false, true));
    let old = block.attributes.iter().find(|attribute| attribute.name == "old").unwrap();
    assert_eq!(old.deprecation_message, "Use name instead.");

    let blocks: Vec<_> =
        block.block_types.iter().map(|b| (b.type_name.as_str(), b.nesting())).collect();
    assert_eq!(
        blocks,
        [
            ("mount", NestingMode::Set),
            ("network", NestingMode::Single),
            ("rule", NestingMode::List)
        ]
    );

    assert_eq!(answer.data_source_schemas.keys().collect::<Vec<_>>(), ["toy_lookup"]);
    assert_eq!(answer.ephemeral_resource_schemas.keys().collect::<Vec<_>>(), ["toy_lease"]);
    assert_eq!(answer.functions.keys().collect::<Vec<_>>(), ["forty", "half", "join", "kind"]);
    let join = &answer.functions["join"];
    assert_eq!(join.parameters[0].name, "separator");
    assert_eq!(join.variadic_parameter.as_ref().unwrap().name, "parts");
    assert_eq!(join.r#return.as_ref().unwrap().r#type, b"\"string\"");
    assert!(answer.functions["kind"].parameters[0].allow_null_value);
    assert!(answer.functions["kind"].parameters[0].allow_unknown_values);
}

#[tokio::test]
async fn the_schema_is_the_same_bytes_every_time() {
    let (one, two) = (schema(Toy::default()).await, schema(Toy::default()).await);
    assert_eq!(one.encode_to_vec(), two.encode_to_vec());
}

#[tokio::test]
async fn metadata_lists_the_names_and_identities_their_schemas() {
    let mut client = connect(Toy::default(), StopHandle::new()).await;
    let metadata = client.get_metadata(wire::get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!(metadata.resources[0].type_name, "toy_thing");
    assert_eq!(metadata.data_sources[0].type_name, "toy_lookup");
    assert_eq!(metadata.ephemeral_resources[0].type_name, "toy_lease");
    assert_eq!(metadata.functions.len(), 4);
    assert!(metadata.server_capabilities.unwrap().plan_destroy);

    let request = wire::get_resource_identity_schemas::Request {};
    let answer = client.get_resource_identity_schemas(request).await.unwrap().into_inner();
    assert_eq!(answer.identity_schemas.keys().collect::<Vec<_>>(), ["toy_thing"]);
    let attribute = &answer.identity_schemas["toy_thing"].identity_attributes[0];
    assert_eq!(attribute.name, "name");
    assert!(attribute.required_for_import);
    assert!(!attribute.optional_for_import);

    let mut plain = connect(Plain, StopHandle::new()).await;
    let request = wire::get_resource_identity_schemas::Request {};
    let answer = plain.get_resource_identity_schemas(request).await.unwrap().into_inner();
    assert!(answer.identity_schemas.is_empty());
    let request = wire::get_functions::Request {};
    assert!(plain.get_functions(request).await.unwrap().into_inner().functions.is_empty());
}

#[tokio::test]
async fn a_name_offered_twice_is_said_with_the_schema() {
    let mut client = connect(Stutter, StopHandle::new()).await;
    let request = wire::get_provider_schema::Request {};
    let answer = client.get_provider_schema(request).await.unwrap().into_inner();
    assert_eq!(said(&answer.diagnostics), ["error: Bug in the provider: resource plain_note"]);
}

#[tokio::test]
async fn calls_of_what_is_not_offered_are_unimplemented() {
    let mut client = connect(Toy::default(), StopHandle::new()).await;
    let request = wire::generate_resource_config::Request::default();
    let status = client.generate_resource_config(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
    let request = wire::plan_action::Request::default();
    assert_eq!(client.plan_action(request).await.unwrap_err().code(), tonic::Code::Unimplemented);
}
