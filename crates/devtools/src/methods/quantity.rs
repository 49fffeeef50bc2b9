//! Numbers as tools send them: some as numbers, some in hexadecimal, some in decimal.

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, de::Error as _};

/// A number of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity(pub u64);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = U256::deserialize(deserializer)
            .map_err(|_| D::Error::custom("want a number: 16, \"16\" or \"0x10\""))?;
        let number = number
            .try_into()
            .map_err(|_| D::Error::custom("more than 64 bits"))?;
        Ok(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for value in [json!(16), json!("16"), json!("0x10"), json!("0x0010")] {
            let read: Quantity = serde_json::from_value(value.clone()).expect("a number");
            assert_eq!(read, Quantity(16), "{value}");
        }
        for value in [json!(-1), json!("x"), json!("0x10000000000000000"), json!(1.5)] {
            assert!(
                serde_json::from_value::<Quantity>(value.clone()).is_err(),
                "{value}"
            );
        }
    }
}
