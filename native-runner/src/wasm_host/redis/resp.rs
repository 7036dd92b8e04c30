//! The Redis protocol, version 2, as far as a client of single commands needs it.

use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Connecting, or one command, fails after this long: a guest has no clock of its own to give a server up by, and each
/// request of it would wait for one that does not answer.
const LIMIT: Duration = Duration::from_secs(2);

/// The largest string Redis itself allows, in bytes.
const LONGEST_STRING: usize = 512 << 20;

/// How deep arrays may nest in an answer.
const DEEPEST: u8 = 8;

/// What a server answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    /// No value.
    Nil,
    /// A short text such as `OK`.
    Status(String),
    /// A number.
    Integer(i64),
    /// A string of bytes.
    Binary(Vec<u8>),
    /// Several values.
    Array(Vec<Value>),
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The address is not `redis://[[user]:password@]host[:port][/database]`.
    Address,
    /// The key holds a value of another type.
    Type,
    /// The server's or the connection's error.
    Other(String),
}

/// Where a server is and how to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Without the brackets of IPv6.
    pub host: String,
    /// 6379 where none is given.
    pub port: u16,
    /// User and password; the user may be empty.
    login: Option<(String, String)>,
    database: Option<u32>,
}

/// A connection that is logged in.
pub struct Connection(BufReader<TcpStream>);

// === impl Failure ===

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

// === impl Address ===

impl Address {
    /// Reads a `redis://` address; user and password are percent-encoded, as Spin's client has them.
    ///
    /// # Errors
    /// [`Failure::Address`].
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let uri: http::Uri = text.parse().map_err(|_| Failure::Address)?;
        let (Some("redis"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(Failure::Address);
        };
        let login = authority.as_str().rsplit_once('@').and_then(|(login, _)| login.split_once(':'));
        let database = uri.path().trim_matches('/');
        Ok(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(6379),
            login: match login {
                Some((user, password)) => Some((decoded(user)?, decoded(password)?)),
                None => None,
            },
            database: if database.is_empty() {
                None
            } else {
                Some(database.parse().map_err(|_| Failure::Address)?)
            },
        })
    }
}

fn decoded(text: &str) -> Result<String, Failure> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8().map_err(|_| Failure::Address)?;
    Ok(decoded.into_owned())
}

// === impl Connection ===

impl Connection {
    /// Connects, logs in and chooses the database.
    ///
    /// # Errors
    /// The server cannot be reached in time or refuses the login.
    pub async fn open(to: &Address) -> Result<Self, Failure> {
        let connecting = TcpStream::connect((to.host.as_str(), to.port));
        let stream = timeout(LIMIT, connecting).await.map_err(|_| too_slow())??;
        stream.set_nodelay(true)?;
        let mut connection = Self(BufReader::new(stream));
        match &to.login {
            Some((user, password)) if user.is_empty() => {
                connection.command(&[b"AUTH", password.as_bytes()]).await?
            }
            Some((user, password)) => {
                connection.command(&[b"AUTH", user.as_bytes(), password.as_bytes()]).await?
            }
            None => Value::Nil,
        };
        if let Some(database) = to.database {
            connection.command(&[b"SELECT", database.to_string().as_bytes()]).await?;
        }
        Ok(connection)
    }

    /// Sends one command and waits for its answer.
    ///
    /// # Errors
    /// The server answers with an error, or the connection fails; then it is of no further use.
    pub async fn command(&mut self, parts: &[&[u8]]) -> Result<Value, Failure> {
        timeout(LIMIT, self.exchange(parts)).await.map_err(|_| too_slow())?
    }

    async fn exchange(&mut self, parts: &[&[u8]]) -> Result<Value, Failure> {
        let mut out = format!("*{}\r\n", parts.len()).into_bytes();
        for part in parts {
            out.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
            out.extend_from_slice(part);
            out.extend_from_slice(b"\r\n");
        }
        self.0.get_mut().write_all(&out).await?;
        self.read(DEEPEST).await
    }

    async fn read(&mut self, depth: u8) -> Result<Value, Failure> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        let line = line.strip_suffix("\r\n").ok_or_else(malformed)?;
        let kind = line.bytes().next().ok_or_else(malformed)?;
        let rest = line.get(1..).ok_or_else(malformed)?;
        match kind {
            b'+' => Ok(Value::Status(rest.to_owned())),
            b'-' if rest.starts_with("WRONGTYPE") => Err(Failure::Type),
            b'-' => Err(Failure::Other(rest.to_owned())),
            b':' => Ok(Value::Integer(number(rest)?)),
            b'$' => self.read_string(number(rest)?).await,
            b'*' if depth > 0 => self.read_array(number(rest)?, depth).await,
            _ => Err(malformed()),
        }
    }

    async fn read_string(&mut self, length: i64) -> Result<Value, Failure> {
        let Ok(length) = usize::try_from(length) else { return Ok(Value::Nil) };
        if length > LONGEST_STRING {
            return Err(malformed());
        }
        let mut bytes = vec![0; length + 2];
        self.0.read_exact(&mut bytes).await?;
        bytes.truncate(length);
        Ok(Value::Binary(bytes))
    }

    async fn read_array(&mut self, length: i64, depth: u8) -> Result<Value, Failure> {
        if length < 0 {
            return Ok(Value::Nil);
        }
        let mut values = Vec::new();
        for _ in 0..length {
            // Only this call nests; its depth is bounded, so is the boxed chain.
            values.push(Box::pin(self.read(depth - 1)).await?);
        }
        Ok(Value::Array(values))
    }
}

fn number(text: &str) -> Result<i64, Failure> {
    text.parse().map_err(|_| malformed())
}

fn malformed() -> Failure {
    Failure::Other(String::from("the server's answer is not in the Redis protocol"))
}

fn too_slow() -> Failure {
    Failure::Other(String::from("the server did not answer in time"))
}

#[cfg(test)]
mod tests {
    use super::{Address, Connection, Failure, Value};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn addresses() {
        let address = Address::parse("redis://user:secret@[::1]:7000/2").expect("valid");
        assert_eq!((address.host.as_str(), address.port, address.database), ("::1", 7000, Some(2)));
        assert_eq!(address.login, Some((String::from("user"), String::from("secret"))));
        let encoded = Address::parse("redis://:a%40%2F%3A%20b@localhost:7000/2").expect("valid");
        assert_eq!(encoded.login, Some((String::new(), String::from("a@/: b"))));
        assert_eq!(Address::parse("redis://localhost").expect("valid").port, 6379);
        for wrong in ["localhost:6379", "http://localhost", "redis://localhost/x", ""] {
            assert_eq!(Address::parse(wrong), Err(Failure::Address), "{wrong}");
        }
    }

    async fn answer(bytes: &'static [u8]) -> Result<Value, Failure> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut command = [0; 14];
            stream.read_exact(&mut command).await.expect("a command");
            assert_eq!(&command, b"*1\r\n$4\r\nPING\r\n");
            stream.write_all(bytes).await.expect("written");
        });
        let address = Address::parse(&format!("redis://127.0.0.1:{port}")).expect("valid");
        Connection::open(&address).await?.command(&[b"PING"]).await
    }

    #[tokio::test]
    async fn answers() {
        assert_eq!(answer(b"+PONG\r\n").await, Ok(Value::Status(String::from("PONG"))));
        assert_eq!(answer(b":-7\r\n").await, Ok(Value::Integer(-7)));
        assert_eq!(answer(b"$2\r\n\r\n\r\n").await, Ok(Value::Binary(b"\r\n".to_vec())));
        assert_eq!(answer(b"$-1\r\n").await, Ok(Value::Nil));
        let array = vec![Value::Integer(1), Value::Array(Vec::new()), Value::Nil];
        assert_eq!(answer(b"*3\r\n:1\r\n*0\r\n$-1\r\n").await, Ok(Value::Array(array)));
        assert_eq!(answer(b"-WRONGTYPE no\r\n").await, Err(Failure::Type));
        assert_eq!(answer(b"-ERR no\r\n").await, Err(Failure::Other(String::from("ERR no"))));
        assert!(answer(b"x\r\n").await.is_err());
        assert!(answer(b"").await.is_err());
    }
}
