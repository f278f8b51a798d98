//! A real browser without a window, driven over the `WebDriver` protocol of the W3C.
//!
//! These are a dozen calls of JSON over HTTP. The libraries for them ask for features of crates
//! that nearly everything is built on, and would have the PDF engine compiled twice: with them for
//! tests, and without them for the program.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use testkit::free_port;

use crate::support::{tools, until};

/// The key of an element in what a driver answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The file of axe-core that `tests/tools/fetch_axe.py` fetches.
const AXE: &str = "axe-4.14.1.min.js";

/// A browser of a test's own. Dropped, it is closed.
pub struct Browser {
    client: Client,
    session: String,
    driver: Child,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // On this word it takes its browser with it.
        let _ = Command::new("kill").arg(self.driver.id().to_string()).status();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// Opens a page.
    pub async fn open(url: &str) -> Self {
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = command.spawn().expect("chromedriver; scripts/setup test installs it");
        let client = testkit::http_client(Duration::from_mins(2));
        let mut browser = Self { client, session: format!("http://127.0.0.1:{port}"), driver };
        let listens = async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        until("the driver to listen", listens).await;
        // Whoever runs the tests may be root, for whom there is no sandbox.
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,1200"];
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        let session = browser.call(Method::POST, "/session", &wanted).await;
        browser.session = format!("{}/session/{}", browser.session, session["sessionId"].as_str().unwrap());
        browser.call(Method::POST, "/url", &json!({"url": url})).await;
        browser
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.client.request(method, format!("{}{path}", self.session)).json(body);
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{path} {body}: {value}");
        value
    }

    async fn element(&self, using: &str, value: &str) -> String {
        let found = self.call(Method::POST, "/element", &json!({"using": using, "value": value})).await;
        format!("/element/{}", found[ELEMENT].as_str().unwrap())
    }

    async fn found(&self, selector: &str) -> String {
        self.element("css selector", selector).await
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.call(Method::POST, "/refresh", &json!({})).await;
    }

    /// What an expression comes to on the page.
    pub async fn value(&self, expression: &str) -> Value {
        let script = json!({"script": format!("return {expression}"), "args": []});
        self.call(Method::POST, "/execute/sync", &script).await
    }

    /// Waits until an expression comes to what is wanted.
    pub async fn until(&self, expression: &str, wanted: impl Into<Value>) {
        let (wanted, begun) = (wanted.into(), Instant::now());
        let mut last = Value::Null;
        while begun.elapsed() < Duration::from_mins(1) {
            last = self.value(expression).await;
            if last == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("waited a minute for {expression} to be {wanted}; it is {last}");
    }

    /// How far things have moved by themselves since the page was opened (cumulative layout shift).
    pub async fn shift(&self) -> f64 {
        let script = "const done = arguments[arguments.length - 1]; let sum = 0; \
                      new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; }) \
                      .observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 200)";
        let moved = self.call(Method::POST, "/execute/async", &json!({"script": script, "args": []})).await;
        moved.as_f64().unwrap()
    }

    /// What axe-core finds wrong with the page as it is: each rule with the elements that break it.
    pub async fn barriers(&self) -> Vec<String> {
        let script =
            std::fs::read_to_string(tools().join(AXE)).expect("axe-core; scripts/setup test fetches it");
        self.call(Method::POST, "/execute/sync", &json!({"script": script, "args": []})).await;
        let run = "const done = arguments[arguments.length - 1]; axe.run().then((found) => done(found.violations), \
                   (error) => done([{id: String(error), nodes: []}]))";
        let found = self.call(Method::POST, "/execute/async", &json!({"script": run, "args": []})).await;
        let broken = found.as_array().unwrap().iter();
        broken
            .map(|rule| {
                format!(
                    "{}: {}",
                    rule["id"],
                    rule["nodes"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|n| n["html"].to_string())
                        .collect::<String>()
                )
            })
            .collect()
    }

    /// The text of an element as it is shown.
    pub async fn text(&self, selector: &str) -> String {
        let element = self.found(selector).await;
        let request = self.client.get(format!("{}{element}/text", self.session));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["value"].as_str().unwrap().to_owned()
    }

    pub async fn click(&self, selector: &str) {
        let element = self.found(selector).await;
        self.call(Method::POST, &format!("{element}/click"), &json!({})).await;
    }

    /// Presses a button of the newest export.
    pub async fn press(&self, label: &str) {
        let button = format!("//ol[@id='exports']/li[1]//*[text()='{label}']");
        let element = self.element("xpath", &button).await;
        self.call(Method::POST, &format!("{element}/click"), &json!({})).await;
    }

    /// Chooses in a list, by the value.
    pub async fn choose(&self, selector: &str, value: &str) {
        self.click(&format!("{selector} option[value='{value}']")).await;
    }

    /// Writes into a field in place of what is there.
    pub async fn write(&self, selector: &str, text: &str) {
        let element = self.found(selector).await;
        self.call(Method::POST, &format!("{element}/clear"), &json!({})).await;
        self.call(Method::POST, &format!("{element}/value"), &json!({"text": text})).await;
    }

    /// Waits until the page knows what there is to be chosen.
    pub async fn is_ready(&self) {
        self.until("document.getElementById('fact-events').textContent !== '–'", true).await;
        self.until("document.getElementById('connection').textContent", "Connected").await;
    }
}
