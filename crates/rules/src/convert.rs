//! Columns of foreign files in the few types that this house computes with: `Int64`, `Float64`, `Utf8`, `Date32`, and
//! narrower integers where a schema asks for them.
//!
//! A value that the wanted type cannot hold is unknown, never another value. Text is never parsed here: what a text means
//! is the business of whoever reads the file.

use std::{fmt::Write, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, StringArray,
    builder::StringBuilder,
    cast::AsArray,
    downcast_dictionary_array, downcast_integer_array,
    types::{
        ArrowTimestampType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
        TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    },
};
use arrow_schema::{ArrowError, DataType, TimeUnit};

/// The column as `to`.
///
/// # Errors
/// [`ArrowError::CastError`] when values of the column's type are never of the wanted one.
pub fn convert(array: &dyn Array, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(arrow_array::make_array(array.to_data()));
    }
    if *array.data_type() == DataType::Null {
        return Ok(arrow_array::new_null_array(to, array.len()));
    }
    if let DataType::Dictionary(..) = array.data_type() {
        return downcast_dictionary_array!(
            array => convert(&arrow_select::take::take(array.values(), array.keys(), None)?, to),
            _ => Err(refused(array, to))
        );
    }
    match to {
        DataType::Int8 => integers::<Int8Type>(array, to),
        DataType::Int16 => integers::<Int16Type>(array, to),
        DataType::Int32 => integers::<Int32Type>(array, to),
        DataType::Int64 => integers::<Int64Type>(array, to),
        DataType::Float64 => numbers(array, to),
        DataType::Date32 => days(array, to),
        DataType::Utf8 => texts(array, to),
        _ => Err(refused(array, to)),
    }
}

fn refused(array: &dyn Array, to: &DataType) -> ArrowError {
    ArrowError::CastError(format!("values of type {} are no {to}", array.data_type()))
}

#[expect(
    clippy::unnecessary_fallible_conversions,
    clippy::useless_conversion,
    reason = "one body for all integer types"
)]
fn integers<T: ArrowPrimitiveType>(array: &dyn Array, to: &DataType) -> Result<ArrayRef, ArrowError>
where
    T::Native: TryFrom<i64>,
{
    let narrow = |wide: Option<i64>| wide.and_then(|wide| T::Native::try_from(wide).ok());
    let out: PrimitiveArray<T> = downcast_integer_array!(
        array => array.iter().map(|value| narrow(value.and_then(|value| i64::try_from(value).ok()))).collect(),
        DataType::Boolean => array.as_boolean().iter().map(|value| narrow(value.map(i64::from))).collect(),
        DataType::Date32 => {
            array.as_primitive::<Date32Type>().iter().map(|value| narrow(value.map(i64::from))).collect()
        }
        _ => return Err(refused(array, to))
    );
    Ok(Arc::new(out))
}

#[expect(clippy::cast_lossless, reason = "one body for all integer types")]
fn numbers(array: &dyn Array, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let out: PrimitiveArray<Float64Type> = downcast_integer_array!(
        array => array.iter().map(|value| value.map(|value| value as f64)).collect(),
        DataType::Float32 => array.as_primitive::<Float32Type>().iter().map(|value| value.map(f64::from)).collect(),
        _ => return Err(refused(array, to))
    );
    Ok(Arc::new(out))
}

/// The day in which a moment lies, in the clock of the file.
fn days(array: &dyn Array, to: &DataType) -> Result<ArrayRef, ArrowError> {
    fn of<T: ArrowTimestampType>(array: &dyn Array, a_day: i64) -> ArrayRef {
        let day = |moment: i64| i32::try_from(moment.div_euclid(a_day)).ok();
        let moments = array.as_primitive::<T>().iter();
        Arc::new(moments.map(|moment| moment.and_then(day)).collect::<PrimitiveArray<Date32Type>>())
    }
    const SECONDS: i64 = 86_400;
    Ok(match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => of::<TimestampSecondType>(array, SECONDS),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            of::<TimestampMillisecondType>(array, SECONDS * 1_000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            of::<TimestampMicrosecondType>(array, SECONDS * 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            of::<TimestampNanosecondType>(array, SECONDS * 1_000_000_000)
        }
        _ => return Err(refused(array, to)),
    })
}

/// Numbers as they are written, days as ISO days.
fn texts(array: &dyn Array, to: &DataType) -> Result<ArrayRef, ArrowError> {
    fn written<T: std::fmt::Display>(values: impl Iterator<Item = Option<T>>) -> StringArray {
        let mut out = StringBuilder::new();
        let mut text = String::new();
        for value in values {
            text.clear();
            // Writing to a text cannot fail.
            let text = value.map(|value| {
                let _ = write!(text, "{value}");
                text.as_str()
            });
            out.append_option(text);
        }
        out.finish()
    }
    let out = downcast_integer_array!(
        array => written(array.iter()),
        DataType::Boolean => written(array.as_boolean().iter()),
        DataType::Float32 => written(array.as_primitive::<Float32Type>().iter()),
        DataType::Float64 => written(array.as_primitive::<Float64Type>().iter()),
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().iter();
            written(days.map(|day| day.and_then(model::civil_from_epoch_days)))
        }
        DataType::LargeUtf8 => array.as_string::<i64>().iter().collect::<StringArray>(),
        DataType::Utf8View => array.as_string_view().iter().collect::<StringArray>(),
        _ => return Err(refused(array, to))
    );
    Ok(Arc::new(out))
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        DictionaryArray, Int32Array, LargeStringArray, StringViewArray, TimestampMillisecondArray,
        UInt64Array,
    };

    use super::*;

    fn shown(array: &dyn Array, to: &DataType) -> String {
        format!("{:?}", convert(array, to).unwrap())
    }

    #[test]
    fn what_does_not_fit_is_unknown() {
        let wide = UInt64Array::from(vec![Some(7), Some(u64::MAX), None, Some(300)]);
        let bytes = PrimitiveArray::<Int8Type>::from(vec![Some(7), None, None, None]);
        assert_eq!(shown(&wide, &DataType::Int8), format!("{bytes:?}"));
    }

    #[test]
    fn the_day_before_the_epoch_ends_before_it() {
        let moments = TimestampMillisecondArray::from(vec![-1, 0, 86_400_000]);
        let days = PrimitiveArray::<Date32Type>::from(vec![-1, 0, 1]);
        assert_eq!(shown(&moments, &DataType::Date32), format!("{days:?}"));
    }

    #[test]
    fn all_kinds_of_text_become_one() {
        let kinds: [ArrayRef; 5] = [
            Arc::new(LargeStringArray::from(vec![Some("7"), None])),
            Arc::new(StringViewArray::from(vec![Some("7"), None])),
            Arc::new(Int32Array::from(vec![Some(7), None])),
            Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("7"), None])),
            Arc::new(PrimitiveArray::<Float64Type>::from(vec![Some(7.0), None])),
        ];
        let plain = format!("{:?}", StringArray::from(vec![Some("7"), None]));
        for array in kinds {
            assert_eq!(shown(&array, &DataType::Utf8), plain, "{}", array.data_type());
        }
        let day = PrimitiveArray::<Date32Type>::from(vec![365]);
        assert_eq!(shown(&day, &DataType::Utf8), format!("{:?}", StringArray::from(vec!["1971-01-01"])));
    }

    #[test]
    fn text_is_not_read_as_a_number() {
        assert!(convert(&StringArray::from(vec!["7"]), &DataType::Int64).is_err());
    }
}
