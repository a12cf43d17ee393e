// SPDX-License-Identifier: MPL-2.0
//! Bytes to MessagePack tokens. Knows no types, and never allocates by a length it has not seen the bytes of.

use rmp::Marker;

use crate::value::{Number, ValueError};

/// One token: a scalar, or the head of a container.
pub(super) enum Token<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(&'a str),
    Binary(&'a [u8]),
    Array(usize),
    Map(usize),
    /// An extension value of any type, its body skipped.
    Extension,
}

/// What is left to read.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

// === impl Token ===

impl Token<'_> {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Token::Null => "null",
            Token::Bool(_) => "boolean",
            Token::Number(_) => "number",
            Token::String(_) => "string",
            Token::Binary(_) => "bytes",
            Token::Array(_) => "list",
            Token::Map(_) => "map",
            Token::Extension => "unknown value",
        }
    }
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn token(&mut self) -> Result<Token<'a>, ValueError> {
        let [marker] = self.array()?;
        Ok(match Marker::from_u8(marker) {
            Marker::Null => Token::Null,
            Marker::True => Token::Bool(true),
            Marker::False => Token::Bool(false),
            Marker::FixPos(value) => Token::Number(u64::from(value).into()),
            Marker::FixNeg(value) => Token::Number(i64::from(value).into()),
            Marker::U8 => Token::Number(self.unsigned(1)?.into()),
            Marker::U16 => Token::Number(self.unsigned(2)?.into()),
            Marker::U32 => Token::Number(self.unsigned(4)?.into()),
            Marker::U64 => Token::Number(self.unsigned(8)?.into()),
            Marker::I8 => Token::Number(i64::from(i8::from_be_bytes(self.array()?)).into()),
            Marker::I16 => Token::Number(i64::from(i16::from_be_bytes(self.array()?)).into()),
            Marker::I32 => Token::Number(i64::from(i32::from_be_bytes(self.array()?)).into()),
            Marker::I64 => Token::Number(i64::from_be_bytes(self.array()?).into()),
            Marker::F32 => float(f64::from(f32::from_be_bytes(self.array()?)))?,
            Marker::F64 => float(f64::from_be_bytes(self.array()?))?,
            Marker::FixStr(length) => self.string(usize::from(length))?,
            Marker::Str8 => self.sized(1, Self::string)?,
            Marker::Str16 => self.sized(2, Self::string)?,
            Marker::Str32 => self.sized(4, Self::string)?,
            Marker::Bin8 => self.sized(1, Self::binary)?,
            Marker::Bin16 => self.sized(2, Self::binary)?,
            Marker::Bin32 => self.sized(4, Self::binary)?,
            Marker::FixArray(length) => Token::Array(usize::from(length)),
            Marker::Array16 => Token::Array(self.length(2)?),
            Marker::Array32 => Token::Array(self.length(4)?),
            Marker::FixMap(length) => Token::Map(usize::from(length)),
            Marker::Map16 => Token::Map(self.length(2)?),
            Marker::Map32 => Token::Map(self.length(4)?),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.sized(1, Self::extension)?,
            Marker::Ext16 => self.sized(2, Self::extension)?,
            Marker::Ext32 => self.sized(4, Self::extension)?,
            Marker::Reserved => return Err(ValueError::new("is not MessagePack")),
        })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ValueError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| ValueError::new("the MessagePack ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ValueError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn unsigned(&mut self, width: usize) -> Result<u64, ValueError> {
        Ok(self.take(width)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn length(&mut self, width: usize) -> Result<usize, ValueError> {
        usize::try_from(self.unsigned(width)?).map_err(|_| ValueError::new("is too long"))
    }

    fn sized(
        &mut self,
        width: usize,
        read: fn(&mut Self, usize) -> Result<Token<'a>, ValueError>,
    ) -> Result<Token<'a>, ValueError> {
        let length = self.length(width)?;
        read(self, length)
    }

    fn string(&mut self, length: usize) -> Result<Token<'a>, ValueError> {
        let text = str::from_utf8(self.take(length)?);
        text.map(Token::String).map_err(|_| ValueError::new("is not UTF-8"))
    }

    fn binary(&mut self, length: usize) -> Result<Token<'a>, ValueError> {
        self.take(length).map(Token::Binary)
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>, ValueError> {
        self.take(1)?;
        self.take(length)?;
        Ok(Token::Extension)
    }
}

fn float<'a>(value: f64) -> Result<Token<'a>, ValueError> {
    let number = Number::exactly(value).map_err(|error| ValueError::new(error.to_string()))?;
    Ok(Token::Number(number))
}
