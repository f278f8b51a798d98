//! A real browser without a window: Debian's Chromium, through its driver.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use testkit::free_port;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities};

use crate::support::{Server, tools, wait_until};

/// The file of axe-core that `tests/tools/fetch_axe.py` fetches.
const AXE: &str = "axe-4.14.1.min.js";

/// A browser of a test's own. Dropped, it is closed, with all its processes.
pub struct Browser {
    /// There until the end.
    page: Option<WebDriver>,
    driver: Child,
    /// What it keeps; its processes are known by the name of it.
    profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver leaves its browser running when it ends, so both are ended here.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        end_all_that_name(self.profile.path());
        // The driver has ended, so the session cannot be closed.
        let _ = self.page.take().map(WebDriver::leak);
    }
}

/// Ends every process that has a folder in its command line.
fn end_all_that_name(folder: &Path) {
    let name = folder.as_os_str().as_encoded_bytes();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let number = process.file_name().to_string_lossy().into_owned();
        let Ok(line) = std::fs::read(process.path().join("cmdline")) else { continue };
        if number.parse::<u32>().is_ok() && line.windows(name.len()).any(|part| part == name) {
            // It may have ended by itself in the meantime.
            let _ = Command::new("sh")
                .args(["-c", &format!("kill -KILL {number}")])
                .stderr(Stdio::null())
                .status();
        }
    }
}

impl Browser {
    /// Opens a page.
    pub async fn open(url: &str) -> Self {
        Self::open_with(url, &[]).await
    }

    /// Opens the page of a server, and waits until it knows what there is to be chosen.
    pub async fn open_page(server: &Server) -> Self {
        let browser = Self::open(&server.url).await;
        browser.is_ready().await;
        browser
    }

    /// Opens a page in a browser that is started with more arguments.
    pub async fn open_with(url: &str, arguments: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = command.spawn().expect("chromedriver; scripts/setup test installs it");
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self { page: None, driver, profile };
        let listens = async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        wait_until("the driver to listen", listens).await;
        let mut wanted = ChromeCapabilities::new();
        // Whoever runs the tests may be root, for whom there is no sandbox.
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,1200"] {
            wanted.add_arg(argument).unwrap();
        }
        for argument in arguments {
            wanted.add_arg(argument).unwrap();
        }
        wanted.add_arg(&format!("--user-data-dir={}", browser.profile.path().display())).unwrap();
        let client = testkit::http_client(Duration::from_mins(2));
        let driver = WebDriver::builder(format!("http://127.0.0.1:{port}"), wanted).client(client);
        let page = driver.connect().await.expect("a browser");
        page.goto(url).await.unwrap();
        browser.page = Some(page);
        browser
    }

    fn page(&self) -> &WebDriver {
        self.page.as_ref().expect("there until the end")
    }

    async fn find(&self, selector: &str) -> WebElement {
        self.page().find(By::Css(selector)).await.unwrap()
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.page().refresh().await.unwrap();
    }

    /// What an expression comes to on the page.
    pub async fn value(&self, expression: &str) -> Value {
        self.page().execute(format!("return {expression}"), Vec::new()).await.unwrap().json().clone()
    }

    /// What a script on the page calls `done` with.
    pub async fn run_script(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.page().execute_async(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Waits until an expression comes to what is wanted.
    pub async fn wait_until(&self, expression: &str, wanted: impl Into<Value>) {
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
        let script = "let sum = 0; \
                      new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; }) \
                      .observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 200)";
        self.run_script(script).await.as_f64().unwrap()
    }

    /// What axe-core finds wrong with the page as it is: each rule with the elements that break it.
    pub async fn barriers(&self) -> Vec<String> {
        let axe =
            std::fs::read_to_string(tools().join(AXE)).expect("axe-core; scripts/setup test fetches it");
        self.page().execute(axe, Vec::new()).await.unwrap();
        let run = "axe.run().then((found) => done(found.violations.map((rule) => \
                   `${rule.id}: ${rule.nodes.map((node) => node.html).join(' ')}`)), (error) => done([String(error)]))";
        serde_json::from_value(self.run_script(run).await).unwrap()
    }

    /// The text of an element as it is shown.
    pub async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap()
    }

    pub async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap();
    }

    /// Presses a button of the newest export.
    pub async fn press(&self, label: &str) {
        let button = format!("//ol[@id='exports']/li[1]//*[text()='{label}']");
        self.page().find(By::XPath(button)).await.unwrap().click().await.unwrap();
    }

    /// Chooses in a list, by the value.
    pub async fn choose(&self, selector: &str, value: &str) {
        self.click(&format!("{selector} option[value='{value}']")).await;
    }

    /// Writes into a field in place of what is there.
    pub async fn write(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Waits until the page knows what there is to be chosen.
    pub async fn is_ready(&self) {
        self.wait_until("document.getElementById('fact-events').textContent !== '–'", true).await;
        self.wait_until("document.getElementById('connection').textContent", "Connected").await;
    }
}
