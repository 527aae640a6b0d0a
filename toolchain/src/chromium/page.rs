//! The page that runs a program, served on this machine alone, and what it tells.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::sync::watch;

use crate::error::Error;

/// Bytes of one message of the page.
const MESSAGE: usize = 64 << 20;

/// What is served.
pub(super) struct Content {
    pub(super) wasm: Vec<u8>,
    pub(super) wasm_exec: Vec<u8>,
    /// Arguments and environment, as JSON.
    pub(super) given: String,
    /// First part of every path, which nobody else knows.
    pub(super) secret: String,
    /// Most bytes of output that are kept.
    pub(super) most: usize,
}

/// What the page has sent.
#[derive(Clone, Debug, Default)]
pub(super) struct PageOutput {
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Both, in the order in which they were written.
    pub(super) both: String,
    /// It printed more than is kept.
    pub(super) too_much: bool,
    pub(super) end: Option<Ending>,
    /// When the page asked what to run.
    began: Option<Instant>,
}

/// How the program ended: with a code, or by an exception.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ending {
    pub(super) code: Option<i32>,
    pub(super) why: Option<String>,
}

/// A server that ends when it is dropped.
pub(super) struct Server {
    pub(super) url: String,
    output: Arc<Mutex<PageOutput>>,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Serve on a free port of the loopback interface; `on_end` is called when the program has
    /// ended, or printed too much.
    pub(super) fn start(
        content: Content,
        on_end: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Error::Scratch)?;
        listener.set_nonblocking(true).map_err(Error::Scratch)?;
        let address = listener.local_addr().map_err(Error::Scratch)?;
        let url = format!("http://{address}/{}/", content.secret);
        let output = Arc::<Mutex<PageOutput>>::default();
        let (stop, stopped) = watch::channel(false);
        let page = Arc::new(Page {
            content,
            output: Arc::clone(&output),
            on_end: Box::new(on_end),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Scratch)?;
        thread::spawn(move || runtime.block_on(serve(listener, page, stopped)));
        Ok(Self { url, output, stop })
    }

    /// When the program was about to begin.
    pub(super) fn began(&self) -> Option<Instant> {
        lock(&self.output).began
    }

    /// What the page has sent up to now.
    pub(super) fn output(&self) -> PageOutput {
        lock(&self.output).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

fn lock(output: &Mutex<PageOutput>) -> MutexGuard<'_, PageOutput> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, page: Arc<Page>, mut stopped: watch::Receiver<bool>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let page = Arc::clone(&page);
                tokio::spawn(async move {
                    let answer = service_fn(|request| page.answer(request));
                    let http = hyper::server::conn::http1::Builder::new();
                    // A connection that breaks off is the browser's business.
                    let _ = http.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        }
    }
}

struct Page {
    content: Content,
    output: Arc<Mutex<PageOutput>>,
    on_end: Box<dyn Fn() + Send + Sync>,
}

impl Page {
    async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let prefix = format!("/{}/", self.content.secret);
        let path = request.uri().path().strip_prefix(&prefix);
        let path = path.map(str::to_owned);
        let post = request.method() == Method::POST;
        let text = |kind, text: &str| reply(kind, text.as_bytes().to_vec());
        Ok(match (post, path.as_deref()) {
            (false, Some("")) => text("text/html", include_str!("page.html")),
            (false, Some("run.js")) => text("text/javascript", include_str!("run.js")),
            (false, Some("wasm_exec.js")) => {
                reply("text/javascript", self.content.wasm_exec.clone())
            }
            (false, Some("program.wasm")) => reply("application/wasm", self.content.wasm.clone()),
            (false, Some("given")) => {
                lock(&self.output).began = Some(Instant::now());
                text("application/json", &self.content.given)
            }
            (true, Some("said")) => {
                self.append_output(&message(request).await);
                text("text/plain", "")
            }
            (true, Some("end")) => {
                self.ended(&message(request).await);
                text("text/plain", "")
            }
            _ => {
                let mut missing = text("text/plain", "not found");
                *missing.status_mut() = StatusCode::NOT_FOUND;
                missing
            }
        })
    }

    /// Lines of `[fd, text]`.
    fn append_output(&self, message: &[u8]) {
        let pieces = serde_json::Deserializer::from_slice(message).into_iter::<(u8, String)>();
        let mut output = lock(&self.output);
        for (fd, text) in pieces.map_while(Result::ok) {
            if output.both.len() + text.len() > self.content.most {
                output.too_much = true;
                (self.on_end)();
                return;
            }
            output.both.push_str(&text);
            let stream = if fd == 1 {
                &mut output.stdout
            } else {
                &mut output.stderr
            };
            stream.push_str(&text);
        }
    }

    fn ended(&self, message: &[u8]) {
        lock(&self.output).end = serde_json::from_slice(message).ok();
        (self.on_end)();
    }
}

async fn message(request: Request<Incoming>) -> Vec<u8> {
    let body = Limited::new(request.into_body(), MESSAGE).collect().await;
    body.map(|body| body.to_bytes().to_vec())
        .unwrap_or_default()
}

fn reply(kind: &'static str, bytes: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    let kind = hyper::header::HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
