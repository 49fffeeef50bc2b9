//! Positional arguments, read one by one so that an error can name the one it is about.

use crate::RpcError;
use jsonrpsee::types::Params;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The arguments of one request.
#[derive(Debug)]
pub struct Args {
    values: std::vec::IntoIter<Value>,
    index: usize,
}

impl Args {
    pub(crate) fn new(params: &Params<'_>) -> Result<Self, RpcError> {
        let values: Option<Vec<Value>> = match params.as_str() {
            None => None,
            Some(text) => {
                serde_json::from_str(text).map_err(|_| RpcError::Params("params must be an array".into()))?
            }
        };
        Ok(Self {
            values: values.unwrap_or_default().into_iter(),
            index: 0,
        })
    }

    /// The next argument; `null` counts as missing.
    pub fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, RpcError> {
        let index = self.index;
        self.optional(name)?.ok_or(RpcError::Missing { index, name })
    }

    /// The next argument if there is one.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, RpcError> {
        let index = self.index;
        self.index += 1;
        match self.values.next() {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|e| RpcError::Argument {
                    index,
                    name,
                    reason: e.to_string(),
                }),
        }
    }

    /// Refuses arguments that nobody read.
    pub fn end(self) -> Result<(), RpcError> {
        if self.values.len() == 0 {
            Ok(())
        } else {
            Err(RpcError::TooMany { max: self.index })
        }
    }

    /// An error about the argument that was read last.
    pub fn refuse(&self, name: &'static str, reason: impl ToString) -> RpcError {
        RpcError::Argument {
            index: self.index.saturating_sub(1),
            name,
            reason: reason.to_string(),
        }
    }
}
