//! Request bodies that nobody reads to their end.
//!
//! A server that closes a connection with data unread makes the peer's kernel throw away the answer, and a client that
//! sends all before it reads sees a broken pipe instead of a problem. What is left of a body is therefore read and thrown
//! away, beside the answer and within bounds.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// Bytes of a body that are thrown away at most; the connection is closed on whoever sends more.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Time that is spent on it at most.
const LONGEST: Duration = Duration::from_secs(5);

/// A body whose rest is read when it is dropped.
pub struct Lingering(Option<Incoming>);

impl Lingering {
    /// The request with such a body. Who asks before sending (`Expect`) sends nothing once refused, and is not waited for.
    pub fn request(request: Request<Incoming>) -> Request<axum::body::Body> {
        if request.headers().contains_key(http::header::EXPECT) {
            request.map(axum::body::Body::new)
        } else {
            request.map(|body| axum::body::Body::new(Self(Some(body))))
        }
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let rest = self.0.take().filter(|body| !body.is_end_stream());
        if let (Some(rest), Ok(runtime)) = (rest, tokio::runtime::Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(LONGEST, throw_away(rest)));
        }
    }
}

async fn throw_away(mut rest: Incoming) {
    let mut bytes = 0;
    while let Some(Ok(frame)) = rest.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes > MOST_BYTES {
            tracing::debug!("a body is too long to be read to its end");
            return;
        }
    }
}
