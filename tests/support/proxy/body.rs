//! The body of an answer on its way to the controller, and what happens to it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use serde_json::Value;
use tokio::sync::{broadcast, mpsc};

use super::fault::{Action, Match};
use super::request::Request;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;
type Sender = mpsc::Sender<io::Result<Frame<Bytes>>>;

/// What happens to watches that are open.
#[derive(Clone)]
pub(super) struct Command {
    pub(super) hits: Match,
    pub(super) order: Order,
}

#[derive(Clone)]
pub(super) enum Order {
    /// This line comes next.
    Inject(Bytes),
    /// Nothing more comes, and the connection stays.
    Freeze,
    /// It ends, as when its time is over.
    End,
    /// The connection breaks.
    Cut,
}

pub(super) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Sends an answer's body on, with what `action` does to it.
pub(super) fn forward(
    upstream: Incoming,
    action: Option<Action>,
    request: Request,
    commands: broadcast::Receiver<Command>,
) -> Body {
    let (sender, receiver) = mpsc::channel(1);
    let pump = Pump { sender, action, request, sent: 0, lines: 0, partial: Vec::new() };
    tokio::spawn(pump.run(upstream, commands));
    let frames = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|frame| (frame, receiver))
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Why a body goes no further.
enum Stop {
    /// It is complete, or the controller has gone.
    End,
    /// The connection breaks.
    Cut,
    /// Nothing more comes.
    Stall,
}

struct Pump {
    sender: Sender,
    action: Option<Action>,
    request: Request,
    sent: usize,
    lines: usize,
    partial: Vec<u8>,
}

impl Pump {
    async fn run(mut self, upstream: Incoming, commands: broadcast::Receiver<Command>) {
        match self.forward(upstream, commands).await {
            Stop::End => {}
            Stop::Stall => self.sender.closed().await,
            Stop::Cut => {
                // What was sent has to leave the process before the connection breaks.
                tokio::time::sleep(Duration::from_millis(50)).await;
                drop(self.sender.send(Err(io::Error::other("cut"))).await);
            }
        }
    }

    async fn forward(&mut self, mut upstream: Incoming, mut commands: broadcast::Receiver<Command>) -> Stop {
        if matches!(self.action, Some(Action::StallBody(0))) {
            return Stop::Stall;
        }
        loop {
            let outcome = tokio::select! {
                () = self.sender.closed() => return Stop::End,
                Ok(command) = commands.recv() => self.obey(command).await,
                frame = upstream.frame() => match frame {
                    None => return Stop::End,
                    Some(Err(_)) => return Stop::Cut,
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => self.data(data).await,
                        Err(_) => Ok(()),
                    },
                },
            };
            if let Err(stop) = outcome {
                return stop;
            }
        }
    }

    async fn obey(&mut self, command: Command) -> Result<(), Stop> {
        if !command.hits.matches(&self.request) {
            return Ok(());
        }
        match command.order {
            Order::Inject(line) => self.send(line).await,
            Order::Freeze => Err(Stop::Stall),
            Order::End => Err(Stop::End),
            Order::Cut => Err(Stop::Cut),
        }
    }

    async fn data(&mut self, data: Bytes) -> Result<(), Stop> {
        match self.action.clone() {
            Some(Action::CutBody(limit)) => self.up_to(data, limit, Stop::Cut).await,
            Some(Action::StallBody(limit)) => self.up_to(data, limit, Stop::Stall).await,
            Some(Action::TruncateLine(lines)) => self.break_line(&data, lines, Stop::Cut).await,
            Some(Action::EndInLine(lines)) => self.break_line(&data, lines, Stop::End).await,
            Some(Action::Chunks(size)) => {
                for start in (0..data.len()).step_by(size) {
                    self.send(data.slice(start..data.len().min(start + size))).await?;
                }
                Ok(())
            }
            Some(Action::RewriteEvents(events)) => {
                for line in self.whole_lines(&data) {
                    for event in events(serde_json::from_slice(&line).unwrap()) {
                        self.send(Bytes::from(format!("{event}\n"))).await?;
                    }
                }
                Ok(())
            }
            _ => self.send(data).await,
        }
    }

    async fn up_to(&mut self, data: Bytes, limit: usize, stop: Stop) -> Result<(), Stop> {
        let room = limit - self.sent;
        if data.len() < room {
            return self.send(data).await;
        }
        self.send(data.slice(..room)).await?;
        Err(stop)
    }

    async fn break_line(&mut self, data: &Bytes, lines: usize, stop: Stop) -> Result<(), Stop> {
        for line in self.whole_lines(data) {
            if self.lines == lines {
                self.send(Bytes::copy_from_slice(&line[..line.len() / 2])).await?;
                return Err(stop);
            }
            self.lines += 1;
            self.send(Bytes::from([line, b"\n".to_vec()].concat())).await?;
        }
        Ok(())
    }

    /// The lines that `data` completes.
    fn whole_lines(&mut self, data: &[u8]) -> Vec<Vec<u8>> {
        self.partial.extend_from_slice(data);
        let mut lines: Vec<Vec<u8>> = self.partial.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        self.partial = lines.pop().unwrap_or_default();
        lines
    }

    async fn send(&mut self, data: Bytes) -> Result<(), Stop> {
        self.sent += data.len();
        self.sender.send(Ok(Frame::data(data))).await.map_err(|_| Stop::End)
    }
}

/// An answer's whole body, changed.
pub(super) async fn rewritten(
    upstream: Incoming,
    change: &Arc<dyn Fn(&mut Value) + Send + Sync>,
) -> io::Result<Body> {
    let bytes = upstream.collect().await.map_err(io::Error::other)?.to_bytes();
    let mut value: Value = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
    change(&mut value);
    Ok(whole(value.to_string()))
}
