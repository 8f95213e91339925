//! The convention: examples of both directions, what is refused, and that JSON comes back as it went.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn envelope() -> Envelope {
    Envelope {
        version: SoapVersion::V1_1,
        namespaces: vec![("m".into(), "urn:m".into())],
        operation: None,
        header: None,
    }
}

fn written(content: &Value) -> String {
    let text = String::from_utf8(write(&envelope(), None, content).unwrap()).unwrap();
    let (_, body) = text.split_once("<soap:Body>").unwrap();
    body.strip_suffix("</soap:Body></soap:Envelope>").unwrap().to_owned()
}

fn refusal(content: &Value) -> String {
    write(&envelope(), None, content).unwrap_err().to_string()
}

/// The Body of an envelope with this content.
fn body(content: &str) -> Result<Value, String> {
    let text = format!(
        "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsi=\"{XSI}\">\
         <s:Header><x/></s:Header>\n <s:Body>{content}</s:Body>\n</s:Envelope>"
    );
    read_soap(Some("text/xml; charset=utf-8"), text.as_bytes()).map(|answer| answer.body)
}

#[test]
fn json_becomes_xml() {
    for (content, expected) in [
        (json!({"a": "x"}), "<a>x</a>"),
        (json!({"a": ""}), "<a/>"),
        (json!({"a": {}}), "<a/>"),
        (json!({"a": null}), "<a xsi:nil=\"true\"/>"),
        (json!({"a": {"@b": 1, "#text": null}}), "<a b=\"1\" xsi:nil=\"true\"/>"),
        (json!({"a": [1, true, "z"]}), "<a>1</a><a>true</a><a>z</a>"),
        (json!({"a": {"b": [], "c": 1.10}}), "<a><c>1.1</c></a>"),
        (
            json!({"a": {"@id": "7", "@gone": null, "#text": "x"}}),
            "<a id=\"7\">x</a>",
        ),
        (json!({"a": {"#text": "x", "b": "y"}}), "<a>x<b>y</b></a>"),
        (
            json!({"a": {"#cdata": "1 < 2 ]]> 3"}}),
            "<a><![CDATA[1 < 2 ]]]]><![CDATA[> 3]]></a>",
        ),
        (json!({"a": "<&>\"'\r\n"}), "<a>&lt;&amp;&gt;\"'&#13;\n</a>"),
        (
            json!({"a": {"@b": "<&>\"'\r\n\t"}}),
            "<a b=\"&lt;&amp;&gt;&quot;'&#13;&#10;&#9;\"/>",
        ),
        (json!({"m:a": {"m:b": "x"}}), "<m:a><m:b>x</m:b></m:a>"),
        (
            json!({"a": {"@xmlns": "urn:d", "b": "x"}}),
            "<a xmlns=\"urn:d\"><b>x</b></a>",
        ),
        (
            json!({"p:a": {"@xmlns:p": "urn:p", "@p:k": "v"}}),
            "<p:a xmlns:p=\"urn:p\" p:k=\"v\"/>",
        ),
    ] {
        assert_eq!(written(&content), expected, "{content}");
    }
    let precise: Value = serde_json::from_str(r#"{"a": 1.10}"#).unwrap();
    assert_eq!(written(&precise), "<a>1.10</a>", "numbers are written byte for byte");
}

#[test]
fn what_has_no_place_in_xml_is_refused_without_its_value() {
    for (content, part) in [
        (json!({"a b": "secret"}), "not a name"),
        (json!({"1a": "secret"}), "not a name"),
        (json!({"a": {"x><y": "secret"}}), "not a name"),
        (json!({"a": {"@b c": "secret"}}), "not a name"),
        (json!({"p:a": "secret"}), "namespaces"),
        (json!({"a": [["secret"]]}), "list directly inside a list"),
        (json!({"a": {"@b": ["secret"]}}), "scalar"),
        (json!({"a": {"#text": null, "b": "secret"}}), "null"),
        (json!({"a": "secret\u{0}"}), "control character"),
        (json!({"a": {"#cdata": "secret\u{b}"}}), "control character"),
        (json!({"a": 1, "b": 2}), "one member"),
        (json!("secret"), "one member"),
    ] {
        let message = refusal(&content);
        assert!(
            message.contains(part) && !message.contains("secret"),
            "{content}: {message}"
        );
    }
}

#[test]
fn xml_becomes_json() {
    for (content, expected) in [
        ("", Value::Null),
        ("<!-- nothing --> ", Value::Null),
        ("<a/>", json!({"a": ""})),
        ("<a></a>", json!({"a": ""})),
        ("<a>  </a>", json!({"a": "  "})),
        ("<p:a xmlns:p=\"urn:p\"><p:b>1</p:b></p:a>", json!({"a": {"b": "1"}})),
        ("<a xmlns=\"urn:d\">1.10</a>", json!({"a": "1.10"})),
        ("<a xsi:nil=\"true\"/>", json!({"a": null})),
        ("<a xsi:nil=\"1\" k=\"v\"/>", json!({"a": {"@k": "v", "#text": null}})),
        ("<a xsi:nil=\"false\">x</a>", json!({"a": "x"})),
        ("<a nil=\"true\">x</a>", json!({"a": {"@nil": "true", "#text": "x"}})),
        (
            "<a xml:lang=\"en\" xsi:type=\"xsd:int\">1</a>",
            json!({"a": {"@lang": "en", "@type": "xsd:int", "#text": "1"}}),
        ),
        (
            "<a><b>1</b>\n <c/>\n <b>2</b><b k=\"3\"/></a>",
            json!({"a": {"b": ["1", "2", {"@k": "3"}], "c": ""}}),
        ),
        ("<a><![CDATA[<x> & ]]>y</a>", json!({"a": "<x> & y"})),
        ("<a>&lt;&amp;&#65;&#x42;&apos;&quot;&gt;</a>", json!({"a": "<&AB'\">"})),
        ("<a>one<b/>two</a>", json!({"a": {"#text": "onetwo", "b": ""}})),
        ("<a>x\r\ny\rz</a>", json!({"a": "x\ny\nz"})),
        ("<a/><b>2</b>", json!({"a": "", "b": "2"})),
    ] {
        assert_eq!(body(content).unwrap(), expected, "{content}");
    }
}

#[test]
fn hostile_and_broken_answers_are_refused() {
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let many = format!(
        "<a {}/>",
        (0..300).map(|index| format!("k{index}=\"\" ")).collect::<String>()
    );
    for (content, part) in [
        ("<a>&x;</a>", "entity"),
        ("<a b=\"&x;\"/>", "entity"),
        ("<a>", "not well-formed"),
        ("<a></b>", "not well-formed"),
        ("<p:a/>", "prefix"),
        ("<a k=\"1\" k=\"2\"/>", "twice"),
        ("<a>&#0;</a>", "character"),
        ("<a>&#xFFFF;</a>", "character"),
        (deep.as_str(), "deeper"),
        (many.as_str(), "attributes"),
    ] {
        let message = body(content).unwrap_err();
        assert!(message.contains(part), "{content}: {message}");
    }
    for (text, part) in [
        (
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
            "document type",
        ),
        ("<html><body>502</body></html>", "not a SOAP envelope"),
        ("{\"a\": 1}", "text outside"),
        ("<e:Envelope xmlns:e=\"urn:other\"/>", "not a SOAP envelope"),
        (
            "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"/>",
            "no Body",
        ),
        (
            "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body>",
            "middle",
        ),
    ] {
        let message = read_soap(Some("text/xml"), text.as_bytes()).unwrap_err();
        assert!(message.contains(part), "{text}: {message}");
    }
    assert!(read_soap(Some("multipart/related; type=\"text/xml\""), b"--x").is_err());
    assert!(
        read_soap(Some("text/xml; charset=ebcdic"), b"<a/>")
            .unwrap_err()
            .contains("charset")
    );
}

#[test]
fn charsets_and_empty_answers_are_read() {
    assert_eq!(read_soap(None, b" \n").unwrap(), SoapAnswer::default());
    let text =
        "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><a>\u{e4}</a></e:Body></e:Envelope>";
    let latin: Vec<u8> = text
        .chars()
        .map(|character| u8::try_from(u32::from(character)).unwrap())
        .collect();
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let declared = [b"<?xml version='1.0' encoding='ISO-8859-1'?>".as_slice(), &latin].concat();
    for (content_type, bytes) in [
        (None, text.as_bytes()),
        (Some("text/xml; charset=\"ISO-8859-1\""), latin.as_slice()),
        (None, utf16.as_slice()),
        (None, declared.as_slice()),
    ] {
        let answer = read_soap(content_type, bytes).unwrap();
        assert_eq!(answer.body, json!({"a": "\u{e4}"}), "{content_type:?}");
    }
}

#[test]
fn faults_of_both_versions_are_told() {
    let fault = |content: &str, namespace: &str| {
        let text =
            format!("<e:Envelope xmlns:e=\"{namespace}\"><e:Body><e:Fault>{content}</e:Fault></e:Body></e:Envelope>");
        read_soap(None, text.as_bytes()).unwrap().fault.unwrap()
    };
    let of_11 = |code: &str| {
        let content = format!("<faultcode>{code}</faultcode><faultstring xml:lang=\"en\"> no stock </faultstring>");
        fault(&content, SoapVersion::V1_1.namespace())
    };
    let expected = |code: &str, is_final| SoapFault {
        code: code.into(),
        reason: "no stock".into(),
        is_final,
    };
    assert_eq!(of_11("e:Client"), expected("Client", true));
    assert_eq!(
        of_11("e:Client.Authentication"),
        expected("Client.Authentication", true)
    );
    assert_eq!(of_11("e:Server"), expected("Server", false));
    assert_eq!(of_11("1001"), expected("1001", false));
    assert_eq!(of_11("e:MustUnderstand"), expected("MustUnderstand", true));
    let of_12 = |code: &str| {
        let content = format!(
            "<e:Code><e:Value>e:{code}</e:Value><e:Subcode><e:Value>m:Stock</e:Value></e:Subcode></e:Code>\
             <e:Reason><e:Text xml:lang=\"en\">no stock</e:Text><e:Text xml:lang=\"de\">nichts da</e:Text></e:Reason>"
        );
        fault(&content, SoapVersion::V1_2.namespace())
    };
    assert_eq!(of_12("Sender"), expected("Sender/Stock", true));
    assert_eq!(of_12("Receiver"), expected("Receiver/Stock", false));
    assert_eq!(fault("", SoapVersion::V1_2.namespace()).code, "unknown");
    // An element of that name elsewhere is no fault.
    assert_eq!(body("<a><Fault/></a>").unwrap(), json!({"a": {"Fault": ""}}));
}

#[test]
fn settings_and_headers_settle_version_and_action() {
    let parse = |settings: Value, headers: &[(&str, &str)]| {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        SoapSettings::parse(Some(&settings), &headers)
    };
    let settled = |settings: Value, headers: &[(&str, &str)]| {
        let parsed = parse(settings, headers).unwrap();
        (parsed.version, parsed.action)
    };
    assert_eq!(settled(json!(null), &[]), (SoapVersion::V1_1, None));
    assert_eq!(
        settled(json!({"version": "1.2", "action": "urn:a"}), &[]),
        (SoapVersion::V1_2, Some("urn:a".into()))
    );
    let soap12 = ("Content-Type", "application/soap+xml; charset=UTF-8; action=\"urn:b\"");
    assert_eq!(settled(json!({}), &[soap12]), (SoapVersion::V1_2, Some("urn:b".into())));
    let header = ("SOAPAction", "\"urn:c\"");
    assert_eq!(
        settled(json!({"action": "urn:c"}), &[header]),
        (SoapVersion::V1_1, Some("urn:c".into()))
    );
    for (settings, headers, pointer) in [
        (json!({"version": "1.3"}), vec![], "/soap/version"),
        (json!({"action": "{input.a}"}), vec![], "/soap/action"),
        (json!({"operation": "a b"}), vec![], "/soap/operation"),
        (json!({"operation": "m:Add"}), vec![], "/soap/operation"),
        (json!({"namespaces": {"1": "urn:x"}}), vec![], "/soap/namespaces/1"),
        (json!({"namespaces": {"m": ""}}), vec![], "/soap/namespaces/m"),
        (
            json!({"namespaces": {"soap": "urn:x"}}),
            vec![],
            "/soap/namespaces/soap",
        ),
        (json!({"header": []}), vec![], "/soap/header"),
        (json!({"style": "rpc"}), vec![], "/soap/style"),
        (json!({"version": "1.1"}), vec![soap12], "/headers/Content-Type"),
        (
            json!({}),
            vec![("content-type", "application/json")],
            "/headers/content-type",
        ),
        (json!({"action": "urn:a"}), vec![header], "/headers/SOAPAction"),
        (json!([]), vec![], "/soap"),
    ] {
        let problems = parse(settings.clone(), &headers).unwrap_err();
        assert_eq!(problems[0].pointer, pointer, "{settings}: {problems:?}");
    }
}

/// Text that XML holds; a single blank text beside elements would be lost, so texts here are not blank.
fn text() -> impl Strategy<Value = String> {
    "[ -~\t\n\r\u{a0}-\u{d7ff}\u{10000}-\u{10010}]{0,12}".prop_map(|text| format!("x{text}"))
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z_][A-Za-z0-9_.-]{0,6}"
}

/// The convention's domain: what reads as it was written. Scalars are texts or null, lists have two elements or more,
/// objects hold something besides a text.
fn element() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(Value::String(String::new())),
        "[ \t\n]{1,3}".prop_map(Value::String),
        text().prop_map(Value::String),
        (
            prop::collection::btree_map(name(), text(), 1..3),
            prop::option::of(prop::option::of(text()))
        )
            .prop_map(|(attributes, text)| {
                let mut object = Map::new();
                object.extend(
                    attributes
                        .into_iter()
                        .map(|(name, value)| (format!("@{name}"), Value::String(value))),
                );
                if let Some(text) = text {
                    object.insert("#text".to_owned(), text.map_or(Value::Null, Value::String));
                }
                Value::Object(object)
            }),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let attributes = prop::collection::btree_map(name(), text(), 0..3);
        let child = prop_oneof![inner.clone(), prop::collection::vec(inner, 2..4).prop_map(Value::Array),];
        let children = prop::collection::vec((name(), child), 1..4);
        (attributes, children, prop::option::of((text(), 0..4_usize))).prop_map(|(attributes, children, text)| {
            let mut object = Map::new();
            object.extend(
                attributes
                    .into_iter()
                    .map(|(name, value)| (format!("@{name}"), Value::String(value))),
            );
            for (index, (name, child)) in children.into_iter().enumerate() {
                if let Some((text, place)) = &text
                    && *place == index
                {
                    object.insert("#text".to_owned(), Value::String(text.clone()));
                }
                object.insert(name, child);
            }
            Value::Object(object)
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(name in name(), content in element(), is_12 in any::<bool>()) {
        let version = if is_12 { SoapVersion::V1_2 } else { SoapVersion::V1_1 };
        let envelope = Envelope { version, namespaces: Vec::new(), operation: Some(name.clone()), header: None };
        let bytes = write(&envelope, None, &content).unwrap();
        let answer = read_soap(None, &bytes).unwrap();
        let mut expected = Map::new();
        expected.insert(name, content);
        // The order counts, which equality of maps does not see.
        prop_assert_eq!(answer.body.to_string(), Value::Object(expected).to_string());
    }

    #[test]
    fn nothing_that_is_read_panics(text in "\\PC{0,80}", inside in "[<>/a-c&;#x0-9 =\"'!\\[\\]-]{0,60}") {
        let _ = read_soap(None, text.as_bytes());
        let _ = body(&inside);
    }

    #[test]
    fn whatever_is_written_is_well_formed(key in "\\PC{0,6}", value in "\\PC{0,12}") {
        let content = json!({"a": {key: value}});
        if let Ok(bytes) = write(&envelope(), None, &content) {
            prop_assert!(read_soap(None, &bytes).is_ok(), "{}", String::from_utf8_lossy(&bytes));
        }
    }
}
