//! The health protocol of gRPC, as far as a probe speaks it: one question and one answer
//! (<https://github.com/grpc/grpc/blob/master/doc/health-checking.md>).

use bytes::{BufMut, Bytes, BytesMut};

/// The path of the method.
pub const PATH: &str = "/grpc.health.v1.Health/Check";

/// The longest name of a service, in bytes: its length fits one byte of a varint.
pub const LONGEST_SERVICE: usize = 127;

/// `HealthCheckResponse.ServingStatus.SERVING`.
const SERVING: u64 = 1;

/// A `HealthCheckRequest` about `service`, which has at most [`LONGEST_SERVICE`] bytes, as one message of gRPC: a byte that says
/// that it is not compressed, and its length in four.
pub fn question(service: &str) -> Bytes {
    let length = u8::try_from(service.len().min(LONGEST_SERVICE)).unwrap_or_default();
    let mut message = BytesMut::new();
    if length > 0 {
        // Field 1, with a length before it; an empty string is left out, as proto3 has it.
        message.put_u8(0x0a);
        message.put_u8(length);
        message.put_slice(&service.as_bytes()[..usize::from(length)]);
    }
    let mut framed = BytesMut::with_capacity(5 + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or_default());
    framed.put_slice(&message);
    framed.freeze()
}

/// Whether `body`, which somebody else has written, is one message of gRPC with a `HealthCheckResponse` that says that the
/// service is well.
///
/// # Errors
/// What it says instead.
pub fn answer(body: &[u8]) -> Result<(), String> {
    let unreadable = || "the answer is not one of the health protocol".to_owned();
    let (head, message) = body.split_at_checked(5).ok_or_else(unreadable)?;
    let length = head[1..].iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    if head[0] != 0 || message.len() != length {
        return Err(unreadable());
    }
    match status(message).ok_or_else(unreadable)? {
        SERVING => Ok(()),
        0 => Err("the service says UNKNOWN".to_owned()),
        2 => Err("the service says NOT_SERVING".to_owned()),
        3 => Err("the service says SERVICE_UNKNOWN".to_owned()),
        other => Err(format!("the service says {other}, whatever that is")),
    }
}

/// Field 1, a varint; fields of other numbers are passed over, as readers of protobuf do. The last one counts.
fn status(mut message: &[u8]) -> Option<u64> {
    let mut status = 0;
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        match (tag >> 3, tag & 7) {
            (1, 0) => status = varint(&mut message)?,
            (0, _) => return None,
            (_, 0) => drop(varint(&mut message)?),
            (_, 1) => message = message.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            (_, 5) => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(status)
}

/// Seven bits a byte, the lowest first; ten bytes at most.
fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for at in 0..10 {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f).checked_shl(7 * at)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn questions_are_what_protoc_writes() {
        assert_eq!(&*question(""), &[0, 0, 0, 0, 0]);
        assert_eq!(&*question("a.B"), &[0, 0, 0, 0, 5, 0x0a, 3, b'a', b'.', b'B']);
    }

    #[test]
    fn answers_are_read_strictly() {
        assert_eq!(answer(&[0, 0, 0, 0, 2, 8, 1]), Ok(()));
        // An unknown field before it, and a default value that is left out.
        assert_eq!(answer(&[0, 0, 0, 0, 5, 0x12, 1, 7, 8, 1]), Ok(()));
        assert!(answer(&[0, 0, 0, 0, 0]).unwrap_err().contains("UNKNOWN"));
        assert!(answer(&[0, 0, 0, 0, 2, 8, 2]).unwrap_err().contains("NOT_SERVING"));
        for wrong in [
            &b""[..],
            &[0, 0, 0, 0],
            &[1, 0, 0, 0, 2, 8, 1],
            &[0, 0, 0, 0, 3, 8, 1],
            &[0, 0, 0, 0, 1, 8],
            &[0, 0, 0, 0, 2, 0, 1],
            &[0, 0, 0, 0, 3, 0x12, 9, 1],
            &[0, 0, 0, 0, 11, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0, 255, 255, 255, 255, 8, 1],
        ] {
            assert!(answer(wrong).is_err(), "{wrong:?}");
        }
    }
}
