//! A reader of TensorBoard's event files, by other code than wrote them.

use std::path::Path;

use prost::Message;

/// `Event` of `event.proto`, as far as this program fills it in.
#[derive(Clone, PartialEq, Message)]
pub struct Event {
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(string, optional, tag = "3")]
    pub file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    pub summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    pub session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<Scalar>,
}

/// `Summary.Value` with a `simple_value`.
#[derive(Clone, PartialEq, Message)]
pub struct Scalar {
    #[prost(string, tag = "1")]
    pub tag: String,
    #[prost(float, optional, tag = "2")]
    pub simple_value: Option<f32>,
}

#[derive(Clone, PartialEq, Message)]
pub struct SessionLog {
    #[prost(int32, tag = "1")]
    pub status: i32,
}

/// The events of a file, whose records are whole and have the right checksums.
pub fn read(file: &Path) -> Vec<Event> {
    let bytes = std::fs::read(file).expect("an event file");
    let (mut rest, mut events) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let length = checked(&mut rest, 8);
        let length = u64::from_le_bytes(length.try_into().expect("eight bytes"));
        events.push(Event::decode(checked(&mut rest, length as usize)).expect("an event"));
    }
    events
}

/// Takes that many bytes and the checksum after them.
fn checked<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (data, after) = rest.split_at_checked(length).expect("whole data");
    let (sum, after) = after.split_first_chunk::<4>().expect("a checksum");
    *rest = after;
    let expected = crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8);
    assert_eq!(u32::from_le_bytes(*sum), expected, "the checksum of {length} bytes");
    data
}
