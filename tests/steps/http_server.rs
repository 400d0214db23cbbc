//! HTTP servers on the loopback that do what a test says, byte for byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// How many arrived before it.
    pub(crate) number: usize,
    /// The method.
    pub(crate) method: String,
    /// What the request asks for, as it is written in its first line.
    pub(crate) target: String,
    /// All headers, each a line, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// A connection.
pub(crate) trait Connection: Read + Write {}

impl<T: Read + Write> Connection for T {}

/// A server; it stops answering with the value.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Seen {
    /// The value of a header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads a request; `None` where the other side closes the connection instead.
    fn read(connection: &mut dyn Connection) -> Option<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if connection.read(&mut byte).ok()? == 0 {
                return None;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        let mut seen = Self { method, target, headers: lines.filter_map(header).collect(), ..Self::default() };
        if seen.header("transfer-encoding") == "chunked" {
            seen.body = chunks(connection)?;
        } else {
            seen.body = vec![0; seen.header("content-length").parse().unwrap_or(0)];
            connection.read_exact(&mut seen.body).ok()?;
        }
        Some(seen)
    }
}

fn chunks(connection: &mut dyn Connection) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\r\n") {
            connection.read_exact(&mut byte).ok()?;
            line.push(byte[0]);
        }
        let length = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).ok()?;
        let mut chunk = vec![0; length + 2];
        connection.read_exact(&mut chunk).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}

impl Server {
    /// Starts a server that does this with each request; it closes the connection behind each answer.
    pub(crate) fn doing(answer: impl Fn(&Seen, &mut dyn Connection) + Send + Sync + 'static) -> Self {
        Self::over(|stream| Some(Box::new(stream)), answer)
    }

    /// The same over connections that are made of TCP streams.
    pub(crate) fn over(
        connect: impl Fn(TcpStream) -> Option<Box<dyn Connection>> + Send + Sync + 'static,
        answer: impl Fn(&Seen, &mut dyn Connection) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (all, answer, connect) = (Arc::clone(&seen), Arc::new(answer), Arc::new(connect));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (all, answer, connect) = (Arc::clone(&all), Arc::clone(&answer), Arc::clone(&connect));
                thread::spawn(move || {
                    let mut connection = connect(stream)?;
                    let mut request = Seen::read(&mut *connection)?;
                    {
                        let mut all = all.lock().expect("nobody panics with it");
                        request.number = all.len();
                        all.push(request.clone());
                    }
                    answer(&request, &mut *connection);
                    Some(())
                });
            }
        });
        Self { address, seen }
    }

    /// Starts a server that gives these answers, the last one again and again.
    pub(crate) fn answering(answers: &[&str]) -> Self {
        let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        Self::doing(move |request, connection| {
            let answer = answers.get(request.number).or(answers.last()).expect("an answer");
            let _ = connection.write_all(answer.as_bytes());
        })
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where it listens, such as `127.0.0.1:4711`.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// A URL of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that arrived.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("nobody panics with it").clone()
    }
}

/// An answer with status 200 and a body.
pub(crate) fn ok(body: &str) -> String {
    answer("200 OK", &[], body)
}

/// An answer with a status, headers and a body.
pub(crate) fn answer(status: &str, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Waits until the other side closes the connection.
pub(crate) fn hold(connection: &mut dyn Connection) {
    let _ = connection.read_to_end(&mut Vec::new());
}
