//! A small real SOAP service, versions 1.1 and 1.2 on one address: a warehouse. It reads XML with a parser of its own and
//! judges requests as strictly as a service should.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use quick_xml::{NsReader, escape::escape, events::Event, name::ResolveResult};
use tokio::{net::TcpListener, task::JoinHandle};

/// The namespace of the warehouse.
pub const WAREHOUSE: &str = "urn:example:warehouse";

const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// One request as the service understood it.
#[derive(Debug, Clone)]
pub struct SoapCall {
    /// Whether the envelope was of version 1.2.
    pub is_12: bool,
    /// The action, without quotes.
    pub action: String,
    /// The operation: the Body's element in the warehouse's namespace.
    pub operation: String,
    /// Texts of elements by their local name, in document order, those of the header included.
    pub texts: Vec<(String, String)>,
    /// Attributes by their name, in document order.
    pub attributes: Vec<(String, String)>,
    /// The HTTP headers.
    pub headers: HeaderMap,
    /// The document as it was sent.
    pub document: String,
}

impl SoapCall {
    /// The texts of the elements of a name.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let named = self.texts.iter().filter(|(key, _)| key == name);
        named.map(|(_, text)| text.as_str()).collect()
    }
}

/// The service.
pub struct SoapService {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<SoapCall>>>,
    task: JoinHandle<()>,
}

impl Drop for SoapService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SoapService {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&calls));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, calls, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it understood, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<SoapCall> {
        self.calls.lock().clone()
    }
}

async fn answer(State(calls): State<Arc<Mutex<Vec<SoapCall>>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let call = match understand(&parts.headers, String::from_utf8(bytes.to_vec()).unwrap()) {
        Ok(call) => call,
        Err(why) => return respond(400, "text/plain", why),
    };
    calls.lock().push(call.clone());
    let number_of_tries = calls
        .lock()
        .iter()
        .filter(|earlier| earlier.headers.get("idempotency-key") == call.headers.get("idempotency-key"))
        .count();
    let text = |name: &str| call.texts(name).first().copied().unwrap_or_default().to_owned();
    match call.operation.as_str() {
        "Reserve" => {
            let lines: String = call
                .texts("quantity")
                .iter()
                .zip(call.attributes.iter().filter(|(name, _)| name == "sku"))
                .map(|(quantity, (_, sku))| {
                    format!(
                        "<w:line sku=\"{}\"><w:quantity>{quantity}</w:quantity></w:line>",
                        escape(sku.as_str())
                    )
                })
                .collect();
            let note = escape(text("note")).into_owned();
            ok(
                &call,
                &format!(
                    "<w:ReserveResponse xmlns:w=\"{WAREHOUSE}\"><w:reservation>R-1</w:reservation>{lines}\
                 <w:note><![CDATA[{}]]></w:note><w:escaped>{note}</w:escaped><w:backorder xsi:nil=\"true\"/><w:remark/></w:ReserveResponse>",
                    text("note")
                ),
            )
        }
        // Says back what it was sent, as a debugging service would.
        "Echo" => ok(
            &call,
            &format!(
                "<w:EchoResponse xmlns:w=\"{WAREHOUSE}\"><w:key>{}</w:key></w:EchoResponse>",
                escape(text("key"))
            ),
        ),
        "Notify" => respond(202, "text/plain", String::new()),
        "Refuse" => fault(&call, "Client", "Sender", &format!("no such article: {}", text("sku"))),
        "Recover" if number_of_tries < 3 => fault(&call, "Server", "Receiver", "the warehouse is closed"),
        "Recover" => ok(&call, &format!("<w:RecoverResponse xmlns:w=\"{WAREHOUSE}\"/>")),
        "Hide" => {
            // A fault under a status that says nothing.
            let mut response = fault(&call, "Client", "Sender", "hidden");
            *response.status_mut() = StatusCode::OK;
            response
        }
        "Attack" => respond(
            200,
            "text/xml",
            format!(
                "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]>\
             <s:Envelope xmlns:s=\"{SOAP_11}\"><s:Body><x>&a;&b;</x></s:Body></s:Envelope>"
            ),
        ),
        _ => fault(&call, "Client", "Sender", "unknown operation"),
    }
}

/// Reads a request; what a real service would not take is refused.
fn understand(headers: &HeaderMap, document: String) -> Result<SoapCall, String> {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    let content_type = header("content-type").to_owned();
    let is_12 = content_type.starts_with("application/soap+xml");
    let action = if is_12 {
        let (_, action) = content_type.split_once("action=\"").unwrap_or(("", "\""));
        action.split('"').next().unwrap_or_default().to_owned()
    } else if content_type.starts_with("text/xml") {
        let quoted = header("soapaction");
        let action = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        action.ok_or("version 1.1 wants a SOAPAction in quotes")?.to_owned()
    } else {
        return Err(format!("unexpected media type {content_type}"));
    };
    if !content_type.contains("charset=utf-8") {
        return Err("no charset".to_owned());
    }
    let mut call = SoapCall {
        is_12,
        action,
        operation: String::new(),
        texts: Vec::new(),
        attributes: Vec::new(),
        headers: headers.clone(),
        document: document.clone(),
    };
    let mut reader = NsReader::from_str(&document);
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                let (namespace, local) = reader.resolver().resolve_element(start.name());
                let local = local.into_inner().to_owned();
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.into_inner().to_owned(),
                    ResolveResult::Unbound => String::new(),
                    ResolveResult::Unknown(prefix) => return Err(format!("undeclared prefix {prefix:?}")),
                };
                if path.is_empty() && (local != "Envelope" || namespace != if is_12 { SOAP_12 } else { SOAP_11 }) {
                    return Err(format!("{local} in {namespace} is not the envelope"));
                }
                if path.len() == 2 && path[1] == "Body" {
                    if namespace != WAREHOUSE {
                        return Err(format!("{local} is in {namespace:?}"));
                    }
                    call.operation.clone_from(&local);
                }
                for attribute in start.attributes() {
                    let attribute = attribute.map_err(|error| error.to_string())?;
                    if attribute.key.as_namespace_binding().is_none() {
                        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
                        let name = attribute.key.into_inner().to_owned();
                        call.attributes.push((name, value.into_owned()));
                    }
                }
                path.push(local);
                text.clear();
            }
            Event::Text(piece) => text.push_str(&piece.xml10_content()),
            Event::CData(piece) => text.push_str(&piece),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(character) => text.push(character),
                None => text.push_str(quick_xml::escape::resolve_predefined_entity(&reference).ok_or("entity")?),
            },
            Event::End(_) => {
                let name = path.pop().ok_or("unbalanced")?;
                call.texts.push((name, std::mem::take(&mut text)));
            }
            Event::Eof => {
                return if call.operation.is_empty() {
                    Err("no operation".to_owned())
                } else {
                    Ok(call)
                };
            }
            _ => {}
        }
    }
}

fn respond(status: u16, content_type: &str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
        .headers_mut()
        .insert("content-type", content_type.parse().unwrap());
    response
}

fn envelope(call: &SoapCall, status: u16, body: &str) -> Response {
    let (namespace, content_type) = if call.is_12 {
        (SOAP_12, "application/soap+xml; charset=utf-8")
    } else {
        (SOAP_11, "text/xml; charset=utf-8")
    };
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope xmlns:s=\"{namespace}\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n  <s:Body>\n    {body}\n  </s:Body>\n</s:Envelope>"
    );
    respond(status, content_type, document)
}

fn ok(call: &SoapCall, body: &str) -> Response {
    envelope(call, 200, body)
}

fn fault(call: &SoapCall, code_11: &str, code_12: &str, reason: &str) -> Response {
    let reason = escape(reason);
    let body = if call.is_12 {
        format!(
            "<s:Fault><s:Code><s:Value>s:{code_12}</s:Value></s:Code>\
             <s:Reason><s:Text xml:lang=\"en\">{reason}</s:Text></s:Reason></s:Fault>"
        )
    } else {
        format!("<s:Fault><faultcode>s:{code_11}</faultcode><faultstring>{reason}</faultstring></s:Fault>")
    };
    envelope(call, 500, &body)
}
