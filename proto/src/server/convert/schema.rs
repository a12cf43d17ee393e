// SPDX-License-Identifier: MPL-2.0
//! Schemas and function signatures, as the CLI reads them.

use crate::function::{Parameter, Signature};
use crate::schema::{Attribute, Block, Mode, NestedBlock, Nesting, Schema};
use crate::value::Type;
use crate::wire::tfplugin6 as wire;
use wire::StringKind;
use wire::schema::nested_block::NestingMode;

/// Writes a schema; attributes and blocks are in the order of their names.
pub(in crate::server) fn schema(schema: &Schema) -> wire::Schema {
    wire::Schema { version: schema.version, block: Some(block(&schema.block)) }
}

/// Writes the schema of a resource identity.
pub(in crate::server) fn identity_schema(schema: &Schema) -> wire::ResourceIdentitySchema {
    let attribute = |(name, attribute): (&String, &Attribute)| {
        wire::resource_identity_schema::IdentityAttribute {
            name: name.clone(),
            r#type: ty(&attribute.ty),
            required_for_import: attribute.mode == Mode::Required,
            optional_for_import: matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed),
            description: attribute.description.clone(),
        }
    };
    wire::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: schema.block.attributes.iter().map(attribute).collect(),
    }
}

/// Writes a function's face.
pub(in crate::server) fn function(signature: &Signature) -> wire::Function {
    wire::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(wire::function::Return { r#type: ty(&signature.returns) }),
        summary: signature.summary.clone(),
        description: signature.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

fn parameter(parameter: &Parameter) -> wire::function::Parameter {
    wire::function::Parameter {
        name: parameter.name.clone(),
        r#type: ty(&parameter.ty),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description: parameter.description.clone(),
        description_kind: StringKind::Markdown.into(),
    }
}

fn block(block: &Block) -> wire::schema::Block {
    wire::schema::Block {
        attributes: block.attributes.iter().map(attribute).collect(),
        block_types: block.blocks.iter().map(nested).collect(),
        description: block.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecated: block.deprecation.is_some(),
        deprecation_message: block.deprecation.clone().unwrap_or_default(),
        ..wire::schema::Block::default()
    }
}

fn attribute((name, attribute): (&String, &Attribute)) -> wire::schema::Attribute {
    wire::schema::Attribute {
        name: name.clone(),
        r#type: ty(&attribute.ty),
        nested_type: None,
        description: attribute.description.clone(),
        required: attribute.mode == Mode::Required,
        optional: matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed),
        computed: matches!(attribute.mode, Mode::Computed | Mode::OptionalComputed),
        sensitive: attribute.sensitive,
        description_kind: StringKind::Markdown.into(),
        deprecated: attribute.deprecation.is_some(),
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecation.clone().unwrap_or_default(),
    }
}

fn nested((name, nested): (&String, &NestedBlock)) -> wire::schema::NestedBlock {
    let nesting = match nested.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
    };
    wire::schema::NestedBlock {
        type_name: name.clone(),
        block: Some(block(&nested.block)),
        nesting: nesting.into(),
        min_items: nested.min_items,
        max_items: nested.max_items,
    }
}

fn ty(ty: &Type) -> Vec<u8> {
    ty.to_json()
}
