//! The framing of a chunked body, byte by byte, in RFC 9112's grammar without any of hyper's leniency.
//!
//! hyper lets through: white space after a size, any number of it and of leading zeros; any byte but CR and LF in an
//! extension; and in a trailer section a lone LF, after which it takes for one trailer field what others read as
//! several, or as the section's end and the next request. Chunk data is skipped by its length.

use super::super::ambiguity::Ambiguity;

/// RFC 9112, 7.1.1: "A server ought to limit the total length of chunk extensions"; one size line with its extensions.
const LINE_LIMIT: u32 = 1024;
/// The trailer section; hyper's own limit, which the guard must stay below to be the one that answers.
const TRAILER_LIMIT: u32 = 8 * 1024;
/// As many digits as a `u64` has, leading zeros included.
const DIGITS_LIMIT: u32 = 16;

/// Where in a chunked body the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the first digit.
    Start,
    Size,
    /// White space (BWS) that a `;` must follow.
    BeforeSemicolon,
    /// After the `;`, at the extension's name or white space before it.
    NameStart,
    Name,
    /// White space after a name.
    AfterName,
    ValueStart,
    Token,
    Quoted,
    Escaped,
    AfterQuoted,
    SizeEnd,
    Data,
    DataEnd,
    DataFeed,
    /// At the start of a line of the trailer section.
    Line,
    FieldName,
    FieldValue,
    FieldEnd,
    LastFeed,
    Done,
}

/// Follows one chunked body.
#[derive(Debug)]
pub(super) struct Chunks {
    place: Place,
    /// The chunk's size while it is read, and then what is left of it.
    size: u64,
    /// The digits of the size so far.
    digits: u32,
    /// The bytes of the size line, or of the trailer section, so far.
    line: u32,
}

impl Chunks {
    /// At the beginning of a body.
    pub(super) fn new() -> Self {
        Self { place: Place::Start, size: 0, digits: 0, line: 0 }
    }

    /// Whether the body is complete.
    pub(super) fn done(&self) -> bool {
        self.place == Place::Done
    }

    /// Follows `bytes` to their end or the body's; how many of them belong to the body.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Result<usize, Ambiguity> {
        let mut at = 0;
        while at < bytes.len() && self.place != Place::Done {
            if self.place == Place::Data {
                at += self.skip(bytes.len() - at);
            } else {
                self.step(bytes[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    /// Skips as much chunk data as there is among `available` bytes.
    fn skip(&mut self, available: usize) -> usize {
        let taken = usize::try_from(self.size).unwrap_or(usize::MAX).min(available);
        self.size -= taken as u64;
        if self.size == 0 {
            self.place = Place::DataEnd;
        }
        taken
    }

    /// One byte of anything but data.
    fn step(&mut self, byte: u8) -> Result<(), Ambiguity> {
        self.place = match self.place {
            Place::Start | Place::Size | Place::BeforeSemicolon | Place::SizeEnd => self.size(byte)?,
            Place::Line | Place::FieldName | Place::FieldValue | Place::FieldEnd | Place::LastFeed => {
                self.trailer(byte)?
            }
            // RFC 9112, 7.1: chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF.
            Place::DataEnd if byte == b'\r' => Place::DataFeed,
            Place::DataFeed if byte == b'\n' => {
                *self = Self::new();
                Place::Start
            }
            Place::DataEnd | Place::DataFeed => return Err(Ambiguity::ChunkEnd),
            Place::Data | Place::Done => self.place,
            _ => self.extension(byte)?,
        };
        Ok(())
    }

    /// RFC 9112, 7.1: chunk-size = 1*HEXDIG; recipients "MUST anticipate potentially large hexadecimal numerals".
    fn size(&mut self, byte: u8) -> Result<Place, Ambiguity> {
        self.line += 1;
        if self.line > LINE_LIMIT {
            return Err(Ambiguity::ChunkExtension);
        }
        match (self.place, byte) {
            (Place::Start | Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte),
            (Place::Size, b' ' | b'\t') | (Place::BeforeSemicolon, b' ' | b'\t') => {
                Ok(Place::BeforeSemicolon)
            }
            (Place::Size | Place::BeforeSemicolon, b';') => Ok(Place::NameStart),
            (Place::Size, b'\r') => Ok(Place::SizeEnd),
            (Place::SizeEnd, b'\n') => Ok(self.after_size()),
            // White space without an extension after it is in no grammar.
            _ => Err(Ambiguity::ChunkSize),
        }
    }

    /// One more digit of the size.
    fn digit(&mut self, byte: u8) -> Result<Place, Ambiguity> {
        self.digits += 1;
        let value = char::from(byte).to_digit(16).unwrap_or(0);
        if self.digits > DIGITS_LIMIT {
            return Err(Ambiguity::ChunkSize);
        }
        self.size = self.size << 4 | u64::from(value);
        Ok(Place::Size)
    }

    /// What follows a size line: data, or after a size of zero the trailer section.
    fn after_size(&mut self) -> Place {
        self.line = 0;
        if self.size == 0 { Place::Line } else { Place::Data }
    }

    /// RFC 9112, 7.1.1: chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ).
    fn extension(&mut self, byte: u8) -> Result<Place, Ambiguity> {
        self.line += 1;
        if self.line > LINE_LIMIT {
            return Err(Ambiguity::ChunkExtension);
        }
        match (self.place, byte) {
            (Place::NameStart, b' ' | b'\t') => Ok(Place::NameStart),
            (Place::NameStart | Place::Name, byte) if is_token(byte) => Ok(Place::Name),
            (Place::Name | Place::AfterName, b'=') => Ok(Place::ValueStart),
            (Place::Name | Place::AfterName, b' ' | b'\t') => Ok(Place::AfterName),
            (Place::ValueStart, b' ' | b'\t') => Ok(Place::ValueStart),
            (Place::ValueStart, b'"') => Ok(Place::Quoted),
            (Place::ValueStart | Place::Token, byte) if is_token(byte) => Ok(Place::Token),
            (Place::Quoted, b'"') => Ok(Place::AfterQuoted),
            (Place::Quoted, b'\\') => Ok(Place::Escaped),
            (Place::Quoted | Place::Escaped, byte) if is_value(byte) => Ok(Place::Quoted),
            (Place::Token | Place::AfterQuoted, b' ' | b'\t') => Ok(Place::BeforeSemicolon),
            (Place::Name | Place::AfterName | Place::Token | Place::AfterQuoted, b';') => {
                Ok(Place::NameStart)
            }
            (Place::Name | Place::Token | Place::AfterQuoted, b'\r') => Ok(Place::SizeEnd),
            _ => Err(Ambiguity::ChunkExtension),
        }
    }

    /// RFC 9112, 7.1.2: trailer-section = *( field-line CRLF ), then CRLF. RFC 9110, 5.5: CR, LF and NUL in a value
    /// MUST be refused or replaced; hyper does neither with LF here. RFC 9112, 5.2: so must folding.
    fn trailer(&mut self, byte: u8) -> Result<Place, Ambiguity> {
        self.line += 1;
        match (self.place, byte) {
            _ if self.line > TRAILER_LIMIT => Err(Ambiguity::Trailer),
            (Place::Line, b'\r') => Ok(Place::LastFeed),
            (Place::LastFeed, b'\n') => Ok(Place::Done),
            (Place::Line | Place::FieldName, byte) if is_token(byte) => Ok(Place::FieldName),
            (Place::FieldName, b':') => Ok(Place::FieldValue),
            (Place::FieldValue, byte) if is_value(byte) => Ok(Place::FieldValue),
            (Place::FieldValue, b'\r') => Ok(Place::FieldEnd),
            (Place::FieldEnd, b'\n') => Ok(Place::Line),
            _ => Err(Ambiguity::Trailer),
        }
    }
}

/// RFC 9110, 5.6.2: tchar.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110, 5.5: what a field value is made of, and (5.6.4) what may stand in a quoted string.
fn is_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows `bytes` cut after every byte and in one piece: both ways must agree.
    fn follow(bytes: &[u8]) -> Result<usize, Ambiguity> {
        let mut whole = Chunks::new();
        let result = whole.follow(bytes).map(|at| if whole.done() { at } else { usize::MAX });
        let mut cut = Chunks::new();
        let mut at = 0;
        let pieces = bytes.chunks(1).try_for_each(|piece| cut.follow(piece).map(|taken| at += taken));
        assert_eq!(result, pieces.map(|()| if cut.done() { at } else { usize::MAX }));
        result
    }

    #[test]
    fn good_bodies() {
        for good in [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "000A;a\r\n0123456789\r\n0\r\n\r\n",
            "5 ; a = \"b\\\"c;\" ;d=e\r\nhello\r\n0;last\r\nX: y\r\nZ:\r\n\r\n",
        ] {
            let more = format!("{good}GET / HTTP/1.1\r\n");
            assert_eq!(follow(more.as_bytes()), Ok(good.len()), "{good:?}");
        }
    }

    #[test]
    fn bad_bodies() {
        for (bad, why) in [
            ("\r\n", Ambiguity::ChunkSize),
            ("0x5\r\n", Ambiguity::ChunkSize),
            ("5 \r\n", Ambiguity::ChunkSize),
            ("5\n", Ambiguity::ChunkSize),
            ("00000000000000005\r\n", Ambiguity::ChunkSize),
            ("5;\r\n", Ambiguity::ChunkExtension),
            ("5;a\n", Ambiguity::ChunkExtension),
            ("5;a\0\r\n", Ambiguity::ChunkExtension),
            ("5;a=\"\r\n", Ambiguity::ChunkExtension),
            ("1\r\nab", Ambiguity::ChunkEnd),
            ("1\r\na\n", Ambiguity::ChunkEnd),
            ("0\r\nA: b\nC: d\r\n\r\n", Ambiguity::Trailer),
            ("0\r\nA: b\r\n c\r\n\r\n", Ambiguity::Trailer),
            ("0\r\nA : b\r\n\r\n", Ambiguity::Trailer),
            ("0\r\n\n", Ambiguity::Trailer),
        ] {
            assert_eq!(follow(bad.as_bytes()), Err(why), "{bad:?}");
        }
    }
}
