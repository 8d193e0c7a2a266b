//! Messages in the format of Protocol Buffers, written field by field: ONNX graphs and TensorBoard
//! events. The numbers of the fields stand in the `.proto` files of those formats.

/// A message: the bytes of its fields so far.
#[derive(Debug, Clone, Default)]
pub struct Message(Vec<u8>);

/// The wire type of a field, which tells a reader how long it is.
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

impl Message {
    /// Adds a whole number, or a value of an enumeration.
    pub fn int(mut self, field: u32, number: i64) -> Self {
        self.key(field, Wire::Varint);
        self.varint(number as u64);
        self
    }

    /// Adds whole numbers, each as a field of its own.
    pub fn ints(self, field: u32, numbers: &[i64]) -> Self {
        numbers.iter().fold(self, |message, &number| message.int(field, number))
    }

    /// Adds an f32.
    pub fn float(mut self, field: u32, number: f32) -> Self {
        self.key(field, Wire::Fixed32);
        self.0.extend(number.to_le_bytes());
        self
    }

    /// Adds an f64.
    pub fn double(mut self, field: u32, number: f64) -> Self {
        self.key(field, Wire::Fixed64);
        self.0.extend(number.to_le_bytes());
        self
    }

    /// Adds text, bytes or another message.
    pub fn bytes(mut self, field: u32, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.key(field, Wire::Bytes);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    /// Adds several texts or messages, each as a field of its own.
    pub fn each(self, field: u32, items: impl IntoIterator<Item: AsRef<[u8]>>) -> Self {
        items.into_iter().fold(self, |message, item| message.bytes(field, item))
    }

    /// The bytes of the message.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn key(&mut self, field: u32, wire: Wire) {
        self.varint(u64::from(field << 3 | wire as u32));
    }

    /// Seven bits to a byte, the lowest first; the highest bit says that more follow.
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
