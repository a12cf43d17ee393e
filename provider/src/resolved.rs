// SPDX-License-Identifier: MPL-2.0
//! The names of an instance as the configuration language has them: one object, an attribute a name.

use tfplugin::value::{Type, Value};

use crate::naming::{Names, ROWS, Row, RowValue};

/// The names, in the order documents list them.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter()
}

/// The type of that object: a string a name, a map of strings where there is a name for each service.
pub fn ty() -> Type {
    Type::object(
        rows().map(|row| {
            (row.key, if row.per_service { Type::map(Type::String) } else { Type::String })
        }),
    )
}

/// The names as a value of [`ty`]; null where an input of one is absent.
pub fn value(names: &Names) -> Value {
    let value = |value: RowValue<'_>| match value {
        RowValue::One(name) => name.map_or(Value::Null, Value::from),
        RowValue::PerService(names) => Value::Map(
            names.iter().map(|(service, name)| (service.clone(), name.clone().into())).collect(),
        ),
    };
    Value::Map(names.rows().into_iter().map(|(key, name)| (key.to_owned(), value(name))).collect())
}
